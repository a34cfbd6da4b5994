/**
 * UUID version 7 (RFC 9562 section 5.7): the id of a detection.
 * Rule: each id is greater than the one before it, even when the clock stands still or goes back.
 */
import { randomBytes } from "node:crypto";

/** The 12 bits of rand_a are a counter within a millisecond (RFC 9562 section 6.2, method 1). */
const COUNTER_MAX = 0xfff;

export const createUuidV7 = (nowMs: () => number): (() => string) => {
  let lastMs = 0;
  let counter = 0;
  return () => {
    const now = nowMs();
    if (now > lastMs) {
      lastMs = now;
      // Half of the room is left for ids of the same millisecond.
      counter = randomBytes(2).readUInt16BE() & (COUNTER_MAX >> 1);
    } else if (counter < COUNTER_MAX) {
      counter++;
    } else {
      lastMs++;
      counter = 0;
    }
    const bytes = randomBytes(16);
    bytes.writeUIntBE(lastMs, 0, 6);
    bytes.writeUInt16BE(0x7000 | counter, 6);
    bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
    const hex = bytes.toString("hex");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  };
};
