/** Holds docs/asvs.csv to OWASP ASVS 5.0: every requirement of levels 1 and 2 once, and every proof that it names is there. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findFault } from "./named-proofs.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Rows of a CSV (RFC 4180) as records by the names in its first line. */
const readCsv = (path: string): Record<string, string>[] => {
  const text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  const rows: string[][] = [[]];
  for (const [, quoted, plain = "", end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "") break;
    if (end !== ",") rows.push([]);
  }
  const [names = [], ...records] = rows.filter((row) => row.join("") !== "");
  return records.map((row) => {
    if (row.length !== names.length) throw new Error(`${path}: ${row.join(",")} has ${row.length} cells`);
    return Object.fromEntries(names.map((name, place) => [name, row[place] ?? ""]));
  });
};

/** Where the text of the standard lies, when somebody has put it beside the repository. */
const REFERENCE = here("../../shared/reference/owasp-asvs-5.0.csv");
/** ASVS 5.0 has 70 requirements of level 1 and 183 of level 2. */
const LEVELS = { "1": 70, "2": 183 };

const rows = readCsv(here("../docs/asvs.csv")) as { id: string; level: string; status: string; where: string }[];
const inOrder = (ids: string[]) =>
  ids.toSorted((a, b) => {
    const [left, right] = [a, b].map((id) => id.slice(1).split(".").map(Number));
    return (left ?? []).map((part, place) => part - (right?.[place] ?? 0)).find((difference) => difference !== 0) ?? 0;
  });

test("each requirement stands there once, in order, with its level", () => {
  const ids = rows.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(inOrder(ids));
  expect(ids.filter((id) => !/^V(1[0-7]|[1-9])\.\d{1,2}\.\d{1,2}$/.test(id))).toEqual([]);
  for (const [level, count] of Object.entries(LEVELS)) {
    expect([level, rows.filter((row) => row.level === level).length]).toEqual([level, count]);
  }
});

// Skipped where the standard's text is not at hand: it is not ours to carry.
test.skipIf(!existsSync(REFERENCE))("they are the requirements of levels 1 and 2 of the standard", () => {
  const wanted = readCsv(REFERENCE).filter(({ L }) => L === "1" || L === "2");
  expect(rows.map(({ id, level }) => `${id} ${level}`)).toEqual(wanted.map(({ req_id, L }) => `${req_id} ${L}`));
});

test("each says pass, na or fail, and why", () => {
  expect(rows.filter(({ status }) => !["pass", "na", "fail"].includes(status))).toEqual([]);
  expect(rows.filter(({ where }) => where.trim().length < 5)).toEqual([]);
});

test("what passes names tests or code that are there", () => {
  const faults = rows
    .filter(({ status }) => status === "pass")
    .flatMap(({ id, where }) =>
      where
        .split(" | ")
        .flatMap((proof) => findFault(proof) ?? [])
        .map((fault) => `${id}: ${fault}`),
    );
  expect(faults).toEqual([]);
});

test("what is not met, and how many are, is said in SECURITY.md as well", () => {
  const told = readFileSync(here("../SECURITY.md"), "utf8");
  const failed = rows.filter(({ status }) => status === "fail");
  expect([...told.matchAll(/^\| (V[\d.]+) \| (.+) \|$/gm)].map(([, id, why]) => ({ id, why }))).toEqual(
    failed.map(({ id, where }) => ({ id, why: where })),
  );
  const count = (status: string) => rows.filter((row) => row.status === status).length;
  expect(told).toContain(`${count("pass")} pass, ${count("na")} do not apply, ${failed.length} are not met`);
});
