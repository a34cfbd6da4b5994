/**
 * Faults: `npm run faults [-- ID…] [-- --quick] [-- --jobs N] [-- --seed N] [-- --long]`.
 * Rule: one seeded workload, one history, one checker after each experiment, one table; exit code 1 when one fails.
 */
import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { endEverything } from "../support/processes.ts";
import { type Experiment, findUnmet } from "./experiment.ts";
import { EXPERIMENTS } from "./list.ts";
import type { Order, Told } from "./one.ts";
import { makeTemplate } from "./stand.ts";
import { type Row, isFailed, tellAll, tellRow } from "./table.ts";

const ONE = fileURLToPath(new URL("one.ts", import.meta.url));
/** An experiment that does not end is ended: several times what each takes, on a slow machine. */
const LIMIT_MS = { quick: 5 * 60_000, full: 90 * 60_000, long: 16 * 3_600_000 };

const clock = (): string => new Date().toTimeString().slice(0, 8);
const secondsSince = (startedAt: number): number => Math.round((performance.now() - startedAt) / 1000);

const children = new Set<ChildProcess>();

const without = ({ id, title }: Experiment, seed: number, result: string, problems: string[] | null): Row => {
  const verdict = problems && { generated: 0, lost: null, duplicated: null, problems };
  return { id, title, seed, verdict, faults: 0, kills: 0, cuts: 0, seconds: 0, result };
};

/** Runs one in a process of its own, and tells once a minute how far it is. */
const runOne = (experiment: Experiment, order: Order, limitMs: number): Promise<Row> =>
  new Promise((resolve) => {
    const child = fork(ONE, [], { stdio: ["ignore", "inherit", "pipe", "ipc"] });
    children.add(child);
    let row: Row | null = null;
    let complaint = "";
    const limit = setTimeout(() => {
      complaint += `It did not end within ${limitMs / 60_000} minutes. `;
      child.kill("SIGTERM");
    }, limitMs);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (complaint += text));
    child.on("message", (told: Told) => {
      if ("row" in told) row = told.row;
      else {
        const { generated, faults } = told.progress;
        console.log(`${clock()}   ${experiment.id}: ${generated} detections, ${faults} faults so far`);
      }
    });
    child.once("close", (code) => {
      clearTimeout(limit);
      children.delete(child);
      resolve(row ?? without(experiment, order.seed, "FAILED", [complaint || `Its process ended with ${code}.`]));
    });
    child.send(order);
  });

type Options = { jobs: number; seed: number; pace: "quick" | "full" | "long" };

/**
 * Runs them, so many at a time; at most half of those work all the while, and the others mostly wait.
 * @returns in the order in which they ended
 */
const runAll = async (wanted: readonly Experiment[], { jobs, seed, pace }: Options): Promise<Row[]> => {
  const template = await makeTemplate();
  const left = [...wanted];
  const rows: Row[] = [];
  let working = 0;
  const take = (): Experiment | undefined => {
    const mayWork = working < Math.ceil(jobs / 2);
    const place = left.findIndex(({ waits = false }) => waits !== mayWork);
    return left.splice(Math.max(0, place), 1)[0];
  };
  const run = async (experiment: Experiment): Promise<Row> => {
    const own = seed * 1000 + experiment.id;
    const unmet = findUnmet(experiment);
    if (unmet !== null) return without(experiment, own, `skipped: ${unmet}`, null);
    const { id, title, quick, full, long = full, waits = false } = experiment;
    console.log(`${clock()}   ${id}: ${title}; ${left.length} to come`);
    const size = { quick, full, long }[pace];
    return runOne(experiment, { id, seed: own, size, template, givesWay: jobs > 1 && !waits }, LIMIT_MS[pace]);
  };
  const slot = async (): Promise<void> => {
    for (let experiment = take(); experiment; experiment = take()) {
      const isWork = experiment.waits !== true;
      if (isWork) working++;
      const row = await run(experiment);
      if (isWork) working--;
      rows.push(row);
      console.log(`${clock()} ${tellRow(row)}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, slot));
  return rows;
};

const USAGE =
  "Usage: npm run faults [-- ID…] [-- --quick] [-- --jobs N] [-- --seed N] [-- --long]. The experiments are:";

const readOptions = (): Options & { wanted: readonly Experiment[] } => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean" },
      long: { type: "boolean" },
      seed: { type: "string" },
      jobs: { type: "string" },
    },
  });
  const ids = positionals.map(Number);
  const isUnknown = ids.some((id) => !EXPERIMENTS.some((experiment) => experiment.id === id));
  const seed = Number(values.seed ?? 1);
  // One that works and one that waits for each core.
  const jobs = Number(values.jobs ?? 2 * availableParallelism());
  if (isUnknown || !Number.isSafeInteger(seed) || !Number.isSafeInteger(jobs) || jobs < 1) {
    console.error(USAGE);
    for (const { id, title } of EXPERIMENTS) console.error(`${String(id).padStart(4)} ${title}`);
    process.exit(2);
  }
  const wanted = EXPERIMENTS.filter(({ id }) => ids.length === 0 || ids.includes(id));
  return { wanted, jobs, seed, pace: values.quick ? "quick" : values.long ? "long" : "full" };
};

const options = readOptions();
// So that disks are unmounted and processes ended, each by the experiment whose they are.
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => {
    for (const child of children) child.kill("SIGTERM");
    endEverything();
    process.exit(code);
  });
}
const startedAt = performance.now();
const rows = await runAll(options.wanted, options);
console.log(tellAll(rows, secondsSince(startedAt)));
endEverything();
process.exit(rows.some(isFailed) ? 1 : 0);
