/** What the time of an answer tells a stranger about who has an account: nothing. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { callFrom, newAddress, outcomeOf } from "../testing/calls.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { aUser } from "../testing/people.ts";
import { forgetAttempts } from "./throttle.ts";

let central: TestCentral;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const WRONG = "not the passphrase";

/** Two-sided p of the Mann-Whitney U test, by the normal approximation, which holds from about 20 samples a side. */
const mannWhitney = (one: readonly number[], other: readonly number[]): number => {
  const all = [...one.map((value) => ({ value, isOne: true })), ...other.map((value) => ({ value, isOne: false }))];
  const ranked = all.toSorted((a, b) => a.value - b.value);
  const rankSum = ranked.reduce((sum, { isOne }, index) => sum + (isOne ? index + 1 : 0), 0);
  const u = rankSum - (one.length * (one.length + 1)) / 2;
  const mean = (one.length * other.length) / 2;
  const deviation = Math.sqrt((mean * (one.length + other.length + 1)) / 6);
  const z = Math.abs(u - mean) / deviation;
  // Abramowitz and Stegun 26.2.17; wrong by less than 7.5e-8.
  const t = 1 / (1 + 0.231_641_9 * z);
  const series = [0.319_381_53, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
  const tail = series.reduceRight((sum, factor) => (sum + factor) * t, 0) * Math.exp((-z * z) / 2) * Math.SQRT1_2;
  return (2 * tail) / Math.sqrt(Math.PI);
};

test("The statistics tell a shift from none", () => {
  const samples = Array.from({ length: 500 }, (_, index) => (index * 7919) % 500);
  expect(
    mannWhitney(
      samples,
      samples.map((value) => value + 0.5),
    ),
  ).toBeGreaterThan(0.9);
  expect(
    mannWhitney(
      samples,
      samples.map((value) => value + 30.5),
    ),
  ).toBeLessThan(0.01);
});

const SAMPLES = 500;
/** On a machine that is so busy that 500 pairs take longer, fewer are taken; no fewer than 100. */
const EXPERIMENT_MS = 75_000;
const SAMPLES_LEAST = 100;

/** One sign-in with nothing counted before it, in milliseconds. */
const timeOf = async (email: string): Promise<number> => {
  await forgetAttempts(central.sql, "password", email);
  const caller = callFrom(central.central, newAddress());
  const startedMs = performance.now();
  const outcome = await outcomeOf(caller.auth.login({ email, password: WRONG }));
  const tookMs = performance.now() - startedMs;
  if (outcome !== "sign_in_failed") throw new Error(outcome);
  return tookMs;
};

/**
 * Both at the same moment, the first one by lot, so that whatever else the machine does meets both alike.
 * @returns p of both kinds of failure taking the same time
 */
const experiment = async (knownEmail: string): Promise<number> => {
  const [known, unknown]: [number[], number[]] = [[], []];
  const endMs = performance.now() + EXPERIMENT_MS;
  while (known.length < SAMPLES && (performance.now() < endMs || known.length < SAMPLES_LEAST)) {
    const measureKnown = async () => known.push(await timeOf(knownEmail));
    const measureUnknown = async () => unknown.push(await timeOf(`nobody-${knownEmail}`));
    const pair = Math.random() < 0.5 ? [measureKnown, measureUnknown] : [measureUnknown, measureKnown];
    await Promise.all(pair.map((measure) => measure()));
  }
  return mannWhitney(known, unknown);
};

test("An unknown address takes as long as a wrong password", async () => {
  const { email } = await aUser(central.central, "viewer");
  await timeOf(email); // the dummy hash is made, the code is warm
  // By chance alone one experiment in a hundred ends below 0.01: such a one is repeated once, as a whole. A real difference
  // fails both.
  const first = await experiment(email);
  const p = first > 0.01 ? first : await experiment(email);
  expect(p).toBeGreaterThan(0.01);
}, 240_000);
