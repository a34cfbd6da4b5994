/**
 * Stores one batch in ONE transaction: payloads, detections, images, dictionary, quarantine and the alert engine's job.
 * Rule: the images are durable before it commits, receipts exist only after it has committed, and a repeat changes nothing.
 */
import {
  type BatchResult,
  TEST_VENDOR,
  type TimedReading,
  isClockSuspect,
  linkDuplicates,
  foldPlate,
  readPlate,
  DUPLICATE_WINDOW_MS,
} from "@chaverim/contracts";
import type { Queryable, Transaction } from "@chaverim/db/open";
import { DETECTIONS_TOPIC, type StoredDetection } from "../alerts/engine.ts";
import type { Central } from "../central.ts";
import { type KnownCamera, findCameras } from "../collectors/cameras.ts";
import { openHealthAlert } from "../collectors/health-alerts.ts";
import { enqueue } from "../jobs.ts";
import type { Batch, Fresh, Good, KnownPayload, Outcome, Sorted } from "./batch.ts";
import { type Link, findBreaks, linkOf, readNeighbours } from "./chain.ts";
import type { StoredIntegrity } from "./check-signatures.ts";
import { quarantine } from "./quarantine.ts";
import { placeOf, toBad } from "./read-batch.ts";
import { toResults } from "./results.ts";
import { noteCameras, noteReceived } from "./tally.ts";

/** Longer than any batch should take; the caller answers 503 and the collector keeps everything. */
const STATEMENT_TIMEOUT_MS = 5000;
/** Two collectors that claim the same ids at the same moment: unique_violation, deadlock_detected. */
const COLLISIONS: ReadonlySet<string | undefined> = new Set(["23505", "40P01"]);
/** After a collision the other's rows are there to be found; each further one needs yet another collector. */
const TRIES = 4;

const readKnown = (sql: Queryable, ids: readonly string[]): Promise<KnownPayload[]> =>
  sql<
    KnownPayload[]
  >`select id, collector_id as "collectorId", payload_sha256 as "payloadSha256", received_at as "receivedAt",
    epoch::float8 as epoch, seq::float8 as seq,
    jsonb_build_array(plate, (extract(epoch from detected_at) * 1000)::bigint, id) as key from evidence_payloads where id = any(${ids as string[]}::uuid[])`;

/** Stored primaries near the readings, for the 30-second rule. */
const readPrimaries = async (sql: Queryable, fresh: readonly Fresh[]): Promise<TimedReading[]> => {
  const read = fresh.filter(({ plate }) => plate !== "");
  if (read.length === 0) return [];
  const rows = await sql<{ id: string; plate: string; cameraId: string; detectedAt: Date }[]>`
    select distinct d.id, d.plate, d.camera_id as "cameraId", d.detected_at as "detectedAt"
    from unnest(${read.map(({ plate }) => plate)}::text[], ${read.map(({ camera }) => camera.id)}::uuid[],
      ${read.map(({ detectedAt }) => detectedAt.toISOString())}::timestamptz[]) near(plate, camera_id, at)
    join detections d on d.plate = near.plate and d.camera_id = near.camera_id and d.duplicate_of is null and not d.retransmitted
      and d.detected_at between near.at - make_interval(secs => ${DUPLICATE_WINDOW_MS / 1000})
      and near.at + make_interval(secs => ${DUPLICATE_WINDOW_MS / 1000})`;
  return rows.map((row) => ({ id: row.id, key: `${row.plate} ${row.cameraId}`, atMs: row.detectedAt.getTime() }));
};

const insertDetections = (
  sql: Queryable,
  batch: Batch,
  fresh: readonly Fresh[],
  duplicates: ReadonlyMap<string, string>,
) => {
  const rows = fresh.map(({ element: { detection, integrity }, plate, camera, detectedAt, suspect, isTest }) => ({
    id: detection.id,
    plate,
    detected_at: detectedAt,
    captured_at: new Date(detection.capturedAt),
    camera_id: camera.id,
    plate_text: detection.plate.text,
    // The column is a `real`, which refuses what is too small for it instead of taking it for 0.
    confidence: typeof detection.plate.confidence === "number" ? Math.fround(detection.plate.confidence) : null,
    region: detection.plate.region ?? null,
    vehicle: detection.vehicle ?? null,
    duplicate_of: duplicates.get(detection.id) ?? null,
    retransmitted: detection.vendor?.retransmitted ?? false,
    clock_suspect: suspect,
    integrity,
    is_test: isTest,
  }));
  return sql`insert into detections (id, plate, detected_at, captured_at, received_at, camera_id, collector_id, plate_text, confidence,
      region, vehicle, duplicate_of, retransmitted, clock_suspect, integrity, is_test)
    select r.id, r.plate, r.detected_at, r.captured_at, ${batch.receivedAt}, r.camera_id, ${batch.collector.id}, r.plate_text, r.confidence,
      r.region, r.vehicle, r.duplicate_of, r.retransmitted, r.clock_suspect, r.integrity, r.is_test
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r(id uuid, plate text, detected_at timestamptz, captured_at timestamptz,
      camera_id uuid, plate_text text, confidence real, region text, vehicle jsonb, duplicate_of uuid, retransmitted boolean, clock_suspect boolean,
      integrity text, is_test boolean)`;
};

