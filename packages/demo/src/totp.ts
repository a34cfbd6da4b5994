/**
 * The six digits that an authenticator app would show (RFC 6238), so that a newcomer can sign in without one.
 * Rule: for the demo's own accounts alone; the server checks codes with its own implementation.
 */
import { createHmac } from "node:crypto";

/** SHA-1, six digits, 30 seconds: what every authenticator app assumes. */
const STEP_SECONDS = 30;
const DIGITS = 6;
/** RFC 4648, section 6. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Decodes base32 without regard to case, spaces or padding; throws on any other character. */
export const decodeBase32 = (text: string): Buffer => {
  let bits = 0;
  let held = 0;
  const bytes: number[] = [];
  for (const character of text.toUpperCase().replaceAll(/[\s=]/g, "")) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) throw new Error(`${character} is not a base32 character.`);
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
    }
  }
  return Buffer.from(bytes);
};

/** The code for a key at a time. `digits` differs from 6 in the RFC's own examples alone. */
export const totpCode = (key: Uint8Array, atMs: number, digits = DIGITS): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / 1000 / STEP_SECONDS)));
  const digest = createHmac("sha1", key).update(counter).digest();
  // Dynamic truncation, RFC 4226 section 5.3: the last nibble says where the 31 bits are.
  const offset = (digest[digest.length - 1] ?? 0) & 0x0f;
  const number = digest.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, "0");
};

/** Whole seconds for which the code of this moment is still shown, 1..30. */
export const secondsLeft = (atMs: number): number => STEP_SECONDS - (Math.floor(atMs / 1000) % STEP_SECONDS);
