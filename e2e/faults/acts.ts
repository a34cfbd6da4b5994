/**
 * What several experiments do: waiting for a moment, killing and starting again, asking central as a script does.
 * Rule: nothing here judges.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { between } from "../support/random.ts";
import type { Stand } from "./stand.ts";

/** Waits some time that the seed decides, up to `upToMs`. */
export const someTime = (stand: Stand, upToMs: number): Promise<void> => sleep(between(stand.random, 0, upToMs));

/** Kills central and starts it again. */
export const killAndStartCentral = async (stand: Stand): Promise<void> => {
  stand.fault("kill -9 central");
  await stand.killCentral();
  await stand.startCentral();
};

/** An even share of the detections for each round. */
export const share = ({ detections, rounds }: { detections: number; rounds: number }): number =>
  Math.max(1, Math.floor(detections / rounds));

/** The statuses that central has answered batches with, and how often. */
export const batchStatuses = (stand: Stand): Map<number, number> => {
  const statuses = new Map<number, number>();
  for (const text of stand.centralOutput().split("\n")) {
    if (!text.includes('"/api/v1/detections/batch"')) continue;
    const status = Number(/"status_code":(\d+)/.exec(text)?.[1]);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  return statuses;
};

/** Notes when batches were answered with anything but these. */
export const expectStatuses = (stand: Stand, allowed: readonly number[]): void => {
  for (const [status, count] of batchStatuses(stand)) {
    stand.expect(allowed.includes(status), `${count} batches were answered with ${status}`);
  }
};
