/**
 * Which tests exist and how each kind runs: pure ones, those on real PostgreSQL, screens, and whole field paths.
 * Rule: a test file belongs to exactly one project by its name and folder.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const screens = "packages/pwa/vitest.config.ts";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{packages/{contracts,api,edge,demo}/src,db/src,scripts}/**/*.test.ts"],
          exclude: [...configDefaults.exclude, "**/*.pg.test.ts"],
          // Some of these start a process, open SQLite or run the linter; 20 s is ten times the slowest on two busy cores.
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        test: {
          name: "pg",
          include: ["{packages/{api,edge,demo}/src,db/src,scripts}/**/*.pg.test.ts"],
          globalSetup: [here("db/src/global-setup.ts")],
          // The first file of a run may have to create the cluster and the migrated template; initdb takes up to 20 s on a slow disk.
          testTimeout: 30_000,
          hookTimeout: 90_000,
          sequence: { groupOrder: 1 },
        },
      },
      ...(existsSync(here(screens)) ? [here(screens)] : []),
      {
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          // Each file owns processes and a browser: side by side they would only measure each other.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
