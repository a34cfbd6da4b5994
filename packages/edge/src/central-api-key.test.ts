/** The keys that a collector shows, against a real HTTP central. Rule: no rotation ever locks a collector out. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBuffer } from "./buffer.ts";
import { openKeyRing } from "./central-api-key.ts";
import { createCentral } from "./central.ts";
import { createCentralTime, createSystemClock } from "./clock.ts";
import { anApiKey, openTestCentral, temporaryFolder } from "./testing.ts";
import { openVault } from "./vault.ts";

const HOUR_MS = 3_600_000;
const sha256Of = (text: string) => createHash("sha256").update(text).digest("hex");

/** A ring on a real buffer, and a central that knows these keys. */
const openRing = async (known: Set<string>, dataDir?: string, settingsKey = anApiKey) => {
  const stack = new AsyncDisposableStack();
  const folder = dataDir ?? stack.use(await temporaryFolder()).path;
  const server = stack.use(
    await openTestCentral(undefined, ({ headers }) =>
      known.has(String(headers["x-api-key"])) ? { status: 204, body: "" } : { status: 401 },
    ),
  );
  const clock = createSystemClock();
  const vault = await openVault(folder);
  const buffer = stack.use(await openBuffer(folder, clock, { vault }));
  let now = Date.now();
  const keys = openKeyRing(settingsKey, buffer, vault, () => now);
  const options = { url: server.url, keys, version: "1" };
  const central = createCentral(options, clock, createCentralTime(clock), new AbortController().signal);
  const ask = async () => {
    const answer = await central({ method: "GET", path: "/x", timeoutMs: 5_000 });
    return answer.kind === "answered" ? answer.status : null;
  };
  const shown = () => server.requests.map(({ headers }) => headers["x-api-key"]);
  const pass = (ms: number) => void (now += ms);
  return { folder, keys, ask, shown, pass, [Symbol.asyncDispose]: () => stack.disposeAsync() };
};

test("a prepared key is sealed on the disk, survives a restart, and is shown when central has taken it over", async () => {
  await using folder = await temporaryFolder();
  let sha256: string;
  {
    await using ring = await openRing(new Set([anApiKey]), folder.path);
    sha256 = ring.keys.prepare().sha256;
    expect(ring.keys.current()).toBe(anApiKey);
  }
  await using ring = await openRing(new Set([anApiKey]), folder.path);
  ring.keys.change("of another key");
  expect(ring.keys.current()).toBe(anApiKey);
  ring.keys.change(sha256);
  expect(sha256Of(ring.keys.current())).toBe(sha256);
  const file = await readFile(join(folder.path, "buffer.db"), "latin1");
  expect(file).not.toContain(ring.keys.current());
  expect(file).not.toContain(anApiKey);
});

test("within a day of the change a 401 falls back to the old key, after it the old key is gone", async () => {
  const known = new Set([anApiKey]);
  await using ring = await openRing(known);
  ring.keys.change(ring.keys.prepare().sha256);
  const made = ring.keys.current();
  expect(await ring.ask()).toBe(204);
  expect(ring.shown()).toEqual([made, anApiKey]);
  // Central takes the old one: it is shown first from now on, and the new one is not forgotten.
  expect(await ring.ask()).toBe(204);
  known.delete(anApiKey);
  known.add(made);
  expect(await ring.ask()).toBe(204);
  expect(ring.shown().slice(2)).toEqual([anApiKey, anApiKey, made]);
  ring.pass(24 * HOUR_MS + 1);
  expect(ring.keys.othersThan(made)).toEqual([]);
  known.clear();
  expect(await ring.ask()).toBe(401);
  expect(ring.shown()).toHaveLength(6);
});

test("an acknowledgement whose answer was lost locks nobody out: the prepared key is tried when the old one ends", async () => {
  const known = new Set<string>();
  await using ring = await openRing(known);
  const { sha256 } = ring.keys.prepare();
  const prepared = ring.keys.othersThan(anApiKey)[0] ?? "";
  expect(sha256Of(prepared)).toBe(sha256);
  known.add(prepared);
  expect(await ring.ask()).toBe(204);
  expect(ring.keys.current()).toBe(prepared);
});

test("two requests that meet the same 401 both find the key that works", async () => {
  const known = new Set<string>();
  await using ring = await openRing(known);
  ring.keys.prepare();
  known.add(ring.keys.othersThan(anApiKey)[0] ?? "");
  expect(await Promise.all([ring.ask(), ring.ask(), ring.ask()])).toEqual([204, 204, 204]);
});

test("a new key in the settings ends what was made before", async () => {
  await using folder = await temporaryFolder();
  {
    await using ring = await openRing(new Set(), folder.path);
    ring.keys.change(ring.keys.prepare().sha256);
    expect(ring.keys.current()).not.toBe(anApiKey);
  }
  const other = `alpr_${"b".repeat(43)}`;
  await using ring = await openRing(new Set(), folder.path, other);
  expect([ring.keys.current(), ...ring.keys.othersThan(other)]).toEqual([other]);
});