const insertPayloads = (sql: Queryable, batch: Batch, fresh: readonly Fresh[]) => sql`
  insert into evidence_payloads (id, collector_id, payload, payload_sha256, signature, epoch, seq, received_at, plate, detected_at)
  select r.id, ${batch.collector.id}, r.payload, decode(r.hash, 'hex'), r.signature, r.epoch, r.seq, ${batch.receivedAt}, r.plate, r.detected_at
  from unnest(${fresh.map(({ element }) => element.detection.id)}::uuid[], ${fresh.map(({ element }) => element.payload)}::text[],
    ${fresh.map(({ element }) => element.payloadSha256.toString("hex"))}::text[], ${fresh.map(({ element }) => element.signature)}::text[],
    ${fresh.map(({ element }) => placeOf(element.detection).epoch)}::bigint[], ${fresh.map(({ element }) => placeOf(element.detection).seq)}::bigint[],
    ${fresh.map(({ plate }) => plate)}::text[], ${fresh.map(({ detectedAt }) => detectedAt.toISOString())}::timestamptz[])
    as r(id, payload, hash, signature, epoch, seq, plate, detected_at)`;

const insertImages = (
  sql: Queryable,
  batch: Batch,
  goods: readonly Good[],
  versions: ReadonlyMap<string, string | null>,
) => {
  const rows = goods.flatMap(({ element, images }) =>
    [...images].map(([role, image]) => ({
      id: element.detection.id,
      role,
      sha256: image.sha256,
      bytes: image.bytes,
      version: versions.get(image.sha256) ?? null,
    })),
  );
  if (rows.length === 0) return Promise.resolve();
  return sql`insert into evidence_images (detection_id, role, sha256, bytes, version_id, received_at)
    select r.id, r.role, decode(r.sha256, 'hex'), r.bytes, r.version, ${batch.receivedAt}
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r(id uuid, role text, sha256 text, bytes int, version text)
    on conflict (detection_id, role) do nothing`;
};

/** Ordered by plate, so that two batches never lock two plates in opposite orders. */
const countPlates = (sql: Queryable, fresh: readonly Fresh[]) => {
  const rows = [
    ...Map.groupBy(
      fresh.filter(({ plate }) => plate !== ""),
      ({ plate }) => plate,
    ),
  ].map(([plate, seen]) => {
    const times = seen.map(({ detectedAt }) => detectedAt.getTime());
    return {
      plate,
      folded: foldPlate(plate),
      first: new Date(Math.min(...times)),
      last: new Date(Math.max(...times)),
      sightings: seen.length,
    };
  });
  if (rows.length === 0) return Promise.resolve();
  return sql`insert into plates (plate, folded, first_seen, last_seen, sightings)
    select r.plate, r.folded, r.first, r.last, r.sightings
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r(plate text, folded text, first timestamptz, last timestamptz, sightings bigint)
    order by r.plate collate "C"
    on conflict (plate) do update set first_seen = least(plates.first_seen, excluded.first_seen),
      last_seen = greatest(plates.last_seen, excluded.last_seen), sightings = plates.sightings + excluded.sightings`;
};

/** Nothing in the batch is this device's word: somebody else has its key, and must not make a dead collector look alive. */
const isStrangers = ({ checked }: Batch): boolean =>
  checked.length > 0 &&
  checked.every((one) => one.kind === "bad" && ["unsigned", "bad_signature"].includes(one.element.reason));

/** Later than what it says already: what comes out of quarantine was received long ago. */
const touchCollector = async (sql: Queryable, batch: Batch): Promise<void> => {
  if (isStrangers(batch)) return;
  await sql`update collectors set last_seen_at = greatest(last_seen_at, ${batch.receivedAt}) where id = ${batch.collector.id}`;
};

