/**
 * Faults: `npm run faults [-- ID…] [-- --quick] [-- --seed N] [-- --long]`.
 * Rule: one seeded workload, one history, one checker after each experiment, one table; exit code 1 when one fails.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT, endEverything, temporaryFolder } from "../support/processes.ts";
import { type Verdict, check } from "./checker.ts";
import { type Experiment, findUnmet } from "./experiment.ts";
import { EXPERIMENTS } from "./list.ts";
import { type Places, type Stand, type Template, makeTemplate, openStand } from "./stand.ts";

const HISTORIES = join(ROOT, "test-results/faults");
const NOWHERE: Places = { release: () => undefined };

type Row = {
  id: number;
  title: string;
  seed: number;
  verdict: Verdict | null;
  faults: number;
  seconds: number;
  result: string;
};

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

const runOne = async (
  experiment: Experiment,
  template: Template,
  options: { quick: boolean; long: boolean; seed: number },
): Promise<Row> => {
  const { id, title, quick, full, long = full } = experiment;
  const seed = options.seed * 1000 + id;
  const size = options.quick ? quick : options.long ? long : full;
  const startedAt = performance.now();
  const row = (verdict: Verdict | null, faults: number, result: string): Row => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    return { id, title, seed, verdict, faults, seconds, result };
  };
  const unmet = findUnmet(experiment);
  if (unmet !== null) return row(null, 0, `skipped: ${unmet}`);
  const places = experiment.places?.(temporaryFolder("faults-disks")) ?? NOWHERE;
  let stand: Stand | null = null;
  try {
    stand = await openStand(places.root === undefined ? template : await makeTemplate(places.root), seed, size, places);
    await experiment.run(stand, size);
    const verdict = await check(stand);
    keepHistory(id, stand, verdict);
    const result = verdict.problems.length === 0 ? "passed" : "FAILED";
    return row(verdict, stand.history.faults.length, result);
  } catch (error) {
    // An experiment that cannot be carried out is a failure, and the next one is still worth running.
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const verdict = { generated: stand?.history.generated.length ?? 0, lost: 0, duplicated: 0, problems: [reason] };
    if (stand) keepHistory(id, stand, verdict);
    return row(verdict, stand?.history.faults.length ?? 0, "FAILED");
  } finally {
    await stand?.[Symbol.asyncDispose]();
  }
};

const WIDTHS = [4, 52, 8, 10, 6, 11, 8, 8];
const HEAD = ["id", "experiment", "seed", "generated", "lost", "duplicated", "faults", "seconds", "result"];

const line = (cells: readonly (string | number)[]): string =>
  cells.map((cell, place) => String(cell).padEnd(WIDTHS[place] ?? 0)).join(" ");

const cellsOf = ({ id, title, seed, verdict, faults, seconds, result }: Row) => {
  const { generated, lost, duplicated } = verdict ?? { generated: 0, lost: 0, duplicated: 0 };
  return [id, title, seed, generated, lost, duplicated, faults, seconds, result];
};

const printTable = (rows: readonly Row[]): void => {
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  const failed = rows.filter(({ result }) => result === "FAILED").length;
  const skipped = rows.filter(({ result }) => result.startsWith("skipped")).length;
  const totals = [
    "",
    "total",
    "",
    sum(({ verdict }) => verdict?.generated ?? 0),
    sum(({ verdict }) => verdict?.lost ?? 0),
    sum(({ verdict }) => verdict?.duplicated ?? 0),
    sum(({ faults }) => faults),
    sum(({ seconds }) => seconds),
    `${rows.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped`,
  ];
  console.log(`\n${[HEAD, ...rows.map(cellsOf), totals].map(line).join("\n")}`);
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean" }, long: { type: "boolean" }, seed: { type: "string" } },
});
const wanted = positionals.map(Number);
const unknown = wanted.filter((id) => !EXPERIMENTS.some((experiment) => experiment.id === id));
const seed = Number(values.seed ?? 1);
if (unknown.length > 0 || !Number.isSafeInteger(seed)) {
  console.error(`Usage: npm run faults [-- ID…] [-- --quick] [-- --seed N] [-- --long]. The experiments are:`);
  for (const { id, title } of EXPERIMENTS) console.error(`${String(id).padStart(4)} ${title}`);
  process.exit(2);
}
// So that disks are unmounted and processes ended, which happens at exit.
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => {
    endEverything();
    process.exit(code);
  });
}

const template = await makeTemplate();
const rows: Row[] = [];
for (const experiment of EXPERIMENTS.filter(({ id }) => wanted.length === 0 || wanted.includes(id))) {
  const options = { quick: values.quick === true, long: values.long === true, seed };
  const row = await runOne(experiment, template, options);
  rows.push(row);
  console.log(line(cellsOf(row)));
  for (const problem of row.verdict?.problems ?? []) console.log(`     ${problem}`);
}
printTable(rows);
endEverything();
process.exit(rows.some(({ result }) => result === "FAILED") ? 1 : 0);
