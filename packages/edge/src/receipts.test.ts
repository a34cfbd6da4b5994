/** Receipts and pruning against a real HTTP central with a real key. Rule: anything less than a valid old receipt keeps the row. */
import { generateKeyPairSync } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBuffer } from "./buffer.ts";
import { forgetCentralIfAsked } from "./central-signing-key.ts";
import { createPruner, isReceiptValid } from "./receipts.ts";
import {
  aJpeg,
  aLineTo,
  aPublicKey,
  aReceipt,
  aSighting,
  createFakeClock,
  createTestLog,
  openTestCentral,
  temporaryFolder,
} from "./testing.ts";

const DAY_MS = 86_400_000;
const payload = '{"id":"x","epoch":1,"seq":7}';
const receipt = aReceipt(payload);
const row = { seq: 7, payloadSha256: receipt.payload };

test("a receipt is valid for its own row, epoch and key, and for nothing else", () => {
  const other = generateKeyPairSync("ed25519").publicKey.export({ format: "der", type: "spki" }).toString("base64");
  expect(isReceiptValid(receipt, row, 1, aPublicKey)).toBe(true);
  expect(isReceiptValid(receipt, { ...row, seq: 8 }, 1, aPublicKey)).toBe(false);
  expect(isReceiptValid(receipt, { ...row, payloadSha256: "0".repeat(64) }, 1, aPublicKey)).toBe(false);
  expect(isReceiptValid(receipt, row, 2, aPublicKey)).toBe(false);
  expect(isReceiptValid(receipt, row, 1, other)).toBe(false);
  expect(isReceiptValid(receipt, row, 1, "not a key")).toBe(false);
  expect(isReceiptValid({ ...receipt, receivedAt: "2020-01-01T00:00:00.000Z" }, row, 1, aPublicKey)).toBe(false);
  expect(isReceiptValid({ ...receipt, signature: "AAAA" }, row, 1, aPublicKey)).toBe(false);
});

/** A buffer with rows that were acknowledged by these receipts, each made from the row's payload. */
const openAcknowledged = async (...receipts: ((text: string) => ReturnType<typeof aReceipt>)[]) => {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const clock = createFakeClock();
  const central = stack.use(await openTestCentral());
  const buffer = stack.use(await openBuffer(folder.path, clock));
  for (const make of receipts) {
    const added = await buffer.add(aSighting({ pictures: [{ role: "crop", bytes: aJpeg() }] }));
    const due = buffer.due(1, 0, "metadata")[0];
    if (!due || added.kind !== "stored") throw new Error("a row is due");
    buffer.settle([{ seq: due.seq, kind: "acknowledged", receipt: make(due.payload), missing: [], againAtMs: 0 }]);
  }
  const { log, lines } = createTestLog();
  /** A detection that is acknowledged now. */
  const acknowledgeOne = async (over: Parameters<typeof aReceipt>[1] = {}) => {
    await buffer.add(aSighting());
    const [due] = buffer.due(1, 0, "metadata");
    const receivedAt = new Date(clock.nowMs()).toISOString();
    const receipt = aReceipt(due?.payload ?? "", { receivedAt, ...over });
    buffer.settle([{ seq: due?.seq ?? 0, kind: "acknowledged", receipt, missing: [], againAtMs: 0 }]);
  };
  const prune = () => {
    const pruner = createPruner({ buffer, central: aLineTo(central.url), clock, log });
    return pruner.prune(new AbortController().signal);
  };
  return {
    folder: folder.path,
    log,
    acknowledgeOne,
    buffer,
    central,
    clock,
    lines,
    prune,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
};

test("rows go when their valid receipt is more than 7 days old, and the key is asked for once", async () => {
  await using held = await openAcknowledged(
    (text) => aReceipt(text),
    (text) => aReceipt(text),
  );
  held.clock.advance(6 * DAY_MS);
  await held.acknowledgeOne();
  expect(await held.prune()).toBe(0);
  held.clock.advance(DAY_MS + 2_000);
  await held.acknowledgeOne();
  expect(await held.prune()).toBe(2);
  expect(held.central.requests.map(({ url }) => url)).toEqual(["/api/v1/keys"]);
  expect(held.buffer.prunable(held.clock.nowMs(), 0, 10).map(({ seq }) => seq)).toEqual([3, 4]);
});

test("forged, foreign and recent receipts keep their rows for good", async () => {
  await using held = await openAcknowledged(
    (text) => ({ ...aReceipt(text), signature: aReceipt(payload).signature }),
    () => aReceipt(payload),
    (text) => aReceipt(text, { keyId: "a-key-central-does-not-have" }),
    (text) => aReceipt(text, { receivedAt: "2026-03-20T00:00:00.000Z" }),
    (text) => aReceipt(text),
  );
  held.clock.advance(8 * DAY_MS);
  await held.acknowledgeOne();
  expect(await held.prune()).toBe(1);
  expect(held.buffer.prunable(held.clock.nowMs(), 0, 10).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 6]);
  expect(held.lines).toContainEqual(expect.objectContaining({ level: "warn", rows: 3 }));
});

