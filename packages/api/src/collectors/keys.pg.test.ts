/** Collectors' keys: two at most, ended at once everywhere, and no detection lost by any of it. */
import type { Detection } from "@chaverim/contracts";
import { openDatabase } from "@chaverim/db/open";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetection, aJpeg, sendBatch } from "../testing/batches.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";
import { placeCamera } from "./cameras.ts";
import { revokeKey, rotateKey } from "./keys.ts";

let central: TestCentral;
let admin: Browser;
beforeAll(async () => {
  central = await openTestCentral();
  admin = await central.signIn("admin");
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const send = async (apiKey: string, detections: readonly Detection[] = [aDetection()], url = central.url) => {
  const { status, failure } = await sendBatch(url, apiKey, detections);
  return failure.code ?? status;
};
const beat = async (apiKey: string) => {
  const response = await fetch(`${central.url}/api/v1/heartbeat`, {
    method: "POST",
    headers: { "X-API-Key": apiKey, "Content-Type": "application/json" },
    body: "{}",
  });
  return ((await response.json()) as { code?: string }).code;
};
const keysOf = async (id: string, who = admin) =>
  (await who.trpc.collectors.list.query()).find((collector) => collector.id === id)?.keys ?? [];
const calm = async () => {
  const { user } = await admin.trpc.auth.me.query();
  for (const limit of ["admin", "remove"] as const) await central.central.limits.forget(limit, user.id);
};

test("A collector is made with a key that is told once; whoever does not manage collectors sees none of its keys", async () => {
  const { id, apiKey } = await admin.trpc.collectors.create.mutate({ name: "South Gate" });
  expect(await send(apiKey)).toBe(200);
  const [key] = await keysOf(id);
  expect(key).toMatchObject({
    prefix: apiKey.slice(0, 10),
    scopes: ["ingest", "heartbeat"],
    createdBy: "A admin",
    lastUsedAt: expect.any(String),
    lastUsedIp: "127.0.0.1",
    expiresAt: null,
    revoked: null,
  });
  expect(await keysOf(id, await central.signIn("operator"))).toEqual([]);
  expect(await failureOf(admin.trpc.collectors.create.mutate({ name: "SOUTH gate" }))).toBe("conflict");
  const written = await central.sql`select 1 from access_log where filters::text like ${`%${apiKey.slice(10)}%`}`;
  expect(written).toEqual([]);
});

test("After a rotation both keys work for a day; a further one within it ends the oldest at once", async () => {
  const { id, apiKey: first } = await central.addCollector();
  const { apiKey: second, oldKeyUntil } = await admin.trpc.collectors.rotateKey.mutate({ id });
  expect(Date.parse(oldKeyUntil ?? "") - Date.now()).toBeGreaterThan(23.9 * 3_600_000);
  expect(Date.parse(oldKeyUntil ?? "") - Date.now()).toBeLessThan(24.1 * 3_600_000);
  expect([await send(first), await send(second)]).toEqual([200, 200]);
  const { apiKey: third } = await admin.trpc.collectors.rotateKey.mutate({ id });
  expect([await send(first), await send(second), await send(third)]).toEqual(["key_revoked", 200, 200]);
  expect(
    (await keysOf(id)).map(({ prefix, expiresAt, revoked }) => [prefix, expiresAt !== null, revoked !== null]),
  ).toEqual([
    [third.slice(0, 10), false, false],
    [second.slice(0, 10), true, false],
    [first.slice(0, 10), true, true],
  ]);
});

test("Rotations at the same moment leave two keys that work, one of them without an end", async () => {
  const { id, apiKey } = await central.addCollector();
  await calm();
  const made = await Promise.all(Array.from({ length: 5 }, () => admin.trpc.collectors.rotateKey.mutate({ id })));
  const answers = await Promise.all([apiKey, ...made.map((one) => one.apiKey)].map((key) => send(key)));
  expect(answers.filter((answer) => answer === 200)).toHaveLength(2);
  const live = (await keysOf(id)).filter(({ revoked }) => !revoked);
  expect(live.map(({ expiresAt }) => expiresAt === null)).toEqual([true, false]);
});

test("A key whose day is over is told that a newer one takes its place; another rotation does not make it longer", async () => {
  const { id, apiKey } = await central.addCollector();
  expect(await send(apiKey)).toBe(200);
  const { apiKey: newer } = await rotateKey(central.sql, id, null);
  await central.sql`update collector_keys set expires_at = now() + interval '400 ms'
    where collector_id = ${id} and expires_at is not null`;
  central.central.collectorKeys.forget();
  expect(await send(apiKey)).toBe(200);
  // It is remembered now; its end counts all the same.
  await expect.poll(() => send(apiKey)).toBe("key_revoked");
  const { failure } = await sendBatch(central.url, apiKey, [aDetection()]);
  expect(failure).toMatchObject({ message: expect.stringMatching(/newer one/) });
  // The one that is left gets a day; with none left there is nothing to wait for.
  expect((await rotateKey(central.sql, id, null)).oldKeyUntil).not.toBeNull();
  for (const { id: keyId } of (await keysOf(id)).filter(({ revoked }) => !revoked))
    await revokeKey(central.sql, keyId, "all of them", null);
  expect((await rotateKey(central.sql, id, null)).oldKeyUntil).toBeNull();
  await expect.poll(() => send(newer)).toBe("key_revoked");
});

test("A revoked key ends at once here, and within a moment at another server that remembers it", async () => {
  await using other = await openTestCentral({ databaseUrl: central.databaseUrl, config: { dataDir: central.dataDir } });
  const { id, apiKey } = await central.addCollector();
  expect([await send(apiKey), await send(apiKey, [aDetection()], other.url)]).toEqual([200, 200]);
  const [key] = await keysOf(id);
  await calm();
  await admin.trpc.collectors.revokeKey.mutate({ keyId: key?.id ?? "", reason: "found on a desk" });
  expect([await send(apiKey), await beat(apiKey)]).toEqual(["key_revoked", "key_revoked"]);
  await expect.poll(() => send(apiKey, [aDetection()], other.url), { timeout: 2000 }).toBe("key_revoked");
  expect((await keysOf(id))[0]?.revoked).toEqual({ at: expect.any(String), reason: "found on a desk" });
  // The first reason stays.
  await admin.trpc.collectors.revokeKey.mutate({ keyId: key?.id ?? "", reason: "once more" });
  expect((await keysOf(id))[0]?.revoked?.reason).toBe("found on a desk");
  const missing = { keyId: crypto.randomUUID(), reason: "none" };
  expect(await failureOf(admin.trpc.collectors.revokeKey.mutate(missing))).toBe("not_found");
});

test("The use of a revoked key is written down once, and once in ten minutes while somebody goes on trying", async () => {
  const { id, name, apiKey } = await central.addCollector();
  expect(await send(apiKey)).toBe(200);
  await calm();
  await admin.trpc.collectors.revoke.mutate({ id, reason: "stolen" });
  const entries = () => central.sql`
    select action, user_id as "userId", outcome, failure, ip, filters ->> 'collector' as collector,
      filters ->> 'prefix' as prefix from access_log where outcome = 'denied' and filters ->> 'collectorId' = ${id} order by id`;
  const entry = {
    action: "POST /api/v1/detections/batch",
    userId: null,
    outcome: "denied",
    failure: "key_revoked",
    ip: "127.0.0.1",
    collector: name,
    prefix: apiKey.slice(0, 10),
  };
  const tries = await Promise.all(Array.from({ length: 8 }, () => send(apiKey)));
  expect(new Set(tries)).toEqual(new Set(["key_revoked"]));
  expect(await entries()).toEqual([entry]);
  await central.sql`update collector_keys set revoked_at = revoked_at - interval '1 hour',
    last_used_at = last_used_at - interval '11 minutes' where collector_id = ${id}`;
  expect([await beat(apiKey), await send(apiKey)]).toEqual(["key_revoked", "key_revoked"]);
  expect(await entries()).toEqual([entry, { ...entry, action: "POST /api/v1/heartbeat" }]);
});

test("A key is good for what its scopes say, and for nothing else", async () => {
  const { id, apiKey } = await central.addCollector();
  await central.sql`update collector_keys set scopes = '{heartbeat}' where collector_id = ${id}`;
  expect([await send(apiKey), await beat(apiKey)]).toEqual(["scope", "invalid"]);
  const { status } = await sendBatch(central.url, apiKey, [aDetection()]);
  expect(status).toBe(403);
});

test("A key that works is remembered: the next request asks the database nothing about it", async () => {
  await using database = openDatabase(central.databaseUrl, { max: 1 });
  const known = await central.addCollector();
  const other = await central.addCollector();
  await beat(known.apiKey);
  await database.sql.begin(async (transaction) => {
    await transaction`lock table collector_keys in access exclusive mode`;
    expect(await beat(known.apiKey)).toBe("invalid");
    const waiting = Promise.race([beat(other.apiKey), new Promise((resolve) => setTimeout(resolve, 300, "waits"))]);
    expect(await waiting).toBe("waits");
  });
});

test("The name of a revoked collector goes to the one that replaces it, with its cameras", async () => {
  await calm();
  const before = await admin.trpc.collectors.create.mutate({ name: "Market" });
  await placeCamera(central.sql, "Market", { id: "gate" });
  await admin.trpc.collectors.revoke.mutate({ id: before.id, reason: "broken" });
  const after = await admin.trpc.collectors.create.mutate({ name: "market" });
  const { id } = await placeCamera(central.sql, "MARKET", { id: "gate" });
  expect(await central.sql`select collector_id as id from cameras where id = ${id}`).toEqual([{ id: after.id }]);
  expect([await send(before.apiKey), await send(after.apiKey)]).toEqual(["key_revoked", 200]);
  expect(await failureOf(admin.trpc.collectors.rotateKey.mutate({ id: before.id }))).toBe("not_found");
});

test("A camera is approved with its area; what is not given stays", async () => {
  const { id } = await central.addCollector(["gate"]);
  const [camera] = await central.sql<{ id: string }[]>`select id from cameras where collector_id = ${id}`;
  const cameraId = camera?.id ?? "";
  await admin.trpc.collectors.approveCamera.mutate({ cameraId, name: "North gate", area: "North" });
  await admin.trpc.collectors.approveCamera.mutate({ cameraId });
  expect(await central.sql`select name, area from cameras where id = ${cameraId}`).toEqual([
    { name: "North gate", area: "North" },
  ]);
});

test("A collector that uploads on while its key is rotated and then revoked loses nothing, and sends nothing twice", async () => {
  const { id, apiKey: first } = await central.addCollector(["gate"]);
  const [old] = await keysOf(id);
  let apiKey = first;
  const sent: string[] = [];
  const refusals: string[] = [];
  let uploading = true;
  /** Sends batch after batch with the key that it has; a refused one stays at the head of the queue. */
  const upload = async () => {
    for (let batch = 0; uploading || batch < 20; batch++) {
      const pictures = { crop: aJpeg(20_000) };
      const detections = Array.from({ length: 5 }, (_, index) =>
        aDetection({ plate: `MID${batch}I${index}` }, pictures),
      );
      sent.push(...detections.map((detection) => detection.id));
      for (;;) {
        const answer = await sendBatch(
          central.url,
          apiKey,
          detections,
          detections.map(() => pictures),
        ).catch((error: unknown) => {
          // A refused body is not read to its end: a client that is still writing may find the line cut.
          if (error instanceof TypeError) return null;
          throw error;
        });
        if (answer?.status === 200) break;
        refusals.push(answer?.failure.code ?? "cut");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const uploads = Promise.all([upload(), upload()]);
  await calm();
  const rotated = await admin.trpc.collectors.rotateKey.mutate({ id });
  await new Promise((resolve) => setTimeout(resolve, 300));
  // The old key goes on: nobody has been to the site yet.
  expect(refusals).toEqual([]);
  await admin.trpc.collectors.revokeKey.mutate({ keyId: old?.id ?? "", reason: "mid-upload" });
  await expect.poll(() => refusals.length).toBeGreaterThan(0);
  apiKey = rotated.apiKey;
  uploading = false;
  await uploads;
  expect(refusals.filter((refusal) => refusal !== "cut" && refusal !== "key_revoked")).toEqual([]);
  const stored = await central.sql<{ id: string; images: number }[]>`
    select p.id, (select count(*)::int from evidence_images i where i.detection_id = p.id) as images
    from evidence_payloads p where p.collector_id = ${id}`;
  expect(stored.map((row) => row.id).toSorted()).toEqual(sent.toSorted());
  expect(new Set(stored.map(({ images }) => images))).toEqual(new Set([1]));
});
