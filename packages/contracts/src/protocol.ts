/**
 * The version of the wire and what belongs to it.
 * Rule: a change to any schema listed here changes the pinned hash in protocol.test.ts and, when a collector one
 * version behind would notice, PROTOCOL_VERSION.
 */
import { commandSchema } from "./command.ts";
import { detectionSchema } from "./detection.ts";
import { failureSchema } from "./failure.ts";
import { heartbeatResponseSchema, heartbeatSchema } from "./heartbeat.ts";
import { batchResponseSchema, receiptSchema } from "./ingest.ts";

export const PROTOCOL_VERSION = 1;

export const WIRE_SCHEMAS = {
  detection: detectionSchema,
  batchResponse: batchResponseSchema,
  receipt: receiptSchema,
  heartbeat: heartbeatSchema,
  heartbeatResponse: heartbeatResponseSchema,
  command: commandSchema,
  failure: failureSchema,
} as const;
