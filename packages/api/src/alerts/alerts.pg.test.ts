/** From a batch to an alert on a screen: who is matched, who stays silent, and that no screen misses or repeats anything. */
import type { AlertView, Detection } from "@chaverim/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enqueue } from "../jobs.ts";
import { aDetection, aJpeg, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";
import { DETECTIONS_TOPIC } from "./engine.ts";

let central: TestCentral;
let collector: TestCollector;
let operator: Browser;
let viewer: Browser;
let watchlistId: string;
beforeAll(async () => {
  central = await openTestCentral();
  collector = await central.addCollector(["gate"]);
  operator = await central.signIn("operator");
  viewer = await central.signIn("viewer");
  watchlistId = (await operator.trpc.watchlists.list.query())[0]?.id ?? "";
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

type Entry = { match?: "exact" | "look-alike"; expiresAt?: string };
const watch = async (plate: string, entry: Entry = {}) => {
  // More entries than a person may add in a minute.
  await central.central.limits.forget("watchlist", (await operator.trpc.auth.me.query()).user.id);
  return (await operator.trpc.watchlists.addEntry.mutate({ watchlistId, plate, reason: "stolen", ...entry })).entry;
};
const see = (detections: readonly Detection[]) => sendBatch(central.url, collector.apiKey, detections);
/** Alerts of the detections, once every job so far is done. */
const alertsOf = async (detections: readonly Detection[]) => {
  await expect.poll(() => central.sql`select 1 from outbox`, { timeout: 5000 }).toEqual([]);
  const ids = detections.map(({ id }) => id);
  return central.sql<{ id: string; entryId: string; late: boolean; match: AlertView["match"] }[]>`
    select id, entry_id as "entryId", late, match from alerts where detection_id = any(${ids}::uuid[]) order by change`;
};
const seen = async (overrides: Parameters<typeof aDetection>[0]) => {
  const detections = [aDetection(overrides)];
  await see(detections);
  return alertsOf(detections);
};

test("A listed plate raises an alert that says what was listed, where it was seen, and by whom it was listed", async () => {
  const entry = await watch("12-345-67");
  const detection = aDetection({ plate: "12 345 67", vehicle: { make: "Skoda", color: "white" } });
  await see([detection]);
  const [found] = await alertsOf([detection]);
  const { alerts } = await viewer.trpc.alerts.since.query({ cursor: null });
  expect(alerts[0]).toMatchObject({
    id: found?.id,
    state: "new",
    priority: 2,
    watchlist: { id: watchlistId, name: "Watched vehicles" },
    entry: { id: entry.id, plate: "12-345-67", reason: "stolen", addedBy: "A operator" },
    detection: { id: detection.id, plate: { text: "12 345 67", normalized: "1234567" }, camera: { name: "gate" } },
    match: { kind: "exact", differences: [] },
    late: false,
    acknowledged: null,
    resolved: null,
  });
});

test("What a camera sends again from its memory does not silence the live reading that follows it", async () => {
  await watch("BACKAGAIN");
  const at = (ms: number) => new Date(Date.now() - ms).toISOString();
  const memory = aDetection({
    plate: "BACKAGAIN",
    capturedAt: at(20_000),
    vendor: { name: "hikvision", retransmitted: true },
  });
  const live = aDetection({ plate: "BACKAGAIN", capturedAt: at(5000) });
  await see([memory]);
  await see([live]);
  expect((await alertsOf([memory, live])).length).toBe(1);
});

test("A cursor that central does not know, as after a restored backup, begins anew instead of waiting for ever", async () => {
  const { cursor } = await viewer.trpc.alerts.since.query({ cursor: null });
  const answer = await viewer.trpc.alerts.since.query({ cursor: cursor + 1000 });
  expect(answer).toMatchObject({ cursor, reset: true });
  expect(answer.alerts.length).toBeGreaterThan(0);
  expect(await viewer.trpc.alerts.since.query({ cursor })).toEqual({ alerts: [], cursor, more: false, reset: false });
});

test("A picture that follows its detection changes the alert, so that a phone that holds it fetches it again", async () => {
  await watch("PICLATE");
  const crop = aJpeg();
  const detection = aDetection({ plate: "PICLATE" }, { crop });
  await see([detection]);
  await alertsOf([detection]);
  const before = await viewer.trpc.alerts.since.query({ cursor: null });
  expect(before.alerts[0]?.detection).toMatchObject({ id: detection.id, images: { crop: null } });
  await sendBatch(central.url, collector.apiKey, [detection], [{ crop }]);
  await alertsOf([detection]);
  const { alerts } = await viewer.trpc.alerts.since.query({ cursor: before.cursor });
  expect(alerts.map(({ id }) => id)).toEqual([before.alerts[0]?.id]);
  expect(alerts[0]?.detection.images.crop).toBe(`/api/evidence/${detection.id}/crop`);
});

test("A look-alike raises an alert that names the characters that differ; an exact-only entry does not", async () => {
  const lookAlike = await watch("B8O0");
  await watch("S5I1", { match: "exact" });
  const [alert] = await seen({ plate: "88O0" });
  expect(alert).toMatchObject({
    entryId: lookAlike.id,
    match: { kind: "look-alike", differences: [{ index: 0, listed: "B", read: "8" }] },
  });
  expect(await seen({ plate: "SSI1" })).toEqual([]);
  expect(await seen({ plate: "S5I1" })).toHaveLength(1);
});

test("A plate on two lists raises one alert for each", async () => {
  const other = await operator.trpc.watchlists.create.mutate({ name: "Urgent", priority: 1 });
  await watch("TWO2");
  await operator.trpc.watchlists.addEntry.mutate({ watchlistId: other.id, plate: "TW02", reason: "wanted" });
  expect(await seen({ plate: "TWO2" })).toHaveLength(2);
});

test("Entries are in force at once, and removed, restored and expired entries as soon as they are", async () => {
  const entry = await watch("COME1");
  expect(await seen({ plate: "COME1" })).toHaveLength(1);
  await operator.trpc.watchlists.removeEntry.mutate({ id: entry.id });
  expect(
    await seen({ plate: "COME1", cameraId: "gate", capturedAt: new Date(Date.now() - 60_000).toISOString() }),
  ).toEqual([]);
  await operator.trpc.watchlists.restoreEntry.mutate({ id: entry.id });
  expect(await seen({ plate: "COME1", capturedAt: new Date(Date.now() - 120_000).toISOString() })).toHaveLength(1);
  await watch("GONE1", { expiresAt: new Date(Date.now() + 300).toISOString() });
  await expect
    .poll(async () =>
      (await operator.trpc.watchlists.list.query()).flatMap(({ entries }) => entries.map(({ plate }) => plate)),
    )
    .not.toContain("GONE1");
  expect(await seen({ plate: "GONE1" })).toEqual([]);
  expect(await failureOf(watch("PAST1", { expiresAt: "2020-01-01T00:00:00Z" }))).toBe("invalid");
});

test("The second sighting within 30 s, a camera's retransmission and an unapproved camera stay silent", async () => {
  await watch("QUIET1");
  const [first, second] = [aDetection({ plate: "QUIET1" }), aDetection({ plate: "QUIET1" })];
  await see([first, second]);
  expect(await alertsOf([first, second])).toHaveLength(1);
  const vendor = { name: "hikvision", retransmitted: true };
  expect(await seen({ plate: "QUIET1", vendor, capturedAt: new Date(Date.now() - 3_600_000).toISOString() })).toEqual(
    [],
  );
  expect(await seen({ plate: "QUIET1", cameraId: "nobody approved me" })).toEqual([]);
});

test("An approved camera raises alerts from then on", async () => {
  await watch("APPROVE1");
  expect(
    await seen({ plate: "APPROVE1", cameraId: "soon", capturedAt: new Date(Date.now() - 60_000).toISOString() }),
  ).toEqual([]);
  const admin = await central.signIn("admin");
  const camera = (await admin.trpc.collectors.list.query())
    .flatMap(({ cameras }) => cameras)
    .find(({ name }) => name === "soon");
  await admin.trpc.collectors.approveCamera.mutate({ cameraId: camera?.id ?? "", name: "Back gate" });
  expect(await seen({ plate: "APPROVE1", cameraId: "soon" })).toHaveLength(1);
});

test("Seen more than ten minutes before it arrived, an alert is marked late", async () => {
  await watch("LATE1");
  const [late] = await seen({ plate: "LATE1", capturedAt: new Date(Date.now() - 11 * 60_000).toISOString() });
  expect(late?.late).toBe(true);
  const [now] = await seen({ plate: "LATE1", capturedAt: new Date(Date.now() - 9 * 60_000).toISOString() });
  expect(now?.late).toBe(false);
});

test("A job that runs twice, and a batch that is sent twice, raise no second alert", async () => {
  await watch("ONCE1");
  const detection = aDetection({ plate: "ONCE1" });
  await see([detection]);
  expect(await alertsOf([detection])).toHaveLength(1);
  await see([detection]);
  const [row] = await central.sql<{ at: Date }[]>`select detected_at as at from detections where id = ${detection.id}`;
  const job = [
    { key: ["ONCE1", row?.at.getTime() ?? 0, detection.id], silent: false, approved: true, receivedAtMs: Date.now() },
  ];
  await central.sql.begin((transaction) => enqueue(transaction, DETECTIONS_TOPIC, job));
  expect(await alertsOf([detection])).toHaveLength(1);
});

test("A job that cannot be done is tried again later and holds up no other", async () => {
  await watch("AFTER1");
  await central.sql.begin((transaction) => enqueue(transaction, DETECTIONS_TOPIC, [{ not: "a detection" }]));
  const detection = aDetection({ plate: "AFTER1" });
  await see([detection]);
  await expect
    .poll(() => central.sql`select 1 from alerts where detection_id = ${detection.id}`, { timeout: 5000 })
    .toHaveLength(1);
  const [stuck] =
    await central.sql`select attempts, last_error is not null as told, run_after > now() as later from outbox`;
  expect(stuck).toEqual({ attempts: expect.any(Number), told: true, later: true });
  expect(stuck?.["attempts"]).toBeGreaterThan(0);
  await central.sql`delete from outbox`;
});

test("The first acknowledgement owns an alert; an outcome ends it, and a later outcome corrects it", async () => {
  await watch("ANSWER1");
  const [alert] = await seen({ plate: "ANSWER1" });
  const id = alert?.id ?? "";
  const first = await viewer.trpc.alerts.acknowledge.mutate({ id });
  expect(first).toMatchObject({ state: "acknowledged", acknowledged: { by: "A viewer" } });
  const second = await operator.trpc.alerts.acknowledge.mutate({ id });
  expect(second).toEqual({ ...first, detection: second.detection });
  const resolved = await operator.trpc.alerts.resolve.mutate({ id, outcome: "confirmed" });
  expect(resolved).toMatchObject({
    state: "resolved",
    acknowledged: { by: "A viewer" },
    resolved: { by: "A operator", outcome: "confirmed" },
  });
  expect(resolved.change).toBeGreaterThan(first.change);
  const again = await viewer.trpc.alerts.resolve.mutate({ id, outcome: "confirmed" });
  expect(again.change).toBe(resolved.change);
  const corrected = await viewer.trpc.alerts.resolve.mutate({ id, outcome: "not_a_match" });
  expect(corrected).toMatchObject({ state: "resolved", resolved: { by: "A viewer", outcome: "not_a_match" } });
  const late = await viewer.trpc.alerts.acknowledge.mutate({ id });
  expect(late.state).toBe("resolved");
  expect(await failureOf(viewer.trpc.alerts.acknowledge.mutate({ id: crypto.randomUUID() }))).toBe("not_found");
  expect(await failureOf(viewer.trpc.alerts.resolve.mutate({ id: crypto.randomUUID(), outcome: "lost" }))).toBe(
    "not_found",
  );
});

test("An alert that is ended without being acknowledged counts as acknowledged by who ended it", async () => {
  await watch("DIRECT1");
  const [alert] = await seen({ plate: "DIRECT1" });
  const resolved = await viewer.trpc.alerts.resolve.mutate({ id: alert?.id ?? "", outcome: "handed_over" });
  expect(resolved).toMatchObject({ state: "resolved", acknowledged: { by: "A viewer" }, resolved: { by: "A viewer" } });
});

test("Two people who acknowledge at the same moment agree on who was first", async () => {
  await watch("BOTH1");
  const [alert] = await seen({ plate: "BOTH1" });
  const views = await Promise.all(
    [viewer, operator, viewer, operator].map((who) => who.trpc.alerts.acknowledge.mutate({ id: alert?.id ?? "" })),
  );
  expect(new Set(views.map(({ acknowledged }) => JSON.stringify(acknowledged))).size).toBe(1);
});

test("What changed since a cursor comes in order and in pages, with nothing left out", async () => {
  await watch("PAGE1");
  const { cursor: start } = await viewer.trpc.alerts.since.query({ cursor: null });
  const detections = Array.from({ length: 7 }, (_, index) =>
    aDetection({ plate: "PAGE1", capturedAt: new Date(Date.now() - index * 31_000).toISOString() }),
  );
  await see(detections);
  await alertsOf(detections);
  const read: AlertView[] = [];
  let cursor = start;
  for (;;) {
    const page = await viewer.trpc.alerts.since.query({ cursor, limit: 3 });
    read.push(...page.alerts);
    cursor = page.cursor;
    if (!page.more) break;
  }
  expect(read.map(({ detection }) => detection.id).toSorted()).toEqual(detections.map(({ id }) => id).toSorted());
  const changes = read.map(({ change }) => change);
  expect(changes).toEqual(changes.toSorted((a, b) => a - b));
});

test("A live channel that breaks again and again misses no alert and no answer, and repeats none", async () => {
  await central.central.limits.forget("watchlist", (await operator.trpc.auth.me.query()).user.id);
  await watch("FLOOD1");
  const heard: { id: string; change: number; state: string }[] = [];
  let lastEventId: string | null = String((await viewer.trpc.alerts.since.query({ cursor: null })).cursor);
  let listening = true;
  const listen = (async () => {
    while (listening) {
      await using screen = central.openBrowser();
      for (const [name, value] of viewer.cookies) screen.cookies.set(name, value);
      const wanted = 10 + Math.floor(Math.random() * 20);
      await new Promise<void>((resolve) => {
        let count = 0;
        const stop = () => {
          subscription.unsubscribe();
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(stop, 400);
        const subscription = screen.trpc.alerts.live.subscribe(
          { lastEventId },
          {
            onData: ({ id, data }) => {
              if (count >= wanted) return;
              heard.push({ id: data.id, change: data.change, state: data.state });
              lastEventId = id;
              if (++count === wanted) stop();
            },
            onError: stop,
          },
        );
      });
    }
  })();
  const people = await Promise.all(["viewer", "operator"].map((role) => central.signIn(role as "viewer" | "operator")));
  const detections = Array.from({ length: 200 }, (_, index) =>
    aDetection({ plate: "FLOOD1", capturedAt: new Date(Date.now() - index * 31_000).toISOString() }),
  );
  for (let start = 0; start < 200; start += 10) {
    const batch = detections.slice(start, start + 10);
    await see(batch);
    const [alert] = await alertsOf(batch);
    for (const [turn, who] of people.entries()) {
      const { id } = (await who.trpc.auth.me.query()).user;
      await central.central.limits.forget("browse", id);
      if (turn === 0) await who.trpc.alerts.acknowledge.mutate({ id: alert?.id ?? "" });
      else await who.trpc.alerts.resolve.mutate({ id: alert?.id ?? "", outcome: "confirmed" });
    }
  }
  const rows = await central.sql<{ id: string; change: number; state: string }[]>`
    select id, change::float8 as change, state from alerts where plate = 'FLOOD1'`;
  expect(rows).toHaveLength(200);
  await expect.poll(() => new Set(heard.map(({ id }) => id)).size, { timeout: 8000 }).toBe(200);
  await expect
    .poll(() => Math.max(...heard.map(({ change }) => change)))
    .toBe(Math.max(...rows.map(({ change }) => change)));
  listening = false;
  await listen;
  const changes = heard.map(({ change }) => change);
  expect(changes).toEqual([...new Set(changes)].toSorted((a, b) => a - b));
  const newest = new Map(heard.map((alert) => [alert.id, alert]));
  for (const row of rows) expect(newest.get(row.id)).toEqual(row);
});

test("A screen hears of a detection as soon as it is stored, with what its role may see", async () => {
  await using screen = viewer;
  const heard = new Promise<string | null | undefined>((resolve) => {
    const subscription = screen.trpc.detections.live.subscribe(undefined, {
      onData: (detections) => {
        const found = detections.find(({ plate }) => plate.normalized === "LIVE1");
        if (!found) return;
        subscription.unsubscribe();
        resolve(found.plate.text);
      },
      onStarted: () => void see([aDetection({ plate: "live 1" })]),
    });
  });
  expect(await heard).toBe("live 1");
});
