/** The PIN of the installed application: what opens it, how many tries there are, and when it is asked for. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LocalDb, openLocalDb } from "./db.ts";
import { LOCK_AFTER_MS, PIN_TRIES, isLockDue, noteUse, readLock, setPin, tryPin } from "./lock.ts";

const NOW = Date.UTC(2026, 10, 22, 20);
let db: LocalDb;
let databases = 0;

beforeEach(async () => {
  db = await openLocalDb(`lock-${++databases}`);
});
afterEach(() => db.close());

test("without a PIN one has to be chosen", async () => {
  expect(await readLock(db, NOW)).toBe("unset");
});

test("it opens after a short pause and is locked after half an hour, whatever was running meanwhile", async () => {
  await setPin(db, "493716", NOW);
  expect(await readLock(db, NOW + LOCK_AFTER_MS - 1)).toBe("open");
  expect(await readLock(db, NOW + LOCK_AFTER_MS)).toBe("locked");
  await noteUse(db, NOW + LOCK_AFTER_MS);
  expect(await readLock(db, NOW + LOCK_AFTER_MS + 1)).toBe("open");
});

test("a clock that is set back does not keep it open", () => {
  expect(isLockDue(NOW, NOW - 3_600_000)).toBe(true);
  expect(isLockDue(NOW, NOW - 1000)).toBe(false);
});

test("neither the PIN nor a fast hash of it is kept, and two devices keep different ones", async () => {
  await setPin(db, "493716", NOW);
  const first = await db.get("lock", "pin");
  await setPin(db, "493716", NOW);
  const second = await db.get("lock", "pin");
  expect(first?.rounds).toBeGreaterThanOrEqual(600_000);
  expect(first?.salt).toHaveLength(16);
  expect(first?.hash).not.toEqual(second?.hash);
});

test("the right PIN opens it and forgets earlier wrong tries", async () => {
  await setPin(db, "493716", NOW);
  expect(await tryPin(db, "000000", NOW)).toEqual({ kind: "wrong", left: PIN_TRIES - 1 });
  expect(await tryPin(db, "493716", NOW)).toEqual({ kind: "right" });
  expect(await tryPin(db, "000000", NOW)).toEqual({ kind: "wrong", left: PIN_TRIES - 1 });
});

test("the fifth wrong try is the last, and the right PIN comes too late", async () => {
  await setPin(db, "493716", NOW);
  const results = [];
  for (let tries = 0; tries < PIN_TRIES; tries++) results.push((await tryPin(db, "000000", NOW)).kind);
  expect(results).toEqual(["wrong", "wrong", "wrong", "wrong", "spent"]);
  expect(await tryPin(db, "493716", NOW)).toEqual({ kind: "spent" });
});

test("tries at the same moment are counted one by one", async () => {
  await setPin(db, "493716", NOW);
  const results = await Promise.all(Array.from({ length: 8 }, () => tryPin(db, "000000", NOW)));
  expect(results.filter(({ kind }) => kind === "wrong")).toHaveLength(PIN_TRIES - 1);
});

test("whoever closes it in the middle of a try is asked again", async () => {
  await setPin(db, "493716", NOW);
  await tryPin(db, "000000", NOW);
  expect(await readLock(db, NOW)).toBe("locked");
});