const toFresh = ({ element, images }: Good, cameras: ReadonlyMap<string, KnownCamera>, receivedAt: Date): Fresh => {
  const { detection } = element;
  const camera = cameras.get(detection.cameraId);
  if (!camera) throw new Error("a camera that was just made is not there");
  const capturedAt = new Date(detection.capturedAt);
  const suspect = isClockSuspect(capturedAt.getTime(), receivedAt.getTime());
  // A clock that is not believed must not decide where a detection is found: central's own time does.
  return {
    element,
    images,
    camera,
    suspect,
    isTest: detection.vendor?.name === TEST_VENDOR,
    plate: readPlate(detection.plate.text) ?? "",
    detectedAt: suspect ? receivedAt : capturedAt,
  };
};

const toJob = (batch: Batch, fresh: readonly Fresh[], duplicates: ReadonlyMap<string, string>): StoredDetection[] =>
  fresh.map(({ element: { detection }, plate, camera, detectedAt }) => ({
    key: [plate, detectedAt.getTime(), detection.id],
    silent: duplicates.has(detection.id) || (detection.vendor?.retransmitted ?? false),
    approved: camera.approved,
    receivedAtMs: (batch.releasedAt ?? batch.receivedAt).getTime(),
  }));

/** Images that came after their detection: whoever shows it, or an alert on it, learns that they are there. */
const toLateImages = (repeats: Sorted["repeats"], receivedAt: Date): StoredDetection[] =>
  repeats.flatMap(({ known: { key }, images }) =>
    key && images.size > 0
      ? [{ key, silent: true, approved: true, lateImages: true, receivedAtMs: receivedAt.getTime() }]
      : [],
  );

/** Tells new elements from repeats (same id, same bytes) and forks (same id, other bytes). */
const sortElements = (batch: Batch, known: readonly KnownPayload[]): Sorted => {
  const byId = new Map(known.map((payload) => [payload.id, payload]));
  const sorted: Sorted = { fresh: [], repeats: [], bad: [] };
  for (const checked of batch.checked) {
    if (checked.kind === "retransmit") continue;
    if (checked.kind === "bad") {
      sorted.bad.push(checked);
      continue;
    }
    const { element, images } = checked;
    const { detection, payloadSha256 } = element;
    const before = byId.get(detection.id);
    if (!before) {
      const { epoch, seq } = placeOf(detection);
      byId.set(detection.id, {
        id: detection.id,
        collectorId: batch.collector.id,
        payloadSha256,
        receivedAt: batch.receivedAt,
        epoch,
        seq,
        key: null,
      });
      sorted.fresh.push({ element, images });
    } else if (before.collectorId === batch.collector.id && before.payloadSha256.equals(payloadSha256)) {
      sorted.repeats.push({ element, images, known: before });
    } else {
      const detail = "another detection with this id and other bytes is stored already";
      sorted.bad.push({ element: toBad(element, "fork", detail), images });
    }
  }
  return sorted;
};

/** Where the elements say they stand, of those that this batch brings into central's keeping. */
const placesOf = (batch: Batch) =>
  batch.checked.flatMap((checked) => {
    if (checked.kind === "retransmit") return [];
    return [checked.kind === "bad" ? checked.element.place : placeOf(checked.element.detection)];
  });

/** What is stored of the repeats: how they were taken, and which images. */
const readHeld = async (sql: Queryable, repeats: Sorted["repeats"]): Promise<Outcome["held"]> => {
  if (repeats.length === 0) return new Map();
  const rows = await sql<{ id: string; integrity: StoredIntegrity; roles: string[] }[]>`
    select p.id, array(select role from evidence_images i where i.detection_id = p.id) as roles,
      (select integrity from detections d where d.plate = p.plate and d.detected_at = p.detected_at and d.id = p.id) as integrity
    from evidence_payloads p where p.id = any(${repeats.map(({ known }) => known.id)}::uuid[])`;
  return new Map(rows.map(({ id, integrity, roles }) => [id, { integrity, roles: new Set(roles) }]));
};

/** Marks what does not fit the chain, and tells of it. */
const markBreaks = async (
  transaction: Transaction,
  { collector }: Batch,
  goods: readonly Good[],
  stored: readonly Link[],
): Promise<Good[]> => {
  const links = goods.map(({ element }) => linkOf(element));
  const breaks = findBreaks(
    links.filter((link) => link !== null),
    stored,
  );
  const [first] = breaks;
  if (!first) return [...goods];
  await openHealthAlert(transaction, collector.id, "gap", {
    brokenAt: { epoch: first.epoch, seq: first.seq },
    brokenOn: new Date().toISOString(),
  });
  return goods.map((good, index) => {
    const link = links[index];
    // What an administrator released in spite of its signature stays marked as that.
    const isLeft = !link || !breaks.has(link) || good.element.integrity === "bad_signature";
    return isLeft ? good : { ...good, element: { ...good.element, integrity: "gap" as const } };
  });
};

