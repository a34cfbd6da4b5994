/**
 * The demo's only source of chance: seeded, so that one seed is one town, one traffic and one set of pictures.
 * Rule: nothing in the simulation calls Math.random.
 */

/** Returns numbers in [0, 1), as Math.random does. */
export type Random = () => number;

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state are plenty for a town. */
export const createRandom = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** A seed for a part of the whole, so that a change in one part does not reshuffle the others (FNV-1a, 32 bits). */
export const seedFor = (seed: number, ...names: (string | number)[]): number => {
  let hash = 0x811c9dc5;
  for (const character of `${seed}/${names.join("/")}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
};

/** A number in [from, to). */
export const between = (random: Random, from: number, to: number): number => from + (to - from) * random();

/** One element; throws on an empty list. */
export const pick = <T>(random: Random, list: readonly T[]): T => {
  const chosen = list[Math.floor(random() * list.length)];
  if (chosen === undefined) throw new Error("Nothing to pick from.");
  return chosen;
};

/** One element, in proportion to its weight; throws on an empty list. */
export const pickWeighted = <T extends { weight: number }>(random: Random, list: readonly T[]): T => {
  let left = random() * list.reduce((sum, item) => sum + item.weight, 0);
  for (const item of list) {
    left -= item.weight;
    if (left < 0) return item;
  }
  return pick(random, list.slice(-1));
};
