/**
 * What one experiment came to, and all of them as one table.
 * Rule: the totals say how much was sent, how much of it was lost or doubled, and how often power and processes were cut.
 */
import type { Verdict } from "./checker.ts";

export type Row = {
  id: number;
  title: string;
  seed: number;
  /** Null when it was skipped. */
  verdict: Verdict | null;
  faults: number;
  kills: number;
  cuts: number;
  seconds: number;
  result: string;
};

const WIDTHS = [4, 52, 8, 10, 6, 11, 8, 8, 8, 8];
const HEAD = [
  "id",
  "experiment",
  "seed",
  "generated",
  "lost",
  "duplicated",
  "kill -9",
  "cuts",
  "faults",
  "seconds",
  "result",
];

const lineOf = (cells: readonly (string | number)[]): string =>
  cells.map((cell, place) => String(cell).padEnd(WIDTHS[place] ?? 0)).join(" ");

export const tellRow = (row: Row): string => {
  const { id, title, seed, verdict, kills, cuts, faults, seconds, result } = row;
  const { generated, lost, duplicated } = verdict ?? { generated: 0, lost: 0, duplicated: 0 };
  const cells = [id, title, seed, generated, lost ?? "?", duplicated ?? "?", kills, cuts, faults, seconds, result];
  const problems = (verdict?.problems ?? []).map((problem) => `     ${problem}`);
  return [lineOf(cells), ...problems].join("\n");
};

export const isFailed = ({ result }: Row): boolean => result === "FAILED";

/** Every experiment in the order of its number, then all together. @param seconds by the clock */
export const tellAll = (rows: readonly Row[], seconds: number): string => {
  const sum = (of: (row: Row) => number | null | undefined) => rows.reduce((total, row) => total + (of(row) ?? 0), 0);
  const failed = rows.filter(isFailed).length;
  const skipped = rows.filter(({ result }) => result.startsWith("skipped")).length;
  const generated = sum(({ verdict }) => verdict?.generated);
  const lost = sum(({ verdict }) => verdict?.lost);
  const duplicated = sum(({ verdict }) => verdict?.duplicated);
  const [kills, cuts, faults] = [sum((row) => row.kills), sum((row) => row.cuts), sum((row) => row.faults)];
  const result = `${rows.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped`;
  const counted = (count: number, what: string) => `${count.toLocaleString("en")} ${what}`;
  return [
    "",
    lineOf(HEAD),
    ...rows.toSorted((a, b) => a.id - b.id).map(tellRow),
    lineOf(["", "total", "", generated, lost, duplicated, kills, cuts, faults, seconds, result]),
    "",
    [
      `${counted(generated, "detections generated")}, ${counted(lost, "lost")}, ${counted(duplicated, "duplicated")}`,
      `${counted(kills, "kill -9")}, ${counted(cuts, "power cuts")}, ${counted(faults, "faults in all")}`,
      `${result}, in ${Math.floor(seconds / 60)} min ${seconds % 60} s`,
    ].join("; "),
  ].join("\n");
};
