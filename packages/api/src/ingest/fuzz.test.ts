/** The reader of batches against bodies that nobody would send by mistake. */
import { expect, test } from "vitest";
import { isGood, readBatch } from "./read-batch.ts";
import { isStorable } from "../storable.ts";
import { fuzzBodies } from "./testing/fuzz.ts";

/** About two seconds; CONTRIBUTING.md says how to run a million, and how to run one seed again. */
const INPUTS = Number(process.env["FUZZ_INPUTS"] ?? 20_000);
const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 32);
/** Two hundred times what an input takes. */
const TIMEOUT_MS = 20_000 + INPUTS * 20;
/** A thousand times what the slowest takes on a calm machine: only a reader that hangs is later. */
const INPUT_MS = 5000;

test(
  "broken bodies are each read or called malformed, at once, and what is good can be stored",
  { timeout: TIMEOUT_MS },
  () => {
    process.stdout.write(`FUZZ_SEED=${SEED} FUZZ_INPUTS=${INPUTS}\n`);
    let good = 0;
    let slowestMs = 0;
    const wrong: string[] = [];
    for (const body of fuzzBodies(SEED, INPUTS)) {
      const startedAt = performance.now();
      const read = readBatch(body);
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      for (const [index, element] of ("elements" in read ? read.elements : []).entries()) {
        if (element.index !== index) wrong.push(body.toString("base64"));
        if (!isGood(element)) continue;
        good++;
        // What passes goes to the database: it must take it, and it must be the text that was sent.
        if (!isStorable(element.detection) || !body.includes(element.text)) wrong.push(body.toString("base64"));
      }
    }
    expect({ SEED, wrong }).toEqual({ SEED, wrong: [] });
    expect(slowestMs).toBeLessThan(INPUT_MS);
    // Not everything is broken beyond reading: the way to the end of the reader was taken, too.
    expect(good).toBeGreaterThan(INPUTS / 100);
  },
);
