/**
 * What ingest counts beside the evidence, in its own transaction: the places it holds, and detections by camera and hour.
 * Rule: a count is never more than what is committed with it, and a repeat changes nothing.
 */
import type { Queryable } from "@chaverim/db/open";
import type { Fresh } from "./batch.ts";

const HOUR_MS = 3_600_000;

/** Notes which of a collector's numbers central holds, whether as fact or in quarantine. */
export const noteReceived = (
  sql: Queryable,
  collectorId: string,
  places: readonly { epoch: number; seq: number | null }[],
): Promise<unknown> => {
  const numbered = places.filter(({ seq }) => seq !== null);
  if (numbered.length === 0) return Promise.resolve();
  return sql`
    insert into collector_received (collector_id, epoch, seqs)
    select ${collectorId}, r.epoch, range_agg(int8range(r.seq, r.seq, '[]'))
    from unnest(${numbered.map(({ epoch }) => epoch)}::bigint[], ${numbered.map(({ seq }) => seq)}::bigint[]) r(epoch, seq)
    group by r.epoch
    on conflict (collector_id, epoch) do update set seqs = collector_received.seqs + excluded.seqs, updated_at = now()
    where not collector_received.seqs @> excluded.seqs`;
};

/** Notes at each camera when it last saw something, and how much in which hour. */
export const noteCameras = (sql: Queryable, fresh: readonly Fresh[]): Promise<unknown> => {
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
