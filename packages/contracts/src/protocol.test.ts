/**
 * Pins the wire: a schema that changes by accident fails here before a collector in the field notices.
 * Rule: whoever changes a hash below asks whether a collector one version behind still works, and raises
 * PROTOCOL_VERSION when it does not. A new zod may write the same schema differently: then the version stays.
 */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import * as z from "zod/mini";
import { commandText } from "./command.ts";
import { receiptBytes } from "./ingest.ts";
import { PROTOCOL_VERSION, WIRE_SCHEMAS } from "./protocol.ts";
import { signedBytes } from "./signing.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

test("the wire is the one that this version promises", () => {
  const hashes = Object.entries(WIRE_SCHEMAS).map(([name, schema]) => [
    name,
    sha256(JSON.stringify(z.toJSONSchema(schema))),
  ]);
  expect({ version: PROTOCOL_VERSION, ...Object.fromEntries(hashes) }).toEqual({
    batchResponse: "d606f981d9e426b5ae7c2ef878e4401a052558973a187e4677978f0e33c69734",
    command: "43c0437a7a2df68da35b6148e82ea373a620e79e47411a22d6e94c8baf5d134f",
    commandAck: "45faa8d776d564f173932522ef026f6b66344ddfaf7f2098f0df144d7da8f036",
    detection: "f3df612196d2bf65e43405ec2be11f4499b9ea04e89913360a05524eb065b7db",
    failure: "163459013f711660480dad2834b8594094522faaad14639bd6176694fd78644b",
    heartbeat: "7d4e453025d5af1bef354b5a1a336c85bae0c9c54d6d8d47a9ae49fafc864f79",
    heartbeatResponse: "7ca501d7775d71e89ec9db0bf826c98218d062264b5f44fb0dff59571233fe4f",
    receipt: "3e0c2230caf37a92af4f7412971e19591b3b54bf0984b4932fffd9b7c904bcf7",
    version: 2,
  });
});

test("what is signed says of which kind it is, how long it is, and then itself", () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  expect(text(signedBytes("payload", '{"plate":"é"}'))).toBe(
    'DSSEv1 42 application/vnd.chaverim.detection.v1+json 14 {"plate":"é"}',
  );
  const command = {
    id: "5f0c7b1e-3c1a-4f0e-9a53-1b2c3d4e5f60",
    counter: 7,
    notAfter: "2026-11-22T08:00:00.000Z",
    verb: "set_log_level" as const,
    args: { level: "debug" },
  };
  expect(commandText("c1", command)).toBe(
    ["c1", command.id, "7", command.notAfter, "set_log_level", '{"level":"debug"}'].join("\n"),
  );
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
