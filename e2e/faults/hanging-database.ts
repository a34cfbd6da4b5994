/**
 * What is asked of central while its database does not answer, however it is kept from answering.
 * Rule: the limits are those of the wire's own table: 503 in time, and health at once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expectStatuses } from "./acts.ts";
import { scriptBatch, sendUntilTaken } from "./script.ts";
import type { Stand } from "./stand.ts";

const HEALTH_MS = 200;
/** Central's own limit of 5 s for its database, and some for a busy machine. */
const REFUSED_MS = 8000;

/**
 * Asks again and again how central is; returns the slowest answer, where of two in a row the faster one counts: a machine
 * that is busy for a moment slows down one, and a central that waits for its database all.
 */
const askHealth = async (stand: Stand, seconds: number): Promise<number> => {
  let slowest = 0;
  let before = 0;
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(250)) {
    const startedAt = performance.now();
    const { status } = await fetch(`${stand.url}/healthz`);
    const ms = performance.now() - startedAt;
    slowest = Math.max(slowest, Math.min(before, ms));
    before = ms;
    stand.expect(status === 200, `/healthz answered with ${status}`);
  }
  return slowest;
};

/**
 * Keeps the database from answering for some seconds, and asks.
 * @param hang begins it and returns what ends it
 */
export const whileDatabaseHangs = async (
  stand: Stand,
  { what, detections, seconds }: { what: string; detections: number; seconds: number },
  hang: () => (() => Promise<void>) | Promise<() => Promise<void>>,
): Promise<void> => {
  const batch = await scriptBatch(stand, 10);
  stand.fault(what);
  const release = await hang();
  const asked = Promise.all([
    askHealth(stand, seconds),
    batch.send(),
    stand.feed(Math.floor(detections), detections / seconds),
  ]);
  // An experiment that fails must not leave the database as it is.
  await Promise.allSettled([asked]);
  await release();
  const [slowest, answer] = await asked;
  stand.expect(slowest < HEALTH_MS, `/healthz took ${Math.round(slowest)} ms`);
  stand.expect(answer.status === 503, `a batch was answered with ${answer.status}`);
  stand.expect(answer.retryAfter !== null, "a 503 without Retry-After");
  stand.expect(answer.ms < REFUSED_MS, `a batch was refused after ${Math.round(answer.ms)} ms`);
  await sendUntilTaken(batch);
  expectStatuses(stand, [200, 429, 503]);
};
