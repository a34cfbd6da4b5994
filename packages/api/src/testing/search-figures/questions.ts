/**
 * What is asked, each with the plate that has to be found.
 * Rule: seeded, and made from plates that are in the tables; the mistakes in them are made by another model than the search's,
 * and what the search refuses to look up is counted.
 */
import { type SearchWay, understand } from "@chaverim/contracts";
import { edit, lookAlike, misread } from "./misreading.ts";
import { createRandom, plateOf } from "./traffic.ts";

export type Question = { text: string; way: SearchWay; target: string };
type Random = () => number;
type Make = (plate: string, random: Random) => Omit<Question, "target">;
/** Draws the plate that a question is about. */
export type Target = (random: Random) => string;

/** Of so many draws for each question some must be allowed, or fewer are asked. */
const DRAWS = 20;

/** One or two characters that the witness did not see. */
const withGaps = (plate: string, random: Random): string => {
  const unseen = Math.floor(random() * plate.length);
  const also = random() < 0.5 ? Math.floor(random() * plate.length) : unseen;
  return [...plate].map((character, place) => (place === unseen || place === also ? "?" : character)).join("");
};

/** The little that is allowed: what an index helps with least. */
const VAGUE: readonly ((plate: string, random: Random) => string)[] = [
  (plate) => `${plate.slice(0, 2)}*`,
  (plate) => `*${plate.slice(-2)}`,
  (plate) => `${plate.slice(0, 2)}*${plate.slice(-2)}`,
  (plate, random) => {
    const unseen = 1 + Math.floor(random() * (plate.length - 3));
    return "?".repeat(unseen) + plate.slice(unseen);
  },
];
const vague = (plate: string, random: Random): string =>
  VAGUE[Math.floor(random() * VAGUE.length)]?.(plate, random) ?? plate;

/** Gaps, an end that is not known, or next to nothing. */
const pattern = (plate: string, random: Random): string => {
  const kind = random();
  if (kind < 0.4) return withGaps(plate, random);
  return kind < 0.6 ? `${plate.slice(0, Math.max(4, plate.length - 2))}*` : vague(plate, random);
};

/** Three to five characters from anywhere; one in three times the last three. */
const piece = (plate: string, random: Random): string => {
  if (random() < 1 / 3) return plate.slice(-3);
  const from = Math.floor(random() * (plate.length - 3));
  return plate.slice(from, from + 3 + Math.floor(random() * 3));
};

const KINDS: Readonly<Record<string, Make>> = {
  exact: (plate) => ({ text: plate, way: "exact" }),
  "look-alike": (plate, random) => ({ text: lookAlike(plate, random), way: "look-alike" }),
  wildcard: (plate, random) => ({ text: pattern(plate, random), way: "similar" }),
  substring: (plate, random) => ({ text: piece(plate, random), way: "contains" }),
  fuzzy: (plate, random) => ({ text: misread(plate, random), way: "similar" }),
  "fuzzy, two mistakes": (plate, random) => ({ text: misread(misread(plate, random), random), way: "similar" }),
  harder: (plate, random) => ({ text: edit(edit(plate, random), random), way: "harder" }),
  "wildcard, vague": (plate, random) => ({ text: vague(plate, random), way: "similar" }),
};
export const KIND_NAMES = Object.keys(KINDS);

/** A regular; the busiest ones are asked about more often. */
export const aRegular =
  (regulars: number): Target =>
  (random) =>
    plateOf(Math.floor(regulars * random() ** 1.5));

/**
 * Draws questions of a kind until `count` of them are looked up.
 * @returns with them how many were drawn in all; the others were refused
 */
export const drawQuestions = (
  kind: string,
  count: number,
  target: Target,
  seed: number,
): { questions: Question[]; drawn: number } => {
  const make = KINDS[kind];
  if (!make) throw new Error(`There is no kind of question called ${kind}.`);
  const random = createRandom(seed);
  const questions: Question[] = [];
  let drawn = 0;
  for (; questions.length < count && drawn < count * DRAWS; drawn++) {
    const plate = target(random);
    const question = { ...make(plate, random), target: plate };
    // A witness whose words fit half of all plates is asked for more.
    if (understand(question.text, question.way).kind !== "refused") questions.push(question);
  }
  return { questions, drawn };
};

/** Makes questions of a kind about regulars. @param regulars vehicles that come again */
export const makeQuestions = (kind: string, count: number, regulars: number, seed: number): Question[] =>
  drawQuestions(kind, count, aRegular(regulars), seed).questions;
