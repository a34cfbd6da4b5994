/**
 * POST /api/v1/heartbeat: health up, pace down.
 * Rule: a heartbeat is taken whatever the load, because it is how trouble is noticed.
 */
import { type Heartbeat, type HeartbeatResponse, type Pace, heartbeatSchema } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { prettifyError } from "zod";
import { AppError } from "../failure.ts";
import { isStorable } from "../storable.ts";
import { findCameras } from "./cameras.ts";
import type { CollectorIdentity } from "./identify.ts";

const readHeartbeat = (body: unknown): Heartbeat => {
  const parsed = heartbeatSchema.safeParse(body);
  if (!parsed.success) throw new AppError("invalid", prettifyError(parsed.error));
  if (!isStorable(parsed.data))
    throw new AppError("invalid", "The heartbeat holds text that is not valid Unicode, or is nested too deeply.");
  return parsed.data;
};

/**
 * Stores what a collector says of itself.
 * @param body foreign JSON
 */
export const takeHeartbeat = async (
  sql: Sql,
  collector: CollectorIdentity,
  body: unknown,
  pace: Pace,
): Promise<HeartbeatResponse> => {
  const heartbeat = readHeartbeat(body);
  await sql`update collectors set heartbeat = ${JSON.stringify(heartbeat)}::text::jsonb, last_heartbeat_at = now(), last_seen_at = now()
    where id = ${collector.id}`;
  if (heartbeat.cameras.length > 0)
    await findCameras(
      sql,
      collector.id,
      heartbeat.cameras.map(({ cameraId }) => cameraId),
    );
  return { serverTime: new Date().toISOString(), pace, commands: [] };
};
