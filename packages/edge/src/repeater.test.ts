/** What is sent again after a restore of central. Rule: every row of every epoch and its pictures, once, however large the buffer is. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBuffer, type DetectionBuffer } from "./buffer.ts";
import { createRepeater } from "./repeater.ts";
import { aJpeg, aReceipt, aSighting, createFakeClock, createTestLog, temporaryFolder, until } from "./testing.ts";

const unsent = (buffer: DetectionBuffer) => buffer.due(1_000_000, 0, "metadata").map(({ seq }) => seq);

const acknowledgeAll = (buffer: DetectionBuffer, over: Parameters<typeof aReceipt>[1] = {}) =>
  buffer.settle(
    buffer.due(1_000_000, 0, "metadata").map(({ seq, payload }) => {
      return { seq, kind: "acknowledged", receipt: aReceipt(payload, over), missing: [], againAtMs: 0 } as const;
    }),
  );

const addMany = (buffer: DetectionBuffer, count: number) =>
  Promise.all(Array.from({ length: count }, () => buffer.add(aSighting())));

test("rows of an earlier epoch and pictures of rows that central still holds are sent again", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  let first = 0;
  {
    await using buffer = await openBuffer(folder.path, clock);
    await buffer.add(aSighting({ pictures: [{ role: "crop", bytes: aJpeg("first epoch") }] }));
    await addMany(buffer, 1);
    first = buffer.epoch;
  }
  await rm(join(folder.path, "buffer.db"));
  await writeFile(join(folder.path, "sidecars", String(first), "0", "2"), "not a sidecar");
  await using buffer = await openBuffer(folder.path, clock);
  await buffer.restored();
  const second = await buffer.add(aSighting({ pictures: [{ role: "full", bytes: aJpeg("second epoch") }] }));
  expect(buffer.epoch).toBeGreaterThan(first);
  const all = unsent(buffer);
  expect(all).toHaveLength(2);
  acknowledgeAll(buffer);
  clock.advance(8 * 86_400_000);
  buffer.doubtAll();
  expect(buffer.prunable(clock.nowMs(), 0, 10)).toEqual([]);
  expect([buffer.repeatNext(), buffer.repeatNext()]).toEqual([2, null]);
  expect(unsent(buffer)).toEqual(all);
  expect(buffer.due(10, 0, "images").map(({ imagesDue }) => imagesDue.map(({ role }) => role))).toEqual([
    ["crop"],
    ["full"],
  ]);
  // What was added after the restore of central, and what it has acknowledged since, goes once.
  expect(second.kind).toBe("stored");
  acknowledgeAll(buffer);
  expect([buffer.repeatNext(), unsent(buffer)]).toEqual([null, []]);
});

test("a large buffer is made due a slice at a time, newest first, and goes on after a restart", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  {
    await using buffer = await openBuffer(folder.path, clock);
    await addMany(buffer, 1_200);
    acknowledgeAll(buffer);
    buffer.doubtAll();
    const slice = buffer.repeatNext() ?? 0;
    expect(slice).toBeLessThan(600);
    expect([unsent(buffer)[0], unsent(buffer).length]).toEqual([1_200, slice]);
    acknowledgeAll(buffer);
  }
  await using buffer = await openBuffer(folder.path, clock);
  const { log, lines } = createTestLog();
  let again = 0;
  const repeater = createRepeater({ buffer, noteAgain: () => again++, log });
  const stop = new AbortController();
  const running = repeater.run(stop.signal);
  await until(() => lines.length === 1);
  expect([unsent(buffer).length, again]).toEqual([700, 2]);
  expect(lines[0]).toMatchObject({ level: "warn", rows: 700 });
  acknowledgeAll(buffer);
  repeater.repeatAll();
  await until(() => lines.length === 2);
  expect(unsent(buffer)).toHaveLength(1_200);
  stop.abort();
  await running;
});

test("a detection that central keeps unread is not asked for again by what it says to hold", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createFakeClock());
  await addMany(buffer, 1);
  acknowledgeAll(buffer, { epoch: 0, seq: null });
  expect(buffer.notHeld(buffer.epoch, [], false)).toBe(0);
  // A restored central may have lost that, too.
  buffer.doubtAll();
  expect(buffer.repeatNext()).toBe(1);
});

test("whatever the device's clock did, only what was acknowledged since central looked is left alone", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  await using buffer = await openBuffer(folder.path, clock);
  await addMany(buffer, 2);
  clock.advance(30 * 86_400_000);
  acknowledgeAll(buffer);
  clock.advance(-30 * 86_400_000);
  await addMany(buffer, 1);
  using acknowledged = buffer.watchAcknowledged();
  acknowledgeAll(buffer);
  expect(buffer.notHeld(buffer.epoch, [], false, acknowledged.seqs)).toBe(2);
  expect(unsent(buffer)).toEqual([2, 1]);
});
