/** Tests of the data directory: fresh, kept, half-deleted, and somebody else's. */
import { mkdtemp, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfig } from "../config.ts";
import type { Config } from "../config.ts";
import { markDirectory, readState, saveCredentials } from "./state.ts";
import type { Credentials } from "./state.ts";

const credentials: Credentials = {
  seed: 1,
  password: "a long enough password",
  accounts: (["admin", "operator", "viewer"] as const).map((role) => ({
    email: `${role}@demo.local`,
    name: role,
    role,
    totpSecret: "MZXW6",
  })),
  keys: { North: "alpr_n", Town: "alpr_t", Bridge: "alpr_b" },
  tokens: {},
};
let dataDir: string;
const configWith = (...args: string[]): Config => {
  const config = readConfig(args, { DATA_DIR: dataDir });
  if (config === "help") throw new Error("No help was asked for.");
  return config;
};
const makeDatabase = async () => {
  await mkdir(join(dataDir, "postgres", "cluster"), { recursive: true });
  await writeFile(join(dataDir, "postgres", "cluster", "PG_VERSION"), "18\n");
};

beforeEach(async () => {
  dataDir = join(await mkdtemp(join(tmpdir(), "demo-state-")), "demo");
});
afterEach(() => rm(join(dataDir, ".."), { recursive: true, force: true }));

test("a directory that does not exist is a first start", async () => {
  expect(await readState(configWith())).toBeNull();
});

test("a second start gets the same credentials, kept where only their owner can read them", async () => {
  await markDirectory(configWith());
  await makeDatabase();
  await saveCredentials(configWith(), credentials);
  expect(await readState(configWith())).toEqual(credentials);
  expect((await stat(join(dataDir, "credentials.json"))).mode & 0o777).toBe(0o600);
});

test("a directory with data that the demo did not make is refused", async () => {
  await makeDatabase();
  await expect(readState(configWith())).rejects.toThrow("never mixed with real data");
});

test("a database without credentials, and credentials without a database, say how to start again", async () => {
  await markDirectory(configWith());
  await makeDatabase();
  await expect(readState(configWith())).rejects.toThrow(
    /has a database but not its credentials.json: run `rm -rf .*` and start again\.$/,
  );
  await rm(join(dataDir, "postgres"), { recursive: true });
  await saveCredentials(configWith(), credentials);
  await expect(readState(configWith())).rejects.toThrow(/no database: run `rm -rf .*` and start again\.$/);
});

test("a torn credentials file says how to start again", async () => {
  await markDirectory(configWith());
  await makeDatabase();
  await writeFile(join(dataDir, "credentials.json"), '{"seed": 1, "pass');
  await expect(readState(configWith())).rejects.toThrow("start again");
});

test("another seed than the town's is refused, the same one is not", async () => {
  await markDirectory(configWith());
  await makeDatabase();
  await saveCredentials(configWith(), credentials);
  await expect(readState(configWith("--seed", "2"))).rejects.toThrow("the town of seed 1");
  expect(await readState(configWith("--seed", "1"))).toEqual(credentials);
});
