/**
 * The OpenAPI 3.1 document of the plain REST part, generated from the schemas of the wire.
 * Rule: whatever it says is what the code checks; nothing is written twice.
 */
import {
  batchResponseSchema,
  commandAckSchema,
  detectionSchema,
  failureSchema,
  heartbeatResponseSchema,
  heartbeatSchema,
} from "@chaverim/contracts";
import * as z from "zod";
import { createDocument } from "zod-openapi";
import { VERSION } from "../version.ts";

const failure = (description: string) => ({ description, content: { "application/json": { schema: failureSchema } } });

const failures = {
  "400": failure("The body ended early, or is not in the form described here. Send it again."),
  "401": failure("The key is not known, was revoked or has run out. Keep everything."),
  "403": failure("The key is not for this route. Keep everything."),
  "404": failure("There is no such command for this collector."),
  "409": failure("The new key exists already. Make another one."),
  "413": failure("The batch is too large. Split it."),
  "429": failure("Too many batches of this key under way. See Retry-After."),
  "503": failure("The database or the evidence store does not answer. See Retry-After."),
  "507": failure("The disk is full. See Retry-After."),
};

const batchBody = z.object({
  detections: z
    .array(z.union([detectionSchema, z.object({ payload: z.string(), signature: z.string() })]))
    .meta({ description: "JSON array; element n is a detection, or its exact JSON text with a signature." }),
  image_0_full: z
    .string()
    .optional()
    .meta({ format: "binary", description: "Original JPEG of element 0; likewise image_{n}_full." }),
  image_0_crop: z
    .string()
    .optional()
    .meta({ format: "binary", description: "Original JPEG of element 0; likewise image_{n}_crop." }),
});

const signature = z.string().meta({
  description:
    "Ed25519 of the device over DSSE's pre-authentication encoding of the body, type application/vnd.chaverim.heartbeat.v1+json; base64.",
});

/** Generated once; the schemas do not change while the process runs. */
export const openApiDocument: object = createDocument({
  openapi: "3.1.0",
  info: {
    title: "Chaverim ALPR: collectors",
    version: VERSION,
    description: "A collector deletes only on a receipt. No status code means: drop it.",
    license: { name: "MIT", identifier: "MIT" },
  },
  security: [{ collectorKey: [] }],
  components: { securitySchemes: { collectorKey: { type: "apiKey", in: "header", name: "X-API-Key" } } },
  paths: {
    "/api/v1/detections/batch": {
      post: {
        operationId: "sendBatch",
        summary: "Send detections with their images",
        requestBody: { required: true, content: { "multipart/form-data": { schema: batchBody } } },
        responses: {
          "200": {
            description: "One result per detection",
            content: { "application/json": { schema: batchResponseSchema } },
          },
          "202": {
            description: "Not readable; kept in quarantine",
            content: { "application/json": { schema: batchResponseSchema } },
          },
          "400": failures["400"],
          "401": failures["401"],
          "403": failures["403"],
          "413": failures["413"],
          "429": failures["429"],
          "503": failures["503"],
          "507": failures["507"],
        },
      },
    },
    "/api/v1/heartbeat": {
      post: {
        operationId: "sendHeartbeat",
        summary: "Say how the collector is",
        requestParams: { header: z.object({ "X-Signature": signature.optional() }) },
        requestBody: { required: true, content: { "application/json": { schema: heartbeatSchema } } },
        responses: {
          "200": {
            description: "Time, pace, commands, and which of its numbers central holds",
            content: { "application/json": { schema: heartbeatResponseSchema } },
          },
          "400": failures["400"],
          "401": failures["401"],
          "403": failures["403"],
          "503": failures["503"],
        },
      },
    },
    "/api/v1/commands/{commandId}/ack": {
      post: {
        operationId: "acknowledgeCommand",
        summary: "Say what became of a command",
        requestParams: { path: z.object({ commandId: z.uuid() }) },
        requestBody: { required: true, content: { "application/json": { schema: commandAckSchema } } },
        responses: {
          "200": { description: "Noted, now or before", content: { "application/json": { schema: z.object({}) } } },
          "400": failures["400"],
          "401": failures["401"],
          "403": failures["403"],
          "404": failures["404"],
          "409": failures["409"],
          "503": failures["503"],
        },
      },
    },
    "/api/v1/keys": {
      get: {
        operationId: "readKeys",
        summary: "Public keys with which receipts and commands are signed",
        security: [],
        responses: {
          "200": {
            description: "Ed25519 keys, SPKI DER in base64",
            content: {
              "application/json": {
                schema: z.object({ keys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })) }),
              },
            },
          },
        },
      },
    },
    "/api/v1/ping": {
      get: {
        operationId: "ping",
        summary: "Is central there?",
        security: [],
        responses: { "204": { description: "Yes" } },
      },
    },
  },
});
