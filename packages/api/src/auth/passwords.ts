/**
 * Passwords: argon2id, never more than two at once, and no long queue for them.
 * Rule: an unknown user costs as much time as a wrong password.
 */
import argon2 from "argon2";
import { AppError } from "../failure.ts";

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane; about 64 ms on a small board. */
const PARAMETERS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Two hashes at once: a flood of sign-ins may not take both cores or more than 38 MiB. */
const CONCURRENT = 2;
/** About two seconds of work on a small board; who comes later is told so at once instead of waiting for ever. */
const WAITING_MAX = 50;
/** By then the queue is worked off. */
const RETRY_AFTER_SECONDS = 5;

let running = 0;
const waiting: (() => void)[] = [];

/**
 * Refuses while too many wait; asked also before an attempt is counted, so that a full queue uses up nobody's attempts.
 * @throws AppError too_many
 */
export const assertRoom = (): void => {
  if (waiting.length >= WAITING_MAX)
    throw new AppError("too_many", `Too many people sign in at this moment. Try again in ${RETRY_AFTER_SECONDS} s.`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
};

const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
  assertRoom();
  if (running >= CONCURRENT) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
};

/** One Unicode form (NIST SP 800-63B, 3.1.1.2): keyboards differ in how they compose the same letters. */
const toBytes = (password: string): Buffer => Buffer.from(password.normalize("NFKC"));

/** @returns the encoded hash, parameters and salt included @throws AppError too_many */
export const hashPassword = (password: string): Promise<string> =>
  inTurn(() => argon2.hash(toBytes(password), PARAMETERS));

const dummy = hashPassword("nobody has this password");

/**
 * Checks a password; takes the same time when there is no such user.
 * @param hash the user's, or null for an unknown user
 * @throws AppError too_many
 */
export const verifyPassword = async (hash: string | null, password: string): Promise<boolean> => {
  const fits = await inTurn(async () => argon2.verify(hash ?? (await dummy), toBytes(password)));
  return fits && hash !== null;
};

/** Says whether a stored hash was made with other parameters than today's. */
export const needsRehash = (hash: string): boolean => argon2.needsRehash(hash, PARAMETERS);
