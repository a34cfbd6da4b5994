/**
 * The REST routes of collectors beside ingest: heartbeats, and the answers to commands.
 * Rule: the key is asked for before the body is looked at, and a signed body is taken as the exact text that came.
 */
import { type ROUTES, commandAckSchema } from "@chaverim/contracts";
import type { RequestHandler, Response } from "express";
import { prettifyError } from "zod";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import type { PaceKeeper } from "../ingest/pace.ts";
import { isStorable } from "../storable.ts";
import { acknowledgeCommand } from "./commands.ts";
import { takeHeartbeat } from "./heartbeat.ts";
import type { CollectorIdentity } from "./identify.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type CollectorRoute = {
  [Name in keyof typeof ROUTES]: (typeof ROUTES)[Name]["needs"] extends "collector_key" ? Name : never;
}[keyof typeof ROUTES];

const identify = async (
  central: Central,
  route: CollectorRoute,
  from: { key: string | undefined; ip: string | undefined },
  response: Response,
): Promise<CollectorIdentity> => {
  const collector = await central.collectorKeys.identify({
    route,
    key: from.key,
    ip: from.ip ?? "",
    requestId: response.locals["requestId"] as string,
  });
  response.locals["collectorId"] = collector.id;
  return collector;
};

/** Makes the handler of heartbeats; it stands behind a reader of text. */
export const createHeartbeatHandler = (central: Central, pace: PaceKeeper): RequestHandler => {
  const startedAtMs = Date.now();
  return async (request, response) => {
    const from = { key: request.header("x-api-key"), ip: request.ip };
    const collector = await identify(central, "POST /api/v1/heartbeat", from, response);
    if (typeof request.body !== "string") throw new AppError("invalid", "Send the heartbeat as JSON.");
    const said = { text: request.body, signature: request.header("x-signature") ?? null };
    response.json(await takeHeartbeat(central, collector, said, pace.pace(), startedAtMs));
  };
};

/** Makes the handler of answers to commands; it stands behind a reader of JSON. */
export const createAckHandler =
  (central: Central): RequestHandler<{ commandId: string }> =>
  async (request, response) => {
    const from = { key: request.header("x-api-key"), ip: request.ip };
    const collector = await identify(central, "POST /api/v1/commands/:commandId/ack", from, response);
    const parsed = commandAckSchema.safeParse(request.body);
    if (!parsed.success) throw new AppError("invalid", prettifyError(parsed.error));
    if (!isStorable(parsed.data)) throw new AppError("invalid", "The detail holds text that is not valid Unicode.");
    const { commandId } = request.params;
    if (!UUID.test(commandId)) throw new AppError("not_found", "There is no such command for this collector.");
    await acknowledgeCommand(central.database.sql, collector.id, commandId, parsed.data);
    if (parsed.data.newKey) central.collectorKeys.forget();
    response.json({});
  };
