/**
 * Device cookies (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"): a browser on which somebody signed in
 * before guesses on its own count, so that a stranger who knows the address cannot lock the account for its person. Any
 * other browser is a new device, which the person's others are told of.
 * Rule: it opens nothing and names nobody; it says that this person signed in here before, and since when.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Central } from "../central.ts";
import type { Context } from "../trpc.ts";
import { readCookie, writeCookie } from "./cookies.ts";

/** The moment of the first sign-in, in milliseconds, and 80 random bits: nobody meets another browser's count. */
const TIME_BYTES = 6;
const RANDOM_BYTES = 10;
/** Browsers forget cookies after 400 days anyway; whoever was away longer counts as a new device. */
const MAX_AGE_SECONDS = 365 * 24 * 3600;

const macOf = ({ keys }: Pick<Central, "keys">, userId: string, nonce: string): Buffer =>
  keys.mac("device-cookie", `${userId}.${nonce}`);

const createNonce = (): string => {
  const time = Buffer.alloc(TIME_BYTES);
  time.writeUIntBE(Date.now(), 0, TIME_BYTES);
  return Buffer.concat([time, randomBytes(RANDOM_BYTES)]).toString("base64url");
};

/** The nonce of this browser's cookie when it was made for this person; null otherwise. */
const readNonce = (ctx: Context, userId: string): string | null => {
  const [nonce, mac] = readCookie(ctx.request, "device", ctx.central.origins.secure)?.split(".") ?? [];
  if (!nonce || !mac) return null;
  const given = Buffer.from(mac, "base64url");
  const expected = macOf(ctx.central, userId, nonce);
  return given.length === expected.length && timingSafeEqual(given, expected) ? nonce : null;
};

/** When the person first signed in with this browser; null when they never did. */
export const knownSince = (ctx: Context, userId: string): Date | null => {
  const nonce = readNonce(ctx, userId);
  return nonce === null ? null : new Date(Buffer.from(nonce, "base64url").readUIntBE(0, TIME_BYTES));
};

/**
 * Whose count an attempt goes to.
 * @param account the count of all browsers that are not known for this person
 */
export const guesserOf = (ctx: Context, userId: string | undefined, account: string): string => {
  const nonce = userId === undefined ? null : readNonce(ctx, userId);
  return nonce ? `device:${nonce}` : account;
};

/** Makes this browser known for the person who has just signed in with everything. */
export const rememberDevice = (ctx: Context, response: NonNullable<Context["response"]>, userId: string): void => {
  const nonce = readNonce(ctx, userId) ?? createNonce();
  writeCookie(response, "device", ctx.central.origins.secure, {
    value: `${nonce}.${macOf(ctx.central, userId, nonce).toString("base64url")}`,
    maxAgeSeconds: MAX_AGE_SECONDS,
  });
};
