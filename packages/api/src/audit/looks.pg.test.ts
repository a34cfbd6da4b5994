/**
 * Every door that shows plates, images or lists: its entry is committed before the answer leaves, and without an entry
 * there is no answer.
 * Rule: generated from the access table, so that a new door is tried without anybody thinking of it.
 */
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  PROCEDURES,
  type ProcedureName,
  ROUTES,
  type Role,
  type RouteName,
  accessOf,
  can,
  isBackground,
} from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { openTestDatabase, type TestDatabase } from "@chaverim/db/testing";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type CallName, type Doors, openDoors } from "../testing/doors.ts";
import { logStream } from "./looks.ts";

let database: TestDatabase;
let owner: Sql;
let central: TestCentral;
let doors: Doors;
beforeAll(async () => {
  database = await openTestDatabase(inject("testServerUrl"));
  owner = database.owner;
  central = await openTestCentral({ databaseUrl: database.url });
  doors = await openDoors(central);
}, 120_000);
afterAll(async () => {
  await central[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const isLook = (name: ProcedureName | RouteName): boolean => accessOf(name).logs === "look";
const calls = (Object.keys(PROCEDURES) as ProcedureName[]).filter(
  (name): name is CallName => isLook(name) && name !== "detections.live" && name !== "alerts.live",
);
const routes = (Object.keys(ROUTES) as RouteName[]).filter(isLook);

type Answer = { status: number; requestId: string; bytes: Buffer };

/** Whoever may, the lowest role first: that is where a limit would be forgotten. */
const roleFor = (name: ProcedureName | RouteName): Role => {
  const { needs } = accessOf(name);
  if (needs === "signed_in") return "viewer";
  const role = (["viewer", "operator", "admin"] as const).find((each) => can(each, needs as Parameters<typeof can>[1]));
  if (!role) throw new Error(`nobody may ${name}`);
  return role;
};

/** Takes one look, as a new person each time. */
const look = async (name: ProcedureName | RouteName): Promise<() => Promise<Answer>> => {
  const world = await doors.createWorld(roleFor(name));
  const headers = await doors.signedIn(world.me);
  if (name.startsWith("GET ")) {
    const path = (name.split(" ")[1] ?? "").replace(":detectionId", doors.near.id);
    return async () => {
      const response = await fetch(`${central.url}${path}`, { headers });
      const bytes = Buffer.from(await response.arrayBuffer());
      return { status: response.status, requestId: response.headers.get("x-request-id") ?? "", bytes };
    };
  }
  const input = await doors.inputs[name as CallName](world, "own");
  return async () => {
    const { outcome, requestId, text } = await doors.call(name, input, headers);
    return { status: outcome === "ok" ? 200 : 500, requestId, bytes: Buffer.from(text) };
  };
};

const entriesOf = (requestId: string) =>
  central.sql<{ action: string; outcome: string; shown: number | null; code: string | null }[]>`
    select action, outcome, result_count as shown, purpose_code as code from access_log where request_id = ${requestId}`;

describe.each([...calls, ...routes])("%s", (name) => {
  test("leaves one entry, with what it showed and the purpose where it was stated for it", async () => {
    const { status, requestId } = await (await look(name))();
    expect(status).toBe(200);
    expect(await entriesOf(requestId)).toEqual([
      { action: name, outcome: "ok", shown: expect.any(Number), code: isBackground(name, {}) ? null : "incident" },
    ]);
  });

  test("answers only when its entry is committed", async () => {
    const take = await look(name);
    const release = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    // The writers' own lock: whoever appends waits for it.
    const holding = owner.begin(async (transaction) => {
      await transaction`select pg_advisory_xact_lock(hashtext('chaverim.access_log'))`;
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    const answer = take();
    // A look takes some ten milliseconds; whatever answers within thirty times as long has not waited.
    expect(await Promise.race([answer.then(() => "answered"), sleep(300, "waits")])).toBe("waits");
    release.resolve();
    await holding;
    expect((await answer).status).toBe(200);
  });

  test("shows nothing while the log cannot be written", async () => {
    const take = await look(name);
    const shown = (await take()).bytes;
    await owner`revoke insert on access_log from chaverim_app`;
    const refused = await take();
    await owner`grant insert on access_log to chaverim_app`;
    expect(refused.status).not.toBe(200);
    expect(refused.bytes.includes(shown.subarray(0, 64))).toBe(false);
    expect(refused.bytes.toString()).toContain("access log cannot be written");
    expect((await take()).status).toBe(200);
  });
});

/** A stream of `count` items, each of which shows itself. */
const streamOf = async function* (count: number, shown: string[]) {
  for (let item = 0; item < count; item++) {
    shown.push(String(item));
    yield item;
  }
};

test("What a stream showed while the log could not be written is written down as soon as it can", async () => {
  const { policy } = central.central;
  let asked = 0;
  const failingOnce = async () => {
    // The second time: the beginning is written down, the first thousand rows are not.
    if (++asked === 2) throw new Error("away");
    return policy.current();
  };
  const requestId = crypto.randomUUID();
  const look = { requestId, who: null, ip: null, action: "detections.live", plate: null, filters: {} } as const;
  const shown: string[] = [];
  const flaky = { ...central.central, policy: { ...policy, current: failingOnce } };
  const stream = logStream(flaky, look, streamOf(1000, shown), shown, new IncomingMessage(new Socket()));
  const read = async () => {
    let passed = 0;
    for await (const _ of stream) passed++;
    return passed;
  };
  await expect(read()).rejects.toThrow("away");
  expect((await entriesOf(requestId)).map((entry) => entry.shown)).toEqual([null, 1000]);
});
