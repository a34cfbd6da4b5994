/**
 * One experiment as a process of its own, started by main.ts: what it is comes as a message, and so goes what it came to.
 * Rule: it ends with everything that it started, also when whoever started it is gone.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import { ROOT, endEverything, temporaryFolder } from "../support/processes.ts";
import { unmountEverything } from "../support/volume.ts";
import { type Verdict, check } from "./checker.ts";
import { EXPERIMENTS } from "./list.ts";
import { type Places, type Size, type Stand, type Template, makeTemplate, openStand } from "./stand.ts";
import type { Row } from "./table.ts";

export type Order = {
  id: number;
  seed: number;
  size: Size;
  template: Template;
  /** Others that mostly wait run beside it, and must not wait for it. */
  givesWay: boolean;
};
export type Told = { progress: { generated: number; faults: number } } | { row: Row };

const HISTORIES = join(ROOT, "test-results/faults");
const NOWHERE: Places = { release: () => undefined };
const PROGRESS_EVERY_MS = 60_000;
/** Of a process that may be interrupted by everything with 0, and gets what is left. */
const LESS = 5;

const tell = (told: Told): Promise<void> =>
  new Promise((resolve) => {
    if (process.send) process.send(told, undefined, undefined, () => resolve());
    else resolve();
  });

/** What happened, for whoever looks into it: every drop, every fault, and what the processes printed. */
const keepHistory = (id: number, stand: Stand, verdict: Verdict): void => {
  mkdirSync(HISTORIES, { recursive: true });
  const name = join(HISTORIES, `${id}-seed-${stand.seed}`);
  const drops = stand.history.generated.map(({ droppedAt, plate, station }) => ({ at: droppedAt, plate, station }));
  const events = [...drops, ...stand.history.faults].toSorted((a, b) => a.at - b.at);
  writeFileSync(`${name}.jsonl`, [...events, verdict].map((event) => JSON.stringify(event)).join("\n"));
  if (verdict.problems.length === 0) return;
  writeFileSync(`${name}.central.log`, stand.centralOutput());
  writeFileSync(`${name}.database.log`, stand.cluster.output());
  for (const { name: station, collector } of stand.stations)
    writeFileSync(`${name}.${station}.log`, collector().output());
};

const judge = async (stand: Stand, run: () => Promise<void>): Promise<Verdict> => {
  try {
    await run();
    return await check(stand);
  } catch (error) {
    // An experiment that cannot be carried out is a failure, and what was lost in it nobody knows.
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const problems = [...stand.history.problems, reason];
    return { generated: stand.history.generated.length, lost: null, duplicated: null, problems };
  }
};

const carryOut = async ({ id, seed, size, template }: Order): Promise<Row> => {
  const experiment = EXPERIMENTS.find((known) => known.id === id);
  if (!experiment) throw new Error(`There is no experiment ${id}.`);
  const startedAt = performance.now();
  const places = (await experiment.places?.(temporaryFolder("faults-disks"))) ?? NOWHERE;
  const own = places.root === undefined ? template : await makeTemplate(places.root);
  await using stand = await openStand(own, seed, size, places);
  const { generated, faults } = stand.history;
  const telling = setInterval(
    () => void tell({ progress: { generated: generated.length, faults: faults.length } }),
    PROGRESS_EVERY_MS,
  );
  const verdict = await judge(stand, () => experiment.run(stand, size));
  clearInterval(telling);
  keepHistory(id, stand, verdict);
  const count = (kind: string) => faults.filter(({ what }) => what.startsWith(kind)).length;
  return {
    id,
    title: experiment.title,
    seed,
    verdict,
    faults: faults.length,
    kills: count("kill -9"),
    cuts: count("power cut"),
    seconds: Math.round((performance.now() - startedAt) / 1000),
    result: verdict.problems.length === 0 ? "passed" : "FAILED",
  };
};

const end = (code: number): void => {
  // First: a folder on which a disk is mounted cannot be removed.
  unmountEverything();
  endEverything();
  process.exit(code);
};
process.once("SIGTERM", () => end(143)).once("SIGINT", () => end(130));
process.once("disconnect", () => end(1));
const obey = async (order: Order): Promise<void> => {
  if (order.givesWay) setPriority(LESS);
  try {
    await tell({ row: await carryOut(order) });
    end(0);
  } catch (error) {
    console.error(error);
    end(1);
  }
};
process.once("message", (order: Order) => void obey(order));
