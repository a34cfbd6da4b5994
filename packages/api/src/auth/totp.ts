/**
 * Time-based one-time passwords (RFC 6238, SHA-1, 6 digits, 30 s), mandatory for everybody.
 * Rule: a code works once, however many tries arrive at the same moment.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Sql } from "@chaverim/db/open";
import { encodeBase32UpperCaseNoPadding } from "@oslojs/encoding";
import { createTOTPKeyURI, generateHOTP } from "@oslojs/otp";

const STEP_SECONDS = 30;
const DIGITS = 6;
/** One step either way: phones drift, and typing takes time. */
const WINDOW = 1;
const ISSUER = "Chaverim ALPR";

/** 20 bytes, as RFC 4226 recommends for SHA-1. */
export const createTotpSecret = (): Buffer => randomBytes(20);

/** The secret as people type it and as authenticator apps scan it. */
export const describeTotp = (secret: Uint8Array, email: string): { totpSecret: string; totpUri: string } => ({
  totpSecret: encodeBase32UpperCaseNoPadding(secret),
  totpUri: createTOTPKeyURI(ISSUER, email, secret, STEP_SECONDS, DIGITS),
});

/**
 * Finds the step that a code belongs to.
 * @param code as typed; spaces are ignored
 * @returns the step's number, or null when the code fits none in the window
 */
export const matchingStep = (secret: Uint8Array, code: string, nowMs: number): number | null => {
  const typed = Buffer.from(code.replaceAll(/\s/g, ""));
  const current = Math.floor(nowMs / 1000 / STEP_SECONDS);
  let found: number | null = null;
  // Every step of the window is computed, so that timing does not tell how near a guess was.
  for (let step = current - WINDOW; step <= current + WINDOW; step++) {
    const expected = Buffer.from(generateHOTP(secret, BigInt(step), DIGITS));
    if (typed.length === expected.length && timingSafeEqual(typed, expected)) found = step;
  }
  return found;
};

/** Takes a step for a user; false when this step or a later one was already taken. */
export const takeStep = async (sql: Sql, userId: string, step: number): Promise<boolean> => {
  const taken = await sql`update users set totp_last_step = ${step} where id = ${userId} and totp_last_step < ${step}`;
  return taken.count === 1;
};
