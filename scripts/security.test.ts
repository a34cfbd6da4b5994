/** Holds SECURITY.md to its word: every threat names what proves its control, and each proof is there. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findFault } from "./named-proofs.ts";

const here = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const text = readFileSync(here("SECURITY.md"), "utf8");
const threats = text.slice(text.indexOf("## What we defend against"), text.indexOf("## What the data is"));

/** `[12]` or `[3, 4]` in a table. */
const references = [...threats.matchAll(/^\|.*$/gm)].flatMap(([row]) =>
  [...row.matchAll(/\[([\d, ]+)\]/g)].flatMap(([, numbers = ""]) => numbers.split(", ").map(Number)),
);
/** `12. ` below a table, each with proofs in backticks, one a line. */
const proofs = new Map(
  [...threats.matchAll(/^(\d+)\. (.+(?:\n {3}.+)*)$/gm)].map(([, number, line = ""]) => [
    Number(number),
    [...line.matchAll(/`([^`]+)`/g)].map(([, proof = ""]) => proof),
  ]),
);

test("a proof that is not there is found", () => {
  const own = "scripts/security.test.ts";
  expect(findFault(`${own}: a proof that is not there is found`)).toBeNull();
  expect(findFault("packages/contracts/src/plate.test.ts: %j reads as %s")).not.toBeNull();
  expect(findFault(`${own}: a proof that is`)).toContain("has no test");
  // Written in the file, and not the title of a test.
  expect(findFault(`${own}: has no test`)).toContain("has no test");
  expect(findFault("scripts/none.test.ts: a title")).toContain("is not there");
  expect(findFault("code: scripts/none.ts (what)")).toContain("is not there");
  expect(findFault("somewhere in the code")).toContain("names neither");
  expect(findFault("code: scripts/named-proofs.ts (what)")).toBeNull();
});

test("every threat says what stands against it, by what that is proved, and what remains", () => {
  const rows = [...threats.matchAll(/^\| (?!threat|---)(.*) \|$/gm)].map(([, row = ""]) => row.split(" | "));
  expect(rows.length).toBeGreaterThan(20);
  for (const [threat, against = "", remains = "", ...more] of rows) {
    expect([threat, /\[\d+[\d, ]*\]/.test(against), remains.length > 3, more]).toEqual([threat, true, true, []]);
  }
});

test("every number leads to proofs, and every proof is led to", () => {
  expect([...proofs.keys()]).toEqual(Array.from({ length: proofs.size }, (_, index) => index + 1));
  expect([...new Set(references)].toSorted((a, b) => a - b)).toEqual([...proofs.keys()]);
  for (const [number, named] of proofs) expect([number, named.length > 0]).toEqual([number, true]);
});

test("every proof is there", () => {
  expect([...proofs.values()].flat().flatMap((proof) => findFault(proof) ?? [])).toEqual([]);
});

test("every page that it leads to is there", () => {
  const pages = [...text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, page = ""]) => page);
  expect(pages.length).toBeGreaterThan(2);
  expect(pages.filter((page) => !existsSync(here(page)))).toEqual([]);
});
