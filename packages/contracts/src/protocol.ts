/**
 * The version of the wire and what belongs to it.
 * Rule: a change to any schema listed here changes the pinned hash in protocol.test.ts and, when a collector one
 * version behind would notice, PROTOCOL_VERSION.
 */
import { commandAckSchema, commandSchema } from "./command.ts";
import { detectionSchema } from "./detection.ts";
import { failureSchema } from "./failure.ts";
import { heartbeatResponseSchema, heartbeatSchema } from "./heartbeat.ts";
import { batchResponseSchema, receiptSchema } from "./ingest.ts";

/** 2: signed payloads and heartbeats, lanes, commands, received ranges; a collector of version 1 goes on unsigned. */
export const PROTOCOL_VERSION = 2;

export const WIRE_SCHEMAS = {
  detection: detectionSchema,
  batchResponse: batchResponseSchema,
  receipt: receiptSchema,
  heartbeat: heartbeatSchema,
  heartbeatResponse: heartbeatResponseSchema,
  command: commandSchema,
  commandAck: commandAckSchema,
  failure: failureSchema,
} as const;
