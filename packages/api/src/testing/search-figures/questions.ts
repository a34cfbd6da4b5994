/**
 * What is asked, each with the plate that has to be found.
 * Rule: seeded, and made from plates that are in the tables; the mistakes in them are made by another model than the search's.
 */
import { type SearchWay, foldPlate, understand } from "@chaverim/contracts";
import { CHARACTERS, edit, misread } from "./misreading.ts";
import { createRandom, plateOf } from "./traffic.ts";

export type Question = { text: string; way: SearchWay; target: string };
type Make = (plate: string, random: () => number) => Omit<Question, "target">;

const lookAlike = (plate: string, random: () => number): string =>
  [...plate]
    .map((character) => {
      const others = CHARACTERS.filter((other) => other !== character && foldPlate(other) === foldPlate(character));
      return random() < 0.5 ? (others[Math.floor(random() * others.length)] ?? character) : character;
    })
    .join("");

/** One or two characters that the witness did not see, one in four times everything after a point. */
const pattern = (plate: string, random: () => number): string => {
  if (random() < 0.25) return `${plate.slice(0, Math.max(4, plate.length - 2))}*`;
  const unseen = Math.floor(random() * plate.length);
  const also = random() < 0.5 ? Math.floor(random() * plate.length) : unseen;
  return [...plate].map((character, place) => (place === unseen || place === also ? "?" : character)).join("");
};

const KINDS: Readonly<Record<string, Make>> = {
  exact: (plate) => ({ text: plate, way: "exact" }),
  "look-alike": (plate, random) => ({ text: lookAlike(plate, random), way: "look-alike" }),
  wildcard: (plate, random) => ({ text: pattern(plate, random), way: "similar" }),
  substring: (plate, random) => {
    const from = Math.floor(random() * (plate.length - 3));
    return { text: plate.slice(from, from + 3 + Math.floor(random() * 3)), way: "contains" };
  },
  fuzzy: (plate, random) => ({ text: misread(plate, random), way: "similar" }),
  "fuzzy, two mistakes": (plate, random) => ({ text: misread(misread(plate, random), random), way: "similar" }),
  harder: (plate, random) => ({ text: edit(edit(plate, random), random), way: "harder" }),
};
export const KIND_NAMES = Object.keys(KINDS);

/**
 * Makes questions of a kind about plates that are there.
 * @param regulars vehicles that come again; the busiest ones are asked about more often
 */
export const makeQuestions = (kind: string, count: number, regulars: number, seed: number): Question[] => {
  const make = KINDS[kind];
  if (!make) throw new Error(`There is no kind of question called ${kind}.`);
  const random = createRandom(seed);
  const questions: Question[] = [];
  while (questions.length < count) {
    const target = plateOf(Math.floor(regulars * random() ** 1.5));
    const question = { ...make(target, random), target };
    // A witness whose words fit half of all plates is asked for more.
    if (understand(question.text, question.way).kind !== "refused") questions.push(question);
  }
  return questions;
};
