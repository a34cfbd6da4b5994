/** The environment: defaults that work, and every mistake at once. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ConfigError, readConfig } from "./config.ts";

const mistakesIn = (environment: Record<string, string>): string[] => {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split("\n");
  }
};

test("With nothing set central listens on this machine alone, with its own database and files", () => {
  expect(readConfig({})).toMatchObject({
    port: 3000,
    host: "127.0.0.1",
    publicUrl: null,
    databaseUrl: null,
    databaseOwnerUrl: null,
    evidence: { store: "filesystem" },
    trustProxy: 0,
    simulated: false,
  });
});

test("Empty variables mean: not set", () => {
  expect(readConfig({ PORT: "", DATABASE_URL: "", PUBLIC_URL: "" })).toEqual(readConfig({}));
});

test("All mistakes are told at once, each with the variable's name", () => {
  const mistakes = mistakesIn({
    PORT: "http",
    DATABASE_URL: "mysql://x",
    DATABASE_OWNER_URL: "https://x",
    LOG_LEVEL: "loud",
    TRUST_PROXY: "9",
    METRICS_TOKEN: "short",
    SIMULATED: "maybe",
  });
  for (const name of [
    "PORT",
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "LOG_LEVEL",
    "TRUST_PROXY",
    "METRICS_TOKEN",
    "SIMULATED",
  ]) {
    expect(mistakes.filter((line) => line.startsWith(`${name} `))).toHaveLength(1);
  }
});

test("Mistakes of values and of what belongs together are told at once as well", () => {
  const mistakes = mistakesIn({ PORT: "99999", EVIDENCE_STORE: "s3", PUBLIC_URL: "http://alpr.example.org" });
  for (const name of ["PORT", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "PUBLIC_URL"]) {
    expect([name, mistakes.some((line) => line.startsWith(`${name} `))]).toEqual([name, true]);
  }
});

test("The owner of the database is a login beside the one that central works with, never alone", () => {
  const owner = "postgres://owner:b@db.example.org/alpr";
  const both = { DATABASE_URL: "postgres://central:a@db.example.org/alpr", DATABASE_OWNER_URL: owner };
  expect(readConfig(both)).toMatchObject({ databaseUrl: both.DATABASE_URL, databaseOwnerUrl: owner });
  expect(readConfig({ DATABASE_URL: both.DATABASE_URL }).databaseOwnerUrl).toBeNull();
  expect(mistakesIn({ DATABASE_OWNER_URL: owner })).toEqual([expect.stringMatching(/^DATABASE_OWNER_URL needs/)]);
});

test("Other machines are served behind https alone", () => {
  expect(mistakesIn({ HOST: "0.0.0.0" })).toEqual([expect.stringMatching(/^PUBLIC_URL is needed/)]);
  expect(mistakesIn({ HOST: "0.0.0.0", PUBLIC_URL: "http://192.168.1.5:3000" })).toEqual([
    expect.stringMatching(/^PUBLIC_URL must be https/),
  ]);
  expect(mistakesIn({ HOST: "0.0.0.0", PUBLIC_URL: "https://alpr.example.org/" })).toEqual([]);
  expect(mistakesIn({ PUBLIC_URL: "http://localhost:8080" })).toEqual([]);
});

test("The secret of the object store comes from a file when one is named", () => {
  const directory = mkdtempSync(join(tmpdir(), "chaverim-config-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "secret");
  writeFileSync(path, "from the file\n");
  const s3 = { EVIDENCE_STORE: "s3", S3_ENDPOINT: "https://objects.example.org", S3_ACCESS_KEY: "key" };
  expect(readConfig({ ...s3, S3_SECRET_KEY_FILE: path }).evidence).toMatchObject({
    secretKey: "from the file",
    retentionDays: 30,
  });
  expect(mistakesIn({ ...s3, S3_SECRET_KEY_FILE: `${path}.missing` })).toEqual([
    expect.stringContaining("S3_SECRET_KEY_FILE"),
  ]);
});

test("The map's ground asks no network by itself; another one needs its place and its owner's name", () => {
  expect(readConfig({}).map).toEqual({ kind: "builtin", attribution: "" });
  const tiles = { MAP_SOURCE: "xyz", MAP_URL: "https://tiles.example.org/{z}/{x}/{y}.png", MAP_ATTRIBUTION: "Example" };
  expect(readConfig(tiles).map).toEqual({ kind: "xyz", url: tiles.MAP_URL, attribution: "Example" });
  const own = { MAP_SOURCE: "pmtiles", MAP_URL: "/maps/town.pmtiles", MAP_ATTRIBUTION: "Example" };
  expect(readConfig(own).map).toMatchObject({ kind: "pmtiles", url: own.MAP_URL });
  for (const place of ["http://tiles.example.org/{z}/{x}/{y}.png", "javascript:alert(1)", "//tiles.example.org/a"])
    expect(mistakesIn({ ...tiles, MAP_URL: place }).join()).toContain("MAP_URL");
  const mistakes = mistakesIn({ MAP_SOURCE: "pmtiles", MAP_URL: "town.pmtiles" }).join("\n");
  expect(mistakes).toContain("MAP_URL");
  expect(mistakes).toContain("MAP_ATTRIBUTION");
});
