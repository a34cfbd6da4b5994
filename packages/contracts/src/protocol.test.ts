/**
 * Pins the wire: a schema that changes by accident fails here before a collector in the field notices.
 * Rule: whoever changes a hash below asks whether a collector one version behind still works, and raises
 * PROTOCOL_VERSION when it does not. A new zod may write the same schema differently: then the version stays.
 */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import * as z from "zod/mini";
import { receiptBytes } from "./ingest.ts";
import { PROTOCOL_VERSION, WIRE_SCHEMAS } from "./protocol.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

test("the wire is the one that this version promises", () => {
  const hashes = Object.entries(WIRE_SCHEMAS).map(([name, schema]) => [
    name,
    sha256(JSON.stringify(z.toJSONSchema(schema))),
  ]);
  expect({ version: PROTOCOL_VERSION, ...Object.fromEntries(hashes) }).toEqual({
    batchResponse: "bda73b5aabfa7650cfac9af2578ef594a85b3645457c1b376a9b908cde59f257",
    command: "43c0437a7a2df68da35b6148e82ea373a620e79e47411a22d6e94c8baf5d134f",
    detection: "f3df612196d2bf65e43405ec2be11f4499b9ea04e89913360a05524eb065b7db",
    failure: "794370e505f3e3b9d4417c41735895d32e55792ae92db4bf83b2d1fe73f84d22",
    heartbeat: "05529d963bdf0e6b692cd5ca920290485d3aacc5f004e0ab2db47568f7813710",
    heartbeatResponse: "b189d0d9359846e49cac3bc7e7e4f2b03ecc01ee0c703e1e6a648b5fb7a906b6",
    receipt: "3e0c2230caf37a92af4f7412971e19591b3b54bf0984b4932fffd9b7c904bcf7",
    version: 1,
  });
});

test("central signs exactly these bytes", () => {
  const receipt = {
    collector: "5f0c7b1e-3c1a-4f0e-9a53-1b2c3d4e5f60",
    epoch: 1,
    payload: "ab".repeat(32),
    receivedAt: "2026-11-22T08:00:00.000Z",
    keyId: "k1",
  };
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const lines = ["chaverim-receipt-v1", receipt.collector, "1", "7", receipt.payload, receipt.receivedAt, "k1"];
  expect(text(receiptBytes({ ...receipt, seq: 7 }))).toBe(lines.join("\n"));
  // An unsigned detection has no place in the collector's log, which is not the same as place 0.
  expect(text(receiptBytes({ ...receipt, seq: null }))).toBe(lines.with(3, "-").join("\n"));
});
