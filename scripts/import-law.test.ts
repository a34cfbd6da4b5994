/**
 * Proves that each law in .oxlintrc.json fires, by breaking it in a throw-away tree with the same folders.
 * Rule: a law without a violation here is not a law.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A law: a file that breaks it, and the rule that must say so; `null` where the file is lawful. */
type Case = { says: string; file: string; code: string; rule: string | null };

const restricted = "eslint(no-restricted-imports)";

const CASES: Case[] = [
  // contracts
  law("contracts imports no Node module", "packages/contracts/src/a.ts", `import "node:fs";`, restricted),
  law("contracts imports no package but zod", "packages/contracts/src/b.ts", `import "zebra";`, restricted),
  law("contracts does not import db", "packages/contracts/src/c.ts", `import "@chaverim/db/open";`, restricted),
  law(
    "contracts does not use the classic zod",
    "packages/contracts/src/d.ts",
    `import * as z from "zod";\nz.string();`,
    restricted,
  ),
  law("contracts does not leave its folder", "packages/contracts/src/e.ts", `import "../package.ts";`, restricted),
  law(
    "contracts may use zod/mini",
    "packages/contracts/src/f.ts",
    `import { z } from "zod/mini";\nexport const s = z.string();`,
    null,
  ),
  law(
    "contracts may use its own files",
    "packages/contracts/src/g.ts",
    `import { s } from "./f.ts";\nexport const t = s;`,
    null,
  ),
  // who may know whom
  ...trespasses("db", "db/src", ["api/router", "edge", "pwa", "demo"]),
  ...trespasses("api", "packages/api/src", ["edge", "pwa", "demo"]),
  ...trespasses("edge", "packages/edge/src", ["db/open", "api/router", "pwa", "demo"]),
  ...trespasses("pwa", "packages/pwa/src", ["db/schema", "edge", "demo", "api"]),
  ...trespasses("demo", "packages/demo/src", ["db/open", "api/router", "edge", "pwa"]),
  ...trespasses("e2e", "e2e", ["db/open", "api/router", "edge", "pwa"]),
  law(
    "edge does not import db lazily",
    "packages/edge/src/lazy.ts",
    `export const x = () => import("@chaverim/db/open");`,
    restricted,
  ),
  law(
    "edge does not name a type of api in passing",
    "packages/edge/src/inline.ts",
    `export type X = import("@chaverim/api/router").X;`,
    "typescript(consistent-type-imports)",
  ),
  law(
    "edge does not require what it may not import",
    "packages/edge/src/require.ts",
    `export const x = require("@chaverim/db/open");`,
    "typescript(no-require-imports)",
  ),
  law(
    "edge does not pass on what it may not import",
    "packages/edge/src/pass.ts",
    `export { x } from "@chaverim/db/open";\nexport const y = 1;`,
    restricted,
  ),
  law(
    "api may import db",
    "packages/api/src/lawful.ts",
    `import { open } from "@chaverim/db/open";\nexport const x = open;`,
    null,
  ),
  // the type of the router
  law(
    "pwa may import the type of the router",
    "packages/pwa/src/a.ts",
    `import type { X } from "@chaverim/api/router";\nexport type Y = X;`,
    null,
  ),
  law(
    "pwa does not import the router",
    "packages/pwa/src/b.ts",
    `import { x } from "@chaverim/api/router";\nexport const y = x;`,
    restricted,
  ),
  law(
    "pwa imports no other type of api",
    "packages/pwa/src/c.ts",
    `import type { X } from "@chaverim/api/config";\nexport const x: X | null = null;`,
    restricted,
  ),
  law(
    "pwa leaves no import for its side effect behind",
    "packages/pwa/src/d.ts",
    `import { type X } from "@chaverim/api/router";\nexport const x: X | null = null;`,
    "typescript(no-import-type-side-effects)",
  ),
  // paths
  ...["db/src", "packages/api/src", "packages/edge/src", "packages/pwa/src", "packages/demo/src", "e2e", "scripts"].map(
    (folder) =>
      law(
        `${folder} meets packages by name`,
        `${folder}/path.ts`,
        `import "../../packages/contracts/src/plate.ts";`,
        restricted,
      ),
  ),
  law("scripts meet db by name", "scripts/db.ts", `import "../db/src/open.ts";`, restricted),
  // shape
  law(
    "no barrels",
    "packages/api/src/barrel.ts",
    `export { one } from "./one.ts";\nexport { two } from "./two.ts";`,
    "house(no-barrel)",
  ),
  law(
    "no wholesale exports",
    "packages/api/src/wholesale.ts",
    `export * from "./one.ts";\nexport const x = 1;`,
    "house(no-barrel)",
  ),
  law("contracts' index is the one barrel", "packages/contracts/src/index.ts", `export * from "./f.ts";`, null),
  law(
    "no cycles",
    "packages/api/src/one.ts",
    `import { two } from "./two.ts";\nexport const one = () => two;`,
    "import(no-cycle)",
  ),
  law(
    "no cycles, seen from the other file",
    "packages/api/src/two.ts",
    `import { one } from "./one.ts";\nexport const two = () => one;`,
    "import(no-cycle)",
  ),
  law(
    "no cycles of types",
    "packages/api/src/three.ts",
    `import type { Four } from "./four.ts";\nexport type Three = Four[];`,
    "import(no-cycle)",
  ),
  law(
    "no cycles of types, seen from the other file",
    "packages/api/src/four.ts",
    `import type { Three } from "./three.ts";\nexport type Four = Three[];`,
    "import(no-cycle)",
  ),
  // the environment
  law(
    "the environment is not read in passing",
    "packages/api/src/env.ts",
    `export const x = process.env["X"];`,
    "node(no-process-env)",
  ),
  law(
    "the environment is not taken apart",
    "packages/api/src/env2.ts",
    `const { env } = process;\nexport const x = env;`,
    "eslint(no-restricted-properties)",
  ),
  ...["packages/api/src", "packages/edge/src", "db/src"].map((folder) =>
    law(
      `${folder} does not import the environment`,
      `${folder}/env3.ts`,
      `import { env } from "node:process";\nexport const x = env;`,
      restricted,
    ),
  ),
  law("config.ts reads the environment", "packages/edge/src/config.ts", `export const x = process.env["X"];`, null),
  // failures
  law(
    "no empty catch",
    "packages/api/src/catch.ts",
    `export const x = () => {\n  try {\n    JSON.parse("");\n  } catch {\n    // never mind\n  }\n};`,
    "house(no-empty-catch)",
  ),
  law("no any", "packages/api/src/any.ts", `export const x = (y: any) => String(y);`, "typescript(no-explicit-any)"),
  law(
    "no silenced compiler",
    "packages/api/src/ignore.ts",
    `// @ts-ignore\nexport const x: string = 1;`,
    "typescript(ban-ts-comment)",
  ),
  law(
    "no console in a service",
    "packages/edge/src/console.ts",
    `console.log("x");\nexport const x = 1;`,
    "eslint(no-console)",
  ),
  law("tools may print", "scripts/console.ts", `console.log("x");\nexport const x = 1;`, null),
  law("a file says what it is for", "packages/api/src/silent.ts", `#export const x = 1;\n`, "house(says-what-for)"),
  law(
    "a file says what it is for first",
    "packages/api/src/late.ts",
    `#export const x = 1;\n/** Late. */\nexport const y = 1;\n`,
    "house(says-what-for)",
  ),
  // promises, which need the types
  law(
    "no promise is left alone",
    "packages/api/src/floating.ts",
    `const f = async () => {};\nexport const x = () => {\n  f();\n};`,
    "typescript(no-floating-promises)",
  ),
  law(
    "no promise where its failure is lost",
    "packages/api/src/misused.ts",
    `export const x = () => [1].forEach(async () => {});`,
    "typescript(no-misused-promises)",
  ),
  law(
    "only promises are awaited",
    "packages/api/src/thenable.ts",
    `export const x = async () => {\n  await 1;\n};`,
    "typescript(await-thenable)",
  ),
  law(
    "a switch names every case",
    "packages/api/src/switch.ts",
    `export const x = (y: "a" | "b") => {\n  switch (y) {\n    case "a":\n      return 1;\n  }\n  return 2;\n};`,
    "typescript(switch-exhaustiveness-check)",
  ),
  law(
    "a test is not left alone in the run",
    "packages/api/src/only.test.ts",
    `import { expect, test } from "vitest";\ntest.only("x", () => {\n  expect(1).toBe(1);\n});`,
    "vitest(no-focused-tests)",
  ),
  law(
    "a test expects something",
    "packages/api/src/nothing.test.ts",
    `import { test } from "vitest";\ntest("x", () => {});`,
    "vitest(expect-expect)",
  ),
];

