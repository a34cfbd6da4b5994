/**
 * POST /api/v1/heartbeat: health up; time, pace, commands and what central holds down.
 * Rule: a heartbeat is answered whatever the load and whoever signed it, because it is how trouble is noticed; of a device that
 * is not the known one nothing is kept but that it was there, and it is given no commands.
 */
import {
  type Heartbeat,
  type HeartbeatResponse,
  type Pace,
  RECEIVED_RANGES_MAX,
  heartbeatSchema,
} from "@chaverim/contracts";
import type { Queryable, Transaction } from "@chaverim/db/open";
import { prettifyError } from "zod";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import { isStorable } from "../storable.ts";
import { findCameras } from "./cameras.ts";
import { hearEpoch } from "./central-epoch.ts";
import { takeCommands } from "./commands.ts";
import { judgeHealth } from "./health.ts";
import { openHealthAlert } from "./health-alerts.ts";
import type { CollectorIdentity } from "./identify.ts";
import { type Speaker, recogniseDevice } from "./recognise-device.ts";

/** Since this version collectors carry out commands. */
const COMMANDS_SINCE = 2;

const readHeartbeat = (text: string): Heartbeat => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new AppError("invalid", "The heartbeat is not JSON.", { cause });
  }
  const parsed = heartbeatSchema.safeParse(body);
  if (!parsed.success) throw new AppError("invalid", prettifyError(parsed.error));
  if (!isStorable(parsed.data))
    throw new AppError("invalid", "The heartbeat holds text that is not valid Unicode, or is nested too deeply.");
  return parsed.data;
};

/** Images that were given up before central had them. What central has acknowledged is no loss. */
const lostImages = (heartbeat: Heartbeat | null): number =>
  (heartbeat?.sacrificed ?? [])
    .filter(({ kind }) => kind !== "acknowledged_images")
    .reduce((sum, { images }) => sum + images, 0);

/** Stores what it says of itself, unless a stranger says it, and says who it is. */
const storeHeartbeat = async (
  transaction: Transaction,
  { id, keyId }: CollectorIdentity,
  heartbeat: Heartbeat,
  said: { text: string; signature: string | null },
): Promise<Speaker> => {
  const [before] = await transaction<{ heartbeat: Heartbeat | null }[]>`
    select heartbeat from collectors where id = ${id} for update`;
  const speaker = await recogniseDevice(transaction, {
    collectorId: id,
    keyId,
    ...said,
    deviceKey: heartbeat.deviceKey ?? null,
  });
  if (speaker === "stranger") return speaker;
  await transaction`
    update collectors set heartbeat = ${JSON.stringify(heartbeat)}::text::jsonb, central_epoch = ${heartbeat.centralEpoch ?? null},
      last_heartbeat_at = now(), last_seen_at = now()
    where id = ${id}`;
  if (lostImages(heartbeat) > lostImages(before?.heartbeat ?? null))
    await openHealthAlert(transaction, id, "sacrificed", {
      at: new Date().toISOString(),
      sacrificed: heartbeat.sacrificed,
    });
  const damagedImages = (of: Heartbeat | null): number => of?.buffer.damagedImages ?? 0;
  if (damagedImages(heartbeat) > damagedImages(before?.heartbeat ?? null))
    await openHealthAlert(transaction, id, "damaged", { at: new Date().toISOString() });
  return speaker;
};

/** The newest numbers of an epoch that central holds of a collector, in ascending ranges. */
const readReceived = async (
  sql: Queryable,
  collectorId: string,
  epoch: number,
): Promise<HeartbeatResponse["received"]> => {
  const newest = await sql<{ from: number; to: number }[]>`
    select lower(seqs)::float8 as "from", (upper(seqs) - 1)::float8 as "to"
    from (select unnest(seqs) as seqs from collector_received where collector_id = ${collectorId} and epoch = ${epoch}) held
    order by lower(seqs) desc limit ${RECEIVED_RANGES_MAX + 1}`;
  return {
    epoch,
    ranges: newest
      .slice(0, RECEIVED_RANGES_MAX)
      .toReversed()
      .map(({ from, to }): [number, number] => [from, to]),
    truncated: newest.length > RECEIVED_RANGES_MAX,
  };
};

/**
 * Stores a heartbeat and answers it.
 * @param said the exact text of the body, foreign, and its signature
 * @param silentSinceMs a silence that began before this is counted from then
 */
export const takeHeartbeat = async (
  { database: { sql }, keys, collectorKeys }: Pick<Central, "database" | "keys" | "collectorKeys">,
  collector: CollectorIdentity,
  said: { text: string; signature: string | null },
  pace: Pace,
  silentSinceMs: number,
): Promise<HeartbeatResponse> => {
  const heartbeat = readHeartbeat(said.text);
  const speaker = await sql.begin((transaction) => storeHeartbeat(transaction, collector, heartbeat, said));
  if (speaker === "new") collectorKeys.forget();
  const isStranger = speaker === "stranger";
  if (!isStranger && heartbeat.cameras.length > 0)
    await findCameras(
      sql,
      collector.id,
      heartbeat.cameras.map(({ cameraId }) => cameraId),
    );
  // Whoever has a key may say anything: only what a device signed that is known by now makes this central an older copy of itself.
  const isSigned = speaker === "known" || speaker === "new";
  const centralEpoch = await hearEpoch(sql, isSigned ? (heartbeat.centralEpoch ?? null) : null);
  const [received, commands] = await Promise.all([
    readReceived(sql, collector.id, heartbeat.epoch),
    !isStranger && heartbeat.protocol >= COMMANDS_SINCE ? takeCommands(sql, keys, collector.id) : [],
    judgeHealth(sql, collector.id, silentSinceMs),
  ]);
  return { serverTime: new Date().toISOString(), pace, commands, collectorId: collector.id, centralEpoch, received };
};
