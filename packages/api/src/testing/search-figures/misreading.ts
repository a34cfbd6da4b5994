/**
 * How a camera and a witness get a plate wrong, for measuring what a search finds again.
 * Rule: built otherwise than the model that the search uses, from the pixels of a dot-matrix font, and used for measuring alone:
 * a search that is measured by its own model finds everything.
 */

/** The classic 5 x 7 font of character displays: five columns each, the lowest bit on top. */
const FONT =
  "0:3E5149453E 1:00427F4000 2:4261514946 3:2141454B31 4:1814127F10 5:2745454539 6:3C4A494930 7:0171090503 8:3649494936 9:064949291E " +
  "A:7E1111117E B:7F49494936 C:3E41414122 D:7F4141221C E:7F49494941 F:7F09090901 G:3E4149497A H:7F0808087F I:00417F4100 J:2040413F01 " +
  "K:7F08142241 L:7F40404040 M:7F020C027F N:7F0408107F O:3E4141413E P:7F09090906 Q:3E4151215E R:7F09192946 S:4649494931 T:01017F0101 " +
  "U:3F4040403F V:1F2040201F W:3F4038403F X:6314081463 Y:0708700807 Z:6151494543";

const columns = new Map(FONT.split(" ").map((entry) => [entry.charAt(0), Buffer.from(entry.slice(2), "hex")] as const));
const CHARACTERS = [...columns.keys()];

/** Pixels that differ, of 35. */
const pixelsApart = (a: string, b: string): number => {
  let apart = 0;
  for (let column = 0; column < 5; column++) {
    const differing = (columns.get(a)?.[column] ?? 0) ^ (columns.get(b)?.[column] ?? 0);
    for (let bit = 0; bit < 7; bit++) apart += (differing >> bit) & 1;
  }
  return apart;
};

/** So fast does the likelihood of a confusion fall with each pixel. */
const PIXELS = 2;

const likelihoods = new Map(
  CHARACTERS.map((from) => [
    from,
    CHARACTERS.map((to) => ({ to, weight: from === to ? 0 : Math.exp(-pixelsApart(from, to) / PIXELS) })),
  ]),
);

/** What people and cameras take for each other by eye; written out here, so that no search is asked by its own list. */
const LOOK_ALIKES = ["0OQD", "1IL7", "5S", "8B", "2Z", "6G"];

/** Another character that looks the same by eye; the character itself when there is none. */
const takenFor = (character: string, random: () => number): string => {
  const others = LOOK_ALIKES.find((group) => group.includes(character))?.replace(character, "") ?? character;
  return others.charAt(Math.floor(random() * others.length));
};

/** Each character in two, taken for a look-alike when it has one. */
export const lookAlike = (plate: string, random: () => number): string =>
  [...plate].map((character) => (random() < 0.5 ? takenFor(character, random) : character)).join("");

const confused = (character: string, random: () => number): string => {
  const choices = likelihoods.get(character) ?? [];
  let rest = random() * choices.reduce((sum, { weight }) => sum + weight, 0);
  for (const { to, weight } of choices) {
    rest -= weight;
    if (rest < 0) return to;
  }
  return character;
};

const at = (plate: string, random: () => number): number => Math.floor(random() * plate.length);

/** One mistake: three in four times a character taken for a similar one, else one dropped, doubled, or two swapped. */
export const misread = (plate: string, random: () => number): string => {
  const place = at(plate, random);
  const kind = random();
  if (kind < 0.74) return plate.slice(0, place) + confused(plate.charAt(place), random) + plate.slice(place + 1);
  if (kind < 0.86) return plate.slice(0, place) + plate.slice(place + 1);
  if (kind < 0.94) return plate.slice(0, place) + plate.charAt(place) + plate.slice(place);
  const next = Math.min(place, plate.length - 2);
  return plate.slice(0, next) + plate.charAt(next + 1) + plate.charAt(next) + plate.slice(next + 2);
};

/** One edit of any kind, all alike likely: what nobody can foresee. */
export const edit = (plate: string, random: () => number): string => {
  const place = at(plate, random);
  const other = CHARACTERS[Math.floor(random() * CHARACTERS.length)] ?? "0";
  const kind = random();
  if (kind < 0.5) return plate.slice(0, place) + other + plate.slice(place + 1);
  return kind < 0.75
    ? plate.slice(0, place) + plate.slice(place + 1)
    : plate.slice(0, place) + other + plate.slice(place);
};
