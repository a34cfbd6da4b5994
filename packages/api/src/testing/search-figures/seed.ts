/**
 * Puts a year of traffic into the tables that search reads, and into a table of readings as comparable systems keep it.
 * Rule: over COPY, as the tables' owner, and analysed as the running server's tables are.
 */
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import type { Sql } from "@chaverim/db/open";
import { CAMERAS, type Row, traffic } from "./traffic.ts";

/** Rows of one piece of the stream. */
const PIECE = 2000;

const idOf = (number: number): string => `00000000-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;
const COLORS = ["white", "black", "silver", "grey", "blue", "red"];
const DIRECTIONS = ["forward", "reverse"];

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

/** Fills detections and the dictionary. */
export const seedTraffic = async (sql: Sql, rows: number, seed: number, endMs: number): Promise<void> => {
  const { collectorId, cameraIds } = await makeCameras(sql);
  await sql`select ensure_detection_partitions(${new Date(endMs - 400 * 86_400_000)}, ${new Date(endMs + 86_400_000)})`;
  const toLine = ({ atMs, camera, plate }: Row, number: number): string => {
    const at = new Date(atMs).toISOString();
    const vehicle = `{"make": "Bench", "color": "${COLORS[number % COLORS.length]}", "direction": "${DIRECTIONS[number % 2]}"}`;
    return `${idOf(number)}\t${plate}\t${at}\t${at}\t${at}\t${cameraIds[camera]}\t${collectorId}\t${plate}\t0.9\t${vehicle}\tf\tf\tok\n`;
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
  // What autovacuum does to a server's tables within minutes.
  await sql.unsafe("vacuum analyze plates").simple();
  await sql.unsafe("vacuum analyze detections").simple();
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
};
