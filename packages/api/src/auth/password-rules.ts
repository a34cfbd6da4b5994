/**
 * Which passwords are taken: long ones that nobody guesses first.
 * Rule: length and a list, no composition rules (NIST SP 800-63B); refused in words that help to choose a better one.
 */
import { readFileSync } from "node:fs";
import { PASSWORD_MAX, PASSWORD_MIN } from "@chaverim/contracts";
import { AppError } from "../failure.ts";

/**
 * The 5,000 most common passwords of twelve or more characters, in small letters: from the ten-million list of
 * OWASP SecLists (Daniel Miessler, Jason Haddix and contributors, CC BY-SA 3.0).
 */
const COMMON: ReadonlySet<string> = new Set(
  readFileSync(new URL("common-passwords.txt", import.meta.url), "utf8")
    .split("\n")
    .filter(Boolean),
);

/** What a year or a full stop is hung onto. */
const bare = (password: string): string => password.toLowerCase().replaceAll(/[^a-z]+$/g, "");

/** Words that somebody who knows the person would try; shorter ones are in too many good passwords. */
const CONTEXT_MIN = 5;

const isRepetition = (password: string): boolean => /^(.{1,4})\1+.{0,3}$/s.test(password);

/**
 * Refuses what is too short, too long or guessed first.
 * @param known the person's address and name, the organisation's name
 * @throws AppError invalid
 */
export const checkPassword = (typed: string, known: readonly string[]): void => {
  // As it is hashed: letters of another width are the same letters.
  const password = typed.normalize("NFKC");
  const refuse = (why: string): never => {
    throw new AppError("invalid", why);
  };
  if ([...password].length < PASSWORD_MIN) refuse(`A password has at least ${PASSWORD_MIN} characters.`);
  if (typed.length > PASSWORD_MAX) refuse(`A password has at most ${PASSWORD_MAX} characters.`);
  const small = password.toLowerCase();
  if (COMMON.has(small) || COMMON.has(bare(password)) || isRepetition(password))
    refuse("This password is among the first that are tried. Take four words that do not belong together.");
  // Longest first: the whole address goes before the words that it is made of.
  const words = [...known.map((text) => text.normalize("NFKC").toLowerCase()), "chaverim"]
    .flatMap((text) => [text, ...text.split("@"), ...text.split(/[\s@.,_-]+/)])
    .filter((word) => word.length >= CONTEXT_MIN)
    .toSorted((one, other) => other.length - one.length);
  const left = words.reduce((rest, word) => rest.replaceAll(word, ""), small);
  // Years and signs around a name are tried as soon as the name is.
  const own = left === small ? small : left.replaceAll(/^[\d\p{P}\p{S}\s]+|[\d\p{P}\p{S}\s]+$/gu, "");
  if (own.length < PASSWORD_MIN / 2)
    refuse("This password is made of your own name or address. Take four words that do not belong together.");
};