test("a pinned key is never replaced by what central says later", async () => {
  await using held = await openAcknowledged((text) => aReceipt(text));
  held.buffer.pinMeta("receiptKey:central-2026", "the key that was there first");
  held.buffer.pinMeta("receiptKey:central-2026", aPublicKey);
  held.clock.advance(8 * DAY_MS);
  await held.acknowledgeOne();
  expect(await held.prune()).toBe(0);
});

test("a key that central names after the first contact counts for nothing until the device is told to trust it anew", async () => {
  await using held = await openAcknowledged((text) => aReceipt(text));
  held.buffer.pinMeta("receiptKey:central-2025", "of the central that was there first");
  held.buffer.pinMeta("commandKey", "of the central that was there first");
  held.clock.advance(8 * DAY_MS);
  await held.acknowledgeOne();
  expect([await held.prune(), held.central.requests]).toEqual([0, []]);
  expect(held.lines).toContainEqual(expect.objectContaining({ level: "warn", keyId: "central-2026" }));
  forgetCentralIfAsked(held.folder, held.buffer, held.log);
  expect(await held.prune()).toBe(0);
  await writeFile(join(held.folder, "trust-central-anew"), "");
  held.buffer.setMeta("centralEpoch", "7");
  held.buffer.setMeta("apiKeys", "its own");
  forgetCentralIfAsked(held.folder, held.buffer, held.log);
  expect(["centralEpoch", "commandKey", "receiptKey:central-2025", "apiKeys"].map(held.buffer.getMeta)).toEqual([
    null,
    null,
    null,
    "its own",
  ]);
  expect(await held.prune()).toBe(1);
  expect(held.buffer.getMeta("commandKey")).toBe(aPublicKey);
  expect(await readdir(held.folder)).not.toContain("trust-central-anew");
});

test("no clock cuts the 7 days short: they are counted between receipts that central signed", async () => {
  await using held = await openAcknowledged((text) => aReceipt(text));
  const receivedAt = new Date(held.clock.nowMs() + 60_000).toISOString();
  await held.acknowledgeOne({ receivedAt });
  // Nine days ahead, for an hour or for good.
  held.clock.advance(9 * DAY_MS);
  expect(await held.prune()).toBe(0);
  held.clock.advance(-9 * DAY_MS);
  await held.acknowledgeOne({ receivedAt: new Date(held.clock.nowMs() + 9 * DAY_MS).toISOString() });
  expect(await held.prune()).toBe(0);
});

test("a detection that central keeps unread is kept here as well, without a warning each hour", async () => {
  await using held = await openAcknowledged((text) => aReceipt(text, { epoch: 0, seq: null }));
  held.clock.advance(8 * DAY_MS);
  await held.acknowledgeOne();
  expect([await held.prune(), held.lines]).toEqual([0, []]);
});
