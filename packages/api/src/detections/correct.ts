/**
 * Correcting what a camera read: a person's word beside the reading.
 * Rule: the reading stays as it is; who corrected it, when and why is kept, and a correction is corrected by another one.
 */
import { foldPlate, normalizePlate } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { AppError } from "../failure.ts";

export type Correction = { detectionId: string; plate: string; reason: string; userId: string };

const SHORTEST = 2;
const LONGEST = 16;

/**
 * Adds a correction, and the corrected plate to the dictionary, so that a search finds it.
 * @throws AppError not_found | invalid
 */
export const correctReading = (sql: Sql, { detectionId, plate, reason, userId }: Correction): Promise<void> =>
  sql.begin(async (transaction) => {
    const corrected = normalizePlate(plate);
    if (corrected.length < SHORTEST || corrected.length > LONGEST)
      throw new AppError("invalid", "A plate has 2 to 16 letters (A–Z) and digits.");
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
    if (corrected === detection.plate) return;
    await transaction`
      insert into plates (plate, folded, first_seen, last_seen, sightings)
      values (${corrected}, ${foldPlate(corrected)}, ${detection.detectedAt}, ${detection.detectedAt}, 1)
      on conflict (plate) do update set sightings = plates.sightings + 1,
        first_seen = least(plates.first_seen, excluded.first_seen), last_seen = greatest(plates.last_seen, excluded.last_seen)`;
  });
