/**
 * Puts a year of traffic into the tables that search reads, and into a table of readings as comparable systems keep it.
 * Rule: over COPY, as the tables' owner, and analysed as the running server's tables are.
 */
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import type { Sql } from "@chaverim/db/open";
import { type Misreading, seedBeside } from "./beside.ts";
import { CAMERAS, MISREADINGS, type Row, createRandom, regularsOf, traffic } from "./traffic.ts";

/** Rows of one piece of the stream. */
const PIECE = 2000;

const idOf = (number: number): string => `00000000-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;
const COLORS = ["white", "black", "silver", "grey", "blue", "red"];
const MAKES = ["Toyota", "Hyundai", "Kia", "Mazda", "Skoda"];
/** A make of which there is one in a thousand. */
const RARE_MAKE = "Lotus";
const RARE = 997;
const VANS = 7;
const DIRECTIONS = ["forward", "reverse"];
/** What a witness says of a car: common words, two of them, and a rare one. */
export const VEHICLE_WORDS = ["white", "toyota", "red van", RARE_MAKE];
/** Readings that people correct: a few thousand, and not all of them where there are fewer. */
const CORRECTED = 3000;
const CORRECTED_SHARE = 0.3;

const inPieces = function* (rows: Iterable<Row>, toLine: (row: Row, number: number) => string): Generator<string> {
  let piece = "";
  let number = 0;
  for (const row of rows) {
    piece += toLine(row, number++);
    if (number % PIECE === 0) {
      yield piece;
      piece = "";
    }
  }
  yield piece;
};

const copy = async (sql: Sql, statement: string, pieces: Iterable<string>): Promise<void> => {
  const connection = await sql.reserve();
  try {
    await pipeline(Readable.from(pieces), await connection.unsafe(statement).writable());
  } finally {
    connection.release();
  }
};

const makeCameras = async (sql: Sql): Promise<{ collectorId: string; cameraIds: string[] }> => {
  const [collector] = await sql<{ id: string }[]>`insert into collectors (name) values ('Bench') returning id`;
  const cameras = await sql<{ id: string }[]>`
    insert into cameras (collector_id, key, name, area, lat, lon, heading, approved_at)
    select ${collector?.id ?? ""}, 'camera-' || n, 'Camera ' || n, 'Area ' || n % 5, 32 + (n / 8) * 0.01, 34.8 + (n % 8) * 0.01, n * 9, now()
    from generate_series(0, ${CAMERAS - 1}) n order by n returning id`;
  return { collectorId: collector?.id ?? "", cameraIds: cameras.map(({ id }) => id) };
};

const vehicleOf = (number: number): string => {
  const make = number % RARE === 0 ? RARE_MAKE : MAKES[number % MAKES.length];
  const type = number % VANS === 0 ? "van" : "car";
  return `{"make": "${make}", "color": "${COLORS[number % COLORS.length]}", "type": "${type}", "direction": "${DIRECTIONS[number % 2]}"}`;
};

export type Seeded = { detectionsMs: number; besideMs: number; counts: Record<string, number> };

/** Fills detections, the dictionary, and the tables beside them. @returns what it took and the rows of each table */
export const seedTraffic = async (sql: Sql, rows: number, seed: number, endMs: number): Promise<Seeded> => {
  const startedAt = performance.now();
  const { collectorId, cameraIds } = await makeCameras(sql);
  await sql`select ensure_detection_partitions(${new Date(endMs - 400 * 86_400_000)}, ${new Date(endMs + 86_400_000)})`;
  const misreadings: Misreading[] = [];
  const random = createRandom(seed);
  const corrected = Math.min(CORRECTED_SHARE, CORRECTED / (rows * MISREADINGS));
  const toLine = ({ atMs, camera, plate, meant }: Row, number: number): string => {
    const at = new Date(atMs).toISOString();
    const id = idOf(number);
    const cameraId = cameraIds[camera] ?? "";
    if (meant !== undefined && meant !== plate && random() < corrected)
      misreadings.push({ id, observed: plate, meant, atMs, cameraId });
    return `${id}\t${plate}\t${at}\t${at}\t${at}\t${cameraId}\t${collectorId}\t${plate}\t0.9\t${vehicleOf(number)}\tf\tf\tok\n`;
  };
  await copy(
    sql,
    `copy detections (id, plate, detected_at, captured_at, received_at, camera_id, collector_id, plate_text, confidence, vehicle,
      retransmitted, clock_suspect, integrity) from stdin`,
    inPieces(traffic(rows, seed, endMs), toLine),
  );
  await sql`
    insert into plates (plate, folded, first_seen, last_seen, sightings)
    select plate, fold_plate(plate), min(detected_at), max(detected_at), count(*) from detections group by plate`;
  const loadedAt = performance.now();
  const counts = await seedBeside(sql, misreadings, regularsOf(rows), seed);
  // What autovacuum does to a server's tables within minutes.
  await sql.unsafe("vacuum analyze plates").simple();
  await sql.unsafe("vacuum analyze detections").simple();
  return { detectionsMs: loadedAt - startedAt, besideMs: performance.now() - loadedAt, counts };
};

/** A table of readings with an index on the plate and one on the time: what comparable open systems search. */
export const seedPeer = async (sql: Sql, rows: number, seed: number, endMs: number): Promise<void> => {
  await sql`create table peer_reads (id serial primary key, plate_number varchar(20) not null, camera_name varchar(50),
    image_data text, timestamp timestamptz not null, vehicle_description text)`;
  const toLine = ({ atMs, camera, plate }: Row): string =>
    `${plate}\tCamera ${camera}\t${new Date(atMs).toISOString()}\tBench white\n`;
  await copy(
    sql,
    "copy peer_reads (plate_number, camera_name, timestamp, vehicle_description) from stdin",
    inPieces(traffic(rows, seed, endMs), toLine),
  );
  await sql`create table peer_tags (plate_number varchar(20) not null, name varchar(50) not null)`;
  await sql`create index on peer_reads (plate_number)`;
  await sql`create index on peer_reads (timestamp)`;
  await sql.unsafe("vacuum analyze peer_reads").simple();
  await sql.unsafe("vacuum analyze peer_tags").simple();
};