/**
 * Stores within a transaction; the months of what it stores are there already (`ensureMonths`).
 * @throws the driver's unique_violation when another collector stores one of the ids at this moment
 */
export const writeBatch = async (transaction: Transaction, batch: Batch): Promise<Outcome> => {
  const goods = batch.checked.filter((checked) => checked.kind === "good");
  // Sent one behind the other without waiting, here and below: PostgreSQL runs them in this order.
  const [, , known, cameras, neighbours] = await Promise.all([
    // By itself: the time limit counts from the next statement on, and that one waits for the lock.
    transaction`select set_config('statement_timeout', ${String(STATEMENT_TIMEOUT_MS)}, true)`,
    // One batch of a collector at a time: its repeats and its 30-second windows see each other.
    transaction`select pg_advisory_xact_lock(hashtextextended(${batch.collector.id}, 0))`,
    readKnown(
      transaction,
      goods.map(({ element }) => element.detection.id),
    ),
    findCameras(
      transaction,
      batch.collector.id,
      goods.map(({ element }) => element.detection.cameraId),
    ),
    readNeighbours(
      transaction,
      batch.collector.id,
      goods.map(({ element }) => linkOf(element)).filter((link) => link !== null),
    ),
  ]);
  const sorted = sortElements(batch, known);
  const chained = await markBreaks(transaction, batch, sorted.fresh, neighbours);
  const fresh = chained.map((good) => toFresh(good, cameras, batch.receivedAt));
  const primaries = await readPrimaries(transaction, fresh);
  const readings = fresh.filter(({ plate }) => plate !== "");
  const duplicates = linkDuplicates(
    primaries,
    readings.map(({ element, plate, camera, detectedAt }) => ({
      id: element.detection.id,
      // What a camera sends again from its memory is silent: it must not make a live reading silent too.
      key: `${plate} ${camera.id}${element.detection.vendor?.retransmitted ? " retransmitted" : ""}`,
      atMs: detectedAt.getTime(),
    })),
  );
  // While the disk takes the images; nobody else waits for these rows. What follows locks plates and cameras, which others may want.
  const facts =
    fresh.length > 0
      ? [insertPayloads(transaction, batch, fresh), insertDetections(transaction, batch, fresh, duplicates)]
      : [];
  const [versions] = await Promise.all([batch.versions, ...facts]);
  const written: Promise<unknown>[] = [
    insertImages(transaction, batch, [...fresh, ...sorted.repeats], versions),
    touchCollector(transaction, batch),
    noteReceived(transaction, batch.collector.id, placesOf(batch)),
    noteCameras(transaction, fresh),
  ];
  if (fresh.length > 0) written.push(countPlates(transaction, fresh));
  const job = [...toJob(batch, fresh, duplicates), ...toLateImages(sorted.repeats, batch.receivedAt)];
  if (job.length > 0) written.push(enqueue(transaction, DETECTIONS_TOPIC, job));
  await Promise.all(written);
  const quarantined = await quarantine(transaction, { ...batch, versions }, sorted.bad);
  return { ...sorted, fresh, duplicates, held: await readHeld(transaction, sorted.repeats), quarantined };
};

const partitioned = new Set<string>();

/** Late detections may fall into months that nobody made a partition for; each month is made once. */
export const ensureMonths = async (central: Central, batch: Batch): Promise<void> => {
  for (const checked of batch.checked) {
    if (checked.kind !== "good") continue;
    const capturedAt = new Date(checked.element.detection.capturedAt);
    const at = isClockSuspect(capturedAt.getTime(), batch.receivedAt.getTime()) ? batch.receivedAt : capturedAt;
    const month = `${central.config.dataDir} ${at.toISOString().slice(0, 7)}`;
    if (partitioned.has(month)) continue;
    await central.database.sql`select ensure_detection_partitions(${at}, ${at})`;
    partitioned.add(month);
  }
};

/**
 * Stores a batch; its images may still be on their way to the disk.
 * @returns one result per element, in the order of the elements
 */
export const storeBatch = async (central: Central, batch: Batch): Promise<BatchResult[]> => {
  await ensureMonths(central, batch);
  const write = async (tries: number): Promise<Outcome> => {
    try {
      return await central.database.sql.begin((transaction) => writeBatch(transaction, batch));
    } catch (error) {
      if (tries > 1 && COLLISIONS.has((error as { code?: string }).code)) return write(tries - 1);
      throw error;
    }
  };
  const outcome = await write(TRIES);
  for (const { element } of outcome.bad) {
    if (element.reason === "fork")
      central.log.warn({ collector_id: batch.collector.id, detection_id: element.id }, "two detections claim one id");
  }
  return toResults(central.keys, batch, outcome);
};