function law(says: string, file: string, code: string, rule: string | null): Case {
  return { says, file, code, rule };
}

function trespasses(name: string, folder: string, others: string[]): Case[] {
  return others.map((other, index) =>
    law(
      `${name} does not import ${other}`,
      `${folder}/trespass-${index}.ts`,
      `import "@chaverim/${other}";`,
      restricted,
    ),
  );
}

type Finding = { code: string; filename: string };
let tree = "";
let findings: Finding[] = [];

beforeAll(() => {
  tree = realpathSync(mkdtempSync(join(tmpdir(), "import-law-")));
  for (const file of [".oxlintrc.json", ".gitignore", "tsconfig.base.json", "scripts/lint-rules.js"])
    cpSync(join(root, file), join(tree, file));
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  writeFileSync(join(tree, "tsconfig.json"), JSON.stringify({ extends: "./tsconfig.base.json", include: ["**/*.ts"] }));
  for (const { file, code } of CASES) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), code.startsWith("#") ? code.slice(1) : `/** Here to be judged. */\n${code}\n`);
  }
  const run = spawnSync(join(root, "node_modules/.bin/oxlint"), ["--format", "json"], { cwd: tree, encoding: "utf8" });
  expect(run.stderr).toBe("");
  findings = (JSON.parse(run.stdout) as { diagnostics: Finding[] }).diagnostics;
});

afterAll(() => rmSync(tree, { recursive: true, force: true }));

const rulesBroken = (file: string) => findings.filter(({ filename }) => filename === file).map(({ code }) => code);

for (const { says, file, rule } of CASES) {
  test(says, () => {
    expect(rulesBroken(file)).toSatisfy((broken: string[]) =>
      rule === null ? broken.length === 0 : broken.includes(rule),
    );
  });
}
