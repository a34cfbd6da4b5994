/**
 * Hostile bodies without end: pieces of real batches, cut, doubled, swapped and broken.
 * Rule: the same seed gives the same inputs, so that a failure can be had again.
 */
import { aDetection } from "../../testing/batches.ts";

/** Mulberry32: 32 bits of state are enough to be repeatable. */
const createRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** What JSON readers, schemas and databases have stumbled over. */
const PIECES = [
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  '"',
  "\\",
  "\\u0000",
  "\\ud800",
  "\\u202e",
  "null",
  "true",
  "-0",
  "1e400",
  "1e-400",
  "9007199254740993",
  "0x1A",
  "NaN",
  '"__proto__":{}',
  '"payload":"',
  '"signature":"AA=="',
  '"images":[{}]',
  '"seq":-1',
  '"capturedAt":"0000-00-00T00:00:00Z"',
  '"capturedAt":"+275760-09-13T00:00:00Z"',
  "\u0000",
  "\u2028",
  "\ufeff",
  "﷽",
  "[[[[[[[[",
  "]]]]]]]]",
];

/** Bodies of the `detections` part. */
export const fuzzBodies = function* (seed: number, count: number): Generator<Buffer> {
  const random = createRandom(seed);
  const upTo = (limit: number) => Math.floor(random() * limit);
  const plain = aDetection({ epoch: 1, seq: 7, prev: "ab".repeat(32), nonce: "n", vehicle: { make: "Seat" } });
  const signed = { payload: JSON.stringify(plain), signature: "c2lnbmF0dXJl" };
  const seeds = [[plain], [plain, signed], [signed], [], [[plain]], [null, 1, "x", plain]].map((body) =>
    JSON.stringify(body),
  );
  const mutate = (text: string): string => {
    const at = upTo(text.length + 1);
    const to = Math.min(text.length, at + upTo(40));
    const piece = PIECES[upTo(PIECES.length)] ?? "";
    switch (upTo(6)) {
      case 0:
        return text.slice(0, at);
      case 1:
        return text.slice(0, at) + piece + text.slice(at);
      case 2:
        return text.slice(0, at) + text.slice(to);
      case 3:
        return text.slice(0, at) + text.slice(at, to).repeat(1 + upTo(4)) + text.slice(to);
      case 4:
        return text.slice(0, at) + piece + text.slice(to);
      default:
        return text.slice(0, at) + String.fromCharCode(upTo(0x10000)) + text.slice(at + 1);
    }
  };
  for (let index = 0; index < count; index++) {
    let text = seeds[upTo(seeds.length)] ?? "";
    for (let times = upTo(5); times >= 0; times--) text = mutate(text);
    const body = Buffer.from(text);
    // One in eight is broken below the level of characters as well.
    if (body.length > 0 && upTo(8) === 0) body[upTo(body.length)] = upTo(256);
    yield body;
  }
};
