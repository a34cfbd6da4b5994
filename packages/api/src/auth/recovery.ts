/**
 * Recovery codes: ten one-time ways in for whoever lost the authenticator.
 * Rule: shown once, stored as SHA-256 (120 random bits need no salt), and each works once.
 */
import { randomBytes } from "node:crypto";
import { RECOVERY_CODES } from "@chaverim/contracts";
import type { Sql, Transaction } from "@chaverim/db/open";
import { sha256 } from "../keys.ts";

/** Crockford's alphabet: no I, L, O, U, so that a code can be read aloud and typed from paper. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** 24 characters of five bits: 120 bits. */
const LENGTH = 24;
const GROUP = 6;

const createCode = (): string => {
  // One random byte a character; 256 is a multiple of 32, so none is more likely.
  const characters = [...randomBytes(LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
  return characters.match(new RegExp(`.{${GROUP}}`, "g"))?.join("-") ?? characters;
};

/** A code as it is compared: without dashes and spaces, in capitals, look-alikes read as Crockford meant them. */
const normalizeCode = (typed: string): string =>
  typed
    .toUpperCase()
    .replaceAll(/[\s\-–—]/g, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");

/** Makes ten new codes and voids all earlier ones. @returns them in clear, once */
export const createRecoveryCodes = async (transaction: Transaction, userId: string): Promise<string[]> => {
  const codes = Array.from({ length: RECOVERY_CODES }, createCode);
  await transaction`delete from recovery_codes where user_id = ${userId}`;
  const hashes = codes.map((code) => sha256(normalizeCode(code)).toString("hex"));
  await transaction`insert into recovery_codes (code_hash, user_id)
    select decode(hash, 'hex'), ${userId} from unnest(${hashes}::text[]) hash`;
  return codes;
};

/** Takes a code; false when it is none of this person's or was used. */
export const takeRecoveryCode = async (sql: Sql, userId: string, typed: string): Promise<boolean> => {
  const taken = await sql`update recovery_codes set used_at = now()
    where code_hash = ${sha256(normalizeCode(typed))} and user_id = ${userId} and used_at is null`;
  return taken.count === 1;
};
