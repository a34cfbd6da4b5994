/**
 * What ingest counts beside the evidence, in its own transaction: the places it holds, and detections by camera and hour.
 * Rule: a count is never more than what is committed with it, and a repeat changes nothing.
 */
import type { Queryable } from "@chaverim/db/open";
import type { Fresh } from "./batch.ts";

const HOUR_MS = 3_600_000;
/**
 * Ranges of an epoch: a collector has a handful, a script that numbers by the clock one for each detection. Above the first number
 * the lowest are forgotten down to the second: nothing is said or judged below the lowest that is known.
 */
const RANGES = { most: 2000, kept: 1000 };
/** A collector begins one when its buffer is rebuilt; of more than these the ones heard of last are known. */
const EPOCHS_MAX = 100;

/** Notes which of a collector's numbers central holds, whether as fact or in quarantine. */
export const noteReceived = async (
  sql: Queryable,
  collectorId: string,
  places: readonly { epoch: number; seq: number | null }[],
): Promise<void> => {
  const numbered = places.filter(({ seq }) => seq !== null);
  if (numbered.length === 0) return;
  const noted = await sql<{ epoch: number; isNew: boolean; ranges: number }[]>`
    insert into collector_received (collector_id, epoch, seqs)
    select ${collectorId}, r.epoch, range_agg(int8range(r.seq, r.seq, '[]'))
    from unnest(${numbered.map(({ epoch }) => epoch)}::bigint[], ${numbered.map(({ seq }) => seq)}::bigint[]) r(epoch, seq)
    group by r.epoch
    on conflict (collector_id, epoch) do update set seqs = collector_received.seqs + excluded.seqs, updated_at = now()
    where not collector_received.seqs @> excluded.seqs
    returning epoch::float8 as epoch, xmax = 0 as "isNew", (select count(*)::int from unnest(seqs)) as ranges`;
  for (const { epoch } of noted.filter(({ ranges }) => ranges > RANGES.most))
    await sql`
      update collector_received r set seqs = (
        select range_agg(seqs) from (select unnest(r.seqs) as seqs order by 1 desc limit ${RANGES.kept}) newest)
      where collector_id = ${collectorId} and epoch = ${epoch}`;
  if (noted.some(({ isNew }) => isNew))
    await sql`
      delete from collector_received where collector_id = ${collectorId} and epoch in (
        select epoch from collector_received where collector_id = ${collectorId}
        order by updated_at desc, epoch desc offset ${EPOCHS_MAX})`;
};

/** Notes at each camera when it last saw something, and how much in which hour; a test is nothing that it saw. */
export const noteCameras = (sql: Queryable, stored: readonly Fresh[]): Promise<unknown> => {
  const fresh = stored.filter(({ isTest }) => !isTest);
  if (fresh.length === 0) return Promise.resolve();
  const newest = [...Map.groupBy(fresh, ({ camera }) => camera.id)].map(([id, seen]) => ({
    id,
    at: new Date(Math.max(...seen.map(({ detectedAt }) => detectedAt.getTime()))),
  }));
  const hourOf = ({ detectedAt }: Fresh) => Math.floor(detectedAt.getTime() / HOUR_MS) * HOUR_MS;
  const hours = [...Map.groupBy(fresh, (one) => `${one.camera.id} ${hourOf(one)}`).values()].flatMap((seen) =>
    seen.slice(0, 1).map((one) => ({ id: one.camera.id, hour: new Date(hourOf(one)), count: seen.length })),
  );
  return sql`
    with counted as (
      insert into camera_hours (camera_id, hour, detections)
      select r.id, r.hour, r.count from jsonb_to_recordset(${JSON.stringify(hours)}::text::jsonb) as r(id uuid, hour timestamptz, count int)
      on conflict (camera_id, hour) do update set detections = camera_hours.detections + excluded.detections)
    update cameras c set last_detection_at = greatest(c.last_detection_at, r.at)
    from jsonb_to_recordset(${JSON.stringify(newest)}::text::jsonb) as r(id uuid, at timestamptz) where c.id = r.id`;
};
