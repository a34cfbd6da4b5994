/**
 * Correcting what a camera read: a person's word beside the reading.
 * Rule: the reading stays as it is; who corrected it, when and why is kept, and a correction is corrected by another one.
 */
import { PLATE_LONGEST, PLATE_SHORTEST, foldPlate, normalizePlate } from "@chaverim/contracts";
import type { Sql, Transaction } from "@chaverim/db/open";
import { AppError } from "../failure.ts";
import { detectionsOfPlate } from "./of-plate.ts";

export type Correction = { detectionId: string; plate: string; reason: string; userId: string };

/** Adds a sighting to the dictionary. */
const countIn = (transaction: Transaction, plate: string, at: Date) => transaction`
  insert into plates (plate, folded, first_seen, last_seen, sightings) values (${plate}, ${foldPlate(plate)}, ${at}, ${at}, 1)
  on conflict (plate) do update set sightings = plates.sightings + 1,
    first_seen = least(plates.first_seen, excluded.first_seen), last_seen = greatest(plates.last_seen, excluded.last_seen)`;

/** Takes the sighting of a correction out that stands no more; a plate without any is no hit. */
const countOut = async (transaction: Transaction, plate: string): Promise<void> => {
  // Ingest waits behind this, so that what it has counted is read below.
  await transaction`select 1 from plates where plate = ${plate} for update`;
  const all = detectionsOfPlate(transaction, { plate: transaction`${plate}`, where: transaction`true` });
  await transaction`
    update plates set sightings = plates.sightings - 1, first_seen = coalesce(seen.first, plates.first_seen),
      last_seen = coalesce(seen.last, plates.last_seen)
    from (select min(d.detected_at) as first, max(d.detected_at) as last from (${all}) d) seen where plates.plate = ${plate}`;
};

/**
 * Adds a correction, and the corrected plate to the dictionary, so that a search finds it.
 * @throws AppError not_found | invalid
 */
export const correctReading = (sql: Sql, { detectionId, plate, reason, userId }: Correction): Promise<void> =>
  sql.begin(async (transaction) => {
    const corrected = normalizePlate(plate);
    if (corrected.length < PLATE_SHORTEST || corrected.length > PLATE_LONGEST)
      throw new AppError("invalid", `A plate has ${PLATE_SHORTEST} to ${PLATE_LONGEST} letters (A–Z) and digits.`);
    // Evidence cannot be locked by rows, since nobody may change it: two corrections of one detection wait for each other here.
    await transaction`select pg_advisory_xact_lock(hashtext('chaverim.correction'), hashtext(${detectionId}))`;
    const [detection] = await transaction<{ plate: string; detectedAt: Date; cameraId: string }[]>`
      select d.plate, d.detected_at as "detectedAt", d.camera_id as "cameraId"
      from evidence_payloads p join detections d on d.plate = p.plate and d.detected_at = p.detected_at and d.id = p.id
      where p.id = ${detectionId}`;
    if (!detection) throw new AppError("not_found", "There is no such detection.");
    const [standing] = await transaction<{ corrected: string }[]>`
      select corrected from reading_corrections where detection_id = ${detectionId} order by corrected_at desc, id desc limit 1`;
    if ((standing?.corrected ?? detection.plate) === corrected)
      throw new AppError("invalid", "This is how the reading stands already.");
    await transaction`
      insert into reading_corrections (detection_id, observed, detected_at, camera_id, corrected, reason, corrected_by)
      values (${detectionId}, ${detection.plate}, ${detection.detectedAt}, ${detection.cameraId}, ${corrected}, ${reason}, ${userId})`;
    // In the order of plates, as ingest takes them.
    const changes = [
      ...(standing && standing.corrected !== detection.plate ? [{ plate: standing.corrected, count: countOut }] : []),
      ...(corrected === detection.plate ? [] : [{ plate: corrected, count: countIn }]),
    ];
    for (const { plate: counted, count } of changes.toSorted((a, b) => (a.plate < b.plate ? -1 : 1)))
      await count(transaction, counted, detection.detectedAt);
  });
