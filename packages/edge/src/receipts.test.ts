/** Receipts and pruning against a real HTTP central with a real key. Rule: anything less than a valid old receipt keeps the row. */
import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { openBuffer } from "./buffer.ts";
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
  const prune = (offsetMs: number | null = 0) => {
    const pruner = createPruner({ buffer, central: aLineTo(central.url), clock, offsetMs: () => offsetMs, log });
    return pruner.prune(new AbortController().signal);
  };
  return { buffer, central, clock, lines, prune, [Symbol.asyncDispose]: () => stack.disposeAsync() };
};

test("rows go when their valid receipt is more than 7 days old, and the key is asked for once", async () => {
  await using held = await openAcknowledged(
    (text) => aReceipt(text),
    (text) => aReceipt(text),
  );
  held.clock.advance(6 * DAY_MS);
  expect(await held.prune()).toBe(0);
  held.clock.advance(DAY_MS + 2_000);
  expect(await held.prune()).toBe(2);
  expect(held.central.requests.map(({ url }) => url)).toEqual(["/api/v1/keys"]);
  expect(held.buffer.prunable(held.clock.nowMs(), 0, 10)).toEqual([]);
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
  expect(await held.prune()).toBe(1);
  expect(held.buffer.prunable(held.clock.nowMs(), 0, 10).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect(held.lines).toContainEqual(expect.objectContaining({ level: "warn", rows: 4 }));
});

test("a pinned key is never replaced by what central says later", async () => {
  await using held = await openAcknowledged((text) => aReceipt(text));
  held.buffer.pinMeta("receiptKey:central-2026", "the key that was there first");
  held.buffer.pinMeta("receiptKey:central-2026", aPublicKey);
  held.clock.advance(8 * DAY_MS);
  expect(await held.prune()).toBe(0);
});

test("central is asked for its keys once in a pass, however many rows name one that it does not have", async () => {
  const foreign = (text: string) => aReceipt(text, { keyId: "a-key-central-does-not-have" });
  await using held = await openAcknowledged(foreign, foreign, foreign, (text) => aReceipt(text, { keyId: "another" }));
  held.clock.advance(8 * DAY_MS);
  expect(await held.prune()).toBe(0);
  expect(held.central.requests.map(({ url }) => url)).toEqual(["/api/v1/keys"]);
  await held.prune();
  expect(held.central.requests).toHaveLength(2);
});

test("a device clock that is ahead does not cut the 7 days short, neither before nor after central's time is known", async () => {
  await using held = await openAcknowledged((text) => aReceipt(text));
  held.clock.advance(8 * DAY_MS);
  expect(await held.prune(null)).toBe(0);
  expect(await held.prune(-2 * DAY_MS)).toBe(0);
  expect(await held.prune(0)).toBe(1);
});
