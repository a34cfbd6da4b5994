/**
 * The PIN that the installed application asks for after half an hour without use.
 * Rule: only a salted, slow hash of it is kept; a try is counted before it is checked, and the fifth wrong one is the last.
 */
import type { LocalDb, Pin } from "./db.ts";

/** OWASP's figure for PBKDF2 with HMAC-SHA-256: about half a second on a phone, once in half an hour. */
const ROUNDS = 600_000;
const SALT_BYTES = 16;
const HASH_BITS = 256;
/** Clocks are set back by seconds now and then. */
const CLOCK_NOISE_MS = 60_000;
export const PIN_LENGTH = 6;
/** Wrong tries until everything here is erased: one guess in 200,000. */
export const PIN_TRIES = 5;
/** As long as a browser stays signed in without use. */
export const LOCK_AFTER_MS = 30 * 60_000;

const derive = async (
  digits: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> => {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(digits), "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(
    await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, HASH_BITS),
  );
};

const readPin = (db: LocalDb): Promise<Pin | undefined> => db.get("lock", "pin");

/** Says whether a use so long ago calls for the PIN; a clock that went back does, too. */
export const isLockDue = (usedAtMs: number, nowMs: number): boolean =>
  nowMs - usedAtMs >= LOCK_AFTER_MS || nowMs < usedAtMs - CLOCK_NOISE_MS;

/** How the application opens: with a PIN to be chosen, to be given, or without asking. */
export const readLock = async (db: LocalDb, nowMs: number): Promise<"unset" | "locked" | "open"> => {
  const pin = await readPin(db);
  if (pin === undefined) return "unset";
  // A try that was interrupted is a try: whoever closed the application in the middle is asked again.
  return pin.wrong > 0 || isLockDue(pin.usedAtMs, nowMs) ? "locked" : "open";
};

/** Keeps a new PIN. @param digits six of them */
export const setPin = async (db: LocalDb, digits: string, nowMs: number): Promise<void> => {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const hash = await derive(digits, salt, ROUNDS);
  await db.put("lock", { salt, hash, rounds: ROUNDS, wrong: 0, usedAtMs: nowMs }, "pin");
};

/** Remembers when the application was last used, so that a restart does not open it. */
export const noteUse = async (db: LocalDb, nowMs: number): Promise<void> => {
  const transaction = db.transaction("lock", "readwrite");
  const pin = await transaction.store.get("pin");
  if (pin !== undefined) await transaction.store.put({ ...pin, usedAtMs: nowMs }, "pin");
  await transaction.done;
};

/** Counts a try. @returns the PIN as it is kept; null when there is none or no try is left */
const takeTry = async (db: LocalDb): Promise<Pin | null> => {
  const transaction = db.transaction("lock", "readwrite");
  const pin = await transaction.store.get("pin");
  const counted = pin === undefined || pin.wrong >= PIN_TRIES ? null : { ...pin, wrong: pin.wrong + 1 };
  if (counted !== null) await transaction.store.put(counted, "pin");
  await transaction.done;
  return counted;
};

/** Checks a PIN. @returns how many tries are left when it is wrong; "spent" after the last */
export const tryPin = async (
  db: LocalDb,
  digits: string,
  nowMs: number,
): Promise<{ kind: "right" } | { kind: "wrong"; left: number } | { kind: "spent" }> => {
  const pin = await takeTry(db);
  if (pin === null) return { kind: "spent" };
  const given = await derive(digits, pin.salt, pin.rounds);
  // On this device there is no clock to measure from outside: a plain comparison tells nobody anything.
  if (given.every((byte, place) => byte === pin.hash[place])) {
    await db.put("lock", { ...pin, wrong: 0, usedAtMs: nowMs }, "pin");
    return { kind: "right" };
  }
  return pin.wrong >= PIN_TRIES ? { kind: "spent" } : { kind: "wrong", left: PIN_TRIES - pin.wrong };
};
