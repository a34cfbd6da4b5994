/** How far a viewer sees, through every door: search, recent, live, images, alerts and lists. */
import { type AlertView, type DetectionView, DEFAULT_POLICY } from "@chaverim/contracts";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetection, aJpeg, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";

const AREAS = ["North", "South", null] as const;
type Area = (typeof AREAS)[number];
const cameraOf = (area: Area): string => `at ${area ?? "no area"}`;

let central: TestCentral;
let collector: TestCollector;
let operator: Browser;
let northern: Browser;
let roaming: Browser;
let fieldList: string;
let officeList: string;
beforeAll(async () => {
  central = await openTestCentral();
  await central.central.policy.set({ ...DEFAULT_POLICY, viewer: { dailyLooks: 10_000 } }, 0, null);
  collector = await central.addCollector(AREAS.map(cameraOf));
  await central.sql`update cameras set area = split_part(key, ' ', 2) where key <> ${cameraOf(null)}`;
  operator = await central.signIn("operator");
  northern = await central.signIn("viewer", { area: "North" });
  roaming = await central.signIn("viewer");
  fieldList = (await operator.trpc.watchlists.list.query())[0]?.id ?? "";
  officeList = (await operator.trpc.watchlists.create.mutate({ name: "Office", priority: 1, field: false })).id;
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const HOUR_MS = 3_600_000;
const watch = async (watchlistId: string, plate: string) => {
  await central.central.limits.forget("watchlist", (await operator.trpc.auth.me.query()).user.id);
  return (await operator.trpc.watchlists.addEntry.mutate({ watchlistId, plate, reason: "stolen", match: "exact" }))
    .entry;
};
type Seen = { plate: string; area: Area; hoursAgo: number };
/** Sends detections with both images, and waits until their alerts are there. */
const see = async (...seen: Seen[]): Promise<string[]> => {
  const sent = seen.map(({ plate, area, hoursAgo }) => {
    const pictures = { full: aJpeg(50), crop: aJpeg(50) };
    const capturedAt = new Date(Date.now() - hoursAgo * HOUR_MS).toISOString();
    return { pictures, detection: aDetection({ plate, cameraId: cameraOf(area), capturedAt }, pictures) };
  });
  const { body } = await sendBatch(
    central.url,
    collector.apiKey,
    sent.map(({ detection }) => detection),
    sent.map(({ pictures }) => pictures),
  );
  expect(body.results.map(({ status }) => status)).toEqual(sent.map(() => "stored"));
  await expect.poll(() => central.sql`select 1 from outbox`, { timeout: 5000 }).toEqual([]);
  return sent.map(({ detection }) => detection.id);
};
/** As if nobody had asked within the last minute. */
const rest = async (browser: Browser) => {
  const { id } = (await browser.trpc.auth.me.query()).user;
  for (const limit of ["search", "browse"] as const) await central.central.limits.forget(limit, id);
};
const image = async (browser: Browser, id: string, role: "crop" | "full") =>
  (await browser.fetch(`/api/evidence/${id}/${role}`)).status;

test("A viewer finds plates of the last 24 hours in the own area, told as if nothing else were there", async () => {
  await see(
    { plate: "REACH8", area: "North", hoursAgo: 1 },
    { plate: "REACH8", area: "North", hoursAgo: 2 },
    { plate: "REACH8", area: "North", hoursAgo: 25 },
    { plate: "REACH8", area: "South", hoursAgo: 0.5 },
    { plate: "REACHB", area: "South", hoursAgo: 1 },
  );
  const search = async (browser: Browser) =>
    (await browser.trpc.detections.search.query({ plate: "REACH8" })).hits.map(
      ({ plate, sightings, firstSeen, lastSeen, latest }) => [
        plate,
        sightings,
        Math.round(((Date.now() - Date.parse(firstSeen)) / HOUR_MS) * 2) / 2,
        Math.round(((Date.now() - Date.parse(lastSeen)) / HOUR_MS) * 2) / 2,
        latest?.camera.area,
      ],
    );
  expect(await search(northern)).toEqual([["REACH8", 2, 2, 1, "North"]]);
  expect(await search(roaming)).toEqual([
    ["REACH8", 3, 2, 0.5, "South"],
    ["REACHB", 1, 1, 1, "South"],
  ]);
  expect((await search(operator))[0]).toEqual(["REACH8", 4, 25, 0.5, "South"]);
});

test("A viewer is not told that a plate is on a list which is not marked for the field", async () => {
  await see({ plate: "QUIETLY", area: "North", hoursAgo: 1 });
  await watch(officeList, "QUIETLY");
  const listed = async (browser: Browser) =>
    (await browser.trpc.detections.search.query({ plate: "QUIETLY" })).hits[0]?.listed;
  expect([await listed(northern), await listed(operator)]).toEqual([null, 1]);
  await watch(fieldList, "QUIETLY");
  expect([await listed(northern), await listed(operator)]).toEqual([2, 1]);
});

test("Of a detection out of reach no image is there; a scene is there for those who have an alert on it", async () => {
  await watch(fieldList, "SCENE1");
  await watch(officeList, "SCENE2");
  const [plain = "", old = "", south = "", alerted = "", office = "", elsewhere = ""] = await see(
    { plate: "PLAIN1", area: "North", hoursAgo: 1 },
    { plate: "PLAIN2", area: "North", hoursAgo: 30 },
    { plate: "PLAIN3", area: "South", hoursAgo: 1 },
    { plate: "SCENE1", area: "North", hoursAgo: 40 },
    { plate: "SCENE2", area: "North", hoursAgo: 40 },
    { plate: "SCENE1", area: "South", hoursAgo: 40 },
  );
  const images = async (browser: Browser, id: string) => [
    await image(browser, id, "crop"),
    await image(browser, id, "full"),
  ];
  expect(await images(northern, plain)).toEqual([200, 404]);
  expect(await images(northern, old)).toEqual([404, 404]);
  expect(await images(northern, south)).toEqual([404, 404]);
  expect(await images(roaming, south)).toEqual([200, 404]);
  expect(await images(northern, alerted)).toEqual([200, 200]);
  expect(await images(northern, office)).toEqual([404, 404]);
  expect(await images(northern, elsewhere)).toEqual([404, 404]);
  expect(await images(roaming, elsewhere)).toEqual([200, 200]);
  for (const id of [plain, old, south, alerted, office, elsewhere])
    expect(await images(operator, id)).toEqual([200, 200]);
});

test("What a viewer may not have is answered as what does not exist, to the letter, and written down", async () => {
  const [out = ""] = await see({ plate: "HIDDEN1", area: "South", hoursAgo: 1 });
  const answer = async (id: string) => {
    const response = await northern.fetch(`/api/evidence/${id}/crop`);
    const { requestId: _, ...failure } = (await response.json()) as Record<string, unknown>;
    return [response.status, failure];
  };
  expect(await answer(out)).toEqual(await answer(crypto.randomUUID()));
  const [entry] = await central.sql`select outcome, failure, plate, filters ->> 'detectionId' as id from access_log
    where filters ->> 'detectionId' = ${out}`;
  expect(entry).toEqual({ outcome: "error", failure: "not_found", plate: null, id: out });
});

test("A timeline is for dispatchers and administrators", async () => {
  expect(await failureOf(northern.trpc.detections.timeline.query({ plate: "REACH8" }))).toBe("forbidden");
  expect((await operator.trpc.detections.timeline.query({ plate: "REACH8" })).detections).toHaveLength(4);
});

test("The live stream brings a viewer what is in reach alone, and every look is written down", async () => {
  await using screen = await central.signIn("viewer", { area: "North" });
  const heard: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const subscription = screen.trpc.detections.live.subscribe(undefined, {
      onStarted: () =>
        void see(
          { plate: "LIVEOLD", area: "North", hoursAgo: 25 },
          { plate: "LIVESOUTH", area: "South", hoursAgo: 0 },
          { plate: "LIVENONE", area: null, hoursAgo: 0 },
        )
          .then(() => see({ plate: "LIVENORTH", area: "North", hoursAgo: 0 }))
          .catch(reject),
      onData: (detections) => {
        heard.push(...detections.map(({ plate }) => plate.text ?? ""));
        if (!heard.includes("LIVENORTH")) return;
        subscription.unsubscribe();
        resolve();
      },
    });
  });
  expect(heard).toEqual(["LIVENORTH"]);
  const { user } = await screen.trpc.auth.me.query();
  await expect
    .poll(
      () => central.sql`select result_count as shown from access_log
        where user_id = ${user.id} and action = 'detections.live' order by id`,
    )
    .toEqual([{ shown: null }, { shown: 1 }]);
});

test("A viewer reads lists marked for the field, and answers their alerts alone", async () => {
  await watch(fieldList, "MINE1");
  await watch(officeList, "THEIRS1");
  const [mine, theirs] = await see(
    { plate: "MINE1", area: "North", hoursAgo: 0 },
    { plate: "THEIRS1", area: "North", hoursAgo: 0 },
  );
  expect((await northern.trpc.watchlists.list.query()).map(({ id, field }) => [id, field])).toEqual([
    [fieldList, true],
  ]);
  expect((await operator.trpc.watchlists.list.query()).map(({ id, field }) => [id, field])).toEqual([
    [officeList, false],
    [fieldList, true],
  ]);
  const { alerts } = await operator.trpc.alerts.since.query({ cursor: null });
  const alertOn = (detection: string | undefined) =>
    alerts.find((alert) => alert.detection.id === detection)?.id ?? "no alert";
  const held = (await northern.trpc.alerts.since.query({ cursor: null })).alerts.map(({ id }) => id);
  expect(held).toContain(alertOn(mine));
  expect(held).not.toContain(alertOn(theirs));
  const { acknowledge, resolve } = northern.trpc.alerts;
  expect(await failureOf(acknowledge.mutate({ id: alertOn(theirs) }))).toBe("not_found");
  expect(await failureOf(resolve.mutate({ id: alertOn(theirs), outcome: "lost" }))).toBe("not_found");
  expect(await central.sql`select state from alerts where id = ${alertOn(theirs)}`).toEqual([{ state: "new" }]);
  expect((await acknowledge.mutate({ id: alertOn(mine) })).state).toBe("acknowledged");
});

test("A viewer who asks what changed goes past changes of other lists without being told of them", async () => {
  await watch(fieldList, "BETWEEN1");
  await watch(officeList, "BETWEEN2");
  const { cursor } = await roaming.trpc.alerts.since.query({ cursor: null });
  await see({ plate: "BETWEEN2", area: "North", hoursAgo: 0 });
  expect(await roaming.trpc.alerts.since.query({ cursor })).toEqual({ alerts: [], cursor, more: false, reset: false });
  const [id] = await see({ plate: "BETWEEN1", area: "North", hoursAgo: 0 });
  const { alerts } = await roaming.trpc.alerts.since.query({ cursor });
  expect(alerts.map(({ detection }) => detection.id)).toEqual([id]);
});

test("A list that is taken from the field takes its alerts from viewers' devices at the next contact, and brings them back", async () => {
  const list = (await operator.trpc.watchlists.create.mutate({ name: "For a while", priority: 2 })).id;
  await watch(list, "WHILE1");
  await watch(fieldList, "ALWAYS1");
  const [gone = "", stays = ""] = await see(
    { plate: "WHILE1", area: "North", hoursAgo: 0 },
    { plate: "ALWAYS1", area: "North", hoursAgo: 0 },
  );
  const ids = (alerts: readonly { detection: DetectionView }[]) => alerts.map(({ detection }) => detection.id);
  const before = await roaming.trpc.alerts.since.query({ cursor: null });
  const atDesk = await operator.trpc.alerts.since.query({ cursor: null });
  expect(ids(before.alerts)).toEqual(expect.arrayContaining([gone, stays]));

  await using listening = central.openBrowser();
  for (const [name, value] of roaming.cookies) listening.cookies.set(name, value);
  const ended = new Promise<void>((resolve) => {
    listening.trpc.alerts.live.subscribe(
      { lastEventId: String(before.cursor) },
      {
        onStarted: () => void operator.trpc.watchlists.setField.mutate({ id: list, field: false }),
        onComplete: resolve,
      },
    );
  });
  await ended;
  // An alert that comes later must not lead a device past the mark.
  const [later = ""] = await see({ plate: "ALWAYS1", area: "South", hoursAgo: 0 });
  const after = await roaming.trpc.alerts.since.query({ cursor: before.cursor });
  expect(after.reset).toBe(true);
  expect(ids(after.alerts)).toEqual(expect.arrayContaining([stays, later]));
  expect(ids(after.alerts)).not.toContain(gone);
  expect(await roaming.trpc.alerts.since.query({ cursor: after.cursor })).toMatchObject({ alerts: [], reset: false });
  const desk = await operator.trpc.alerts.since.query({ cursor: atDesk.cursor });
  expect([desk.reset, ids(desk.alerts)]).toEqual([false, [later]]);

  // The same mark again is no news.
  await operator.trpc.watchlists.setField.mutate({ id: list, field: false });
  expect((await roaming.trpc.alerts.since.query({ cursor: after.cursor })).reset).toBe(false);
  await operator.trpc.watchlists.setField.mutate({ id: list, field: true });
  const back = await roaming.trpc.alerts.since.query({ cursor: after.cursor });
  expect([back.reset, ids(back.alerts).includes(gone)]).toEqual([true, true]);
  expect(await failureOf(operator.trpc.watchlists.setField.mutate({ id: crypto.randomUUID(), field: true }))).toBe(
    "not_found",
  );
});

/** As if the alerts on a detection had been raised so long ago. */
const age = (detection: string, hours: number) =>
  central.sql`update alerts set created_at = now() - ${hours} * interval '1 hour' where detection_id = ${detection}`;

test("An alert is a viewer's for 72 hours: then its row, its answers and its pictures are gone, and a device that held it begins anew", async () => {
  await watch(fieldList, "AGES1");
  const [id = ""] = await see({ plate: "AGES1", area: "North", hoursAgo: 30 });
  const held = await northern.trpc.alerts.since.query({ cursor: null });
  const alert = held.alerts[0]?.id ?? "";
  expect(held.alerts[0]?.detection.id).toBe(id);
  await age(id, 71.9);
  expect((await northern.trpc.alerts.since.query({ cursor: null })).alerts[0]?.id).toBe(alert);
  expect([await image(northern, id, "crop"), await image(northern, id, "full")]).toEqual([200, 200]);

  await age(id, 72.1);
  const after = await northern.trpc.alerts.since.query({ cursor: held.cursor });
  expect([after.reset, after.alerts.map((one) => one.id).includes(alert)]).toEqual([true, false]);
  expect((await northern.trpc.alerts.since.query({ cursor: after.cursor })).reset).toBe(false);
  expect(await failureOf(northern.trpc.alerts.acknowledge.mutate({ id: alert }))).toBe("not_found");
  expect(await failureOf(northern.trpc.alerts.resolve.mutate({ id: alert, outcome: "lost" }))).toBe("not_found");
  expect([await image(northern, id, "crop"), await image(northern, id, "full")]).toEqual([404, 404]);
  expect((await operator.trpc.alerts.since.query({ cursor: null })).alerts[0]?.id).toBe(alert);
  expect((await operator.trpc.alerts.acknowledge.mutate({ id: alert })).state).toBe("acknowledged");
  // Whoever answered it brought no viewer anything.
  expect(await northern.trpc.alerts.since.query({ cursor: after.cursor })).toMatchObject({ alerts: [], reset: false });
});

test("An alert is a viewer's in the own area: elsewhere it is neither listed, nor live, nor answered, nor pictured", async () => {
  await watch(fieldList, "WHERE1");
  await using screen = await central.signIn("viewer", { area: "North" });
  const { cursor } = await screen.trpc.alerts.since.query({ cursor: null });
  const heard: string[] = [];
  await new Promise<void>((resolve) => {
    screen.trpc.alerts.live.subscribe(
      { lastEventId: String(cursor) },
      { onStarted: () => resolve(), onData: ({ data }) => heard.push(data.detection.camera.area ?? "none") },
    );
  });
  const [south = "", none = ""] = await see(
    { plate: "WHERE1", area: "South", hoursAgo: 0 },
    { plate: "WHERE1", area: null, hoursAgo: 0 },
  );
  const [north = ""] = await see({ plate: "WHERE1", area: "North", hoursAgo: 0 });
  await expect.poll(() => heard).toContain("North");
  expect(heard).toEqual(["North"]);
  const listed = async (browser: Browser) =>
    (await browser.trpc.alerts.since.query({ cursor })).alerts.map(({ detection }) => detection.id);
  expect(await listed(screen)).toEqual([north]);
  expect((await listed(roaming)).toSorted()).toEqual([south, none, north].toSorted());
  const [alert] = await central.sql<{ id: string }[]>`select id from alerts where detection_id = ${south}`;
  expect(await failureOf(screen.trpc.alerts.acknowledge.mutate({ id: alert?.id ?? "" }))).toBe("not_found");
  expect(await image(screen, south, "full")).toBe(404);
  expect(await image(roaming, south, "full")).toBe(200);
  const scene = async (browser: Browser) => {
    await rest(browser);
    const { hits } = await browser.trpc.detections.search.query({ plate: "WHERE1" });
    return [hits[0]?.latest?.camera.area, hits[0]?.latest?.images.full !== null];
  };
  expect(await scene(screen)).toEqual(["North", true]);
});

const covertArbitrary = fc.array(
  fc.record({
    act: fc.constantFrom("hit", "acknowledge", "resolve", "watch", "mark", "make" as const),
    area: fc.constantFrom(...AREAS),
  }),
  { minLength: 1, maxLength: 6 },
);

test(
  "Whatever happens on lists that are not marked for the field, a viewer's answers are the same to the byte",
  { timeout: 120_000 },
  async () => {
    await watch(fieldList, "OPENLY1");
    await see({ plate: "OPENLY1", area: "North", hoursAgo: 1 });
    await watch(officeList, "COVERT1");
    await see({ plate: "COVERT1", area: "North", hoursAgo: 2 });
    const since = await roaming.trpc.alerts.since.query({ cursor: null });
    await using screen = central.openBrowser();
    for (const [name, value] of roaming.cookies) screen.cookies.set(name, value);
    const heard: unknown[] = [];
    await new Promise<void>((resolve) => {
      screen.trpc.alerts.live.subscribe(
        { lastEventId: String(since.cursor) },
        {
          onStarted: () => resolve(),
          onData: (data) => heard.push(data),
          onComplete: () => heard.push("ended"),
          onError: () => heard.push("failed"),
        },
      );
    });
    const cursors = [null, 0, 1, since.cursor - 1, since.cursor, since.cursor + 1, since.cursor + 1000];
    const answers = async (): Promise<string> => {
      await rest(roaming);
      const told = [];
      for (const cursor of cursors) told.push((await roaming.call("alerts.since", { cursor })).body);
      for (const limit of [1, 2]) told.push((await roaming.call("alerts.since", { cursor: 0, limit })).body);
      told.push((await roaming.call("watchlists.list")).body);
      return JSON.stringify(told);
    };
    const before = await answers();
    let step = 0;
    await fc.assert(
      fc.asyncProperty(covertArbitrary, async (acts) => {
        for (const { act, area } of acts) {
          await rest(operator);
          // Of a minute of its own each, so that none is the repeat of another.
          const hit = () => see({ plate: "COVERT1", area, hoursAgo: 3 + ++step / 60 });
          const covert = async () => {
            const [row] = await central.sql<{ id: string }[]>`select a.id from alerts a
              join watchlist_entries e on e.id = a.entry_id where e.watchlist_id = ${officeList}
              order by a.change desc limit 1`;
            return row?.id ?? "";
          };
          if (act === "hit") await hit();
          else if (act === "acknowledge") await operator.trpc.alerts.acknowledge.mutate({ id: await covert() });
          else if (act === "resolve")
            await operator.trpc.alerts.resolve.mutate({
              id: await covert(),
              outcome: ++step % 2 === 0 ? "lost" : "confirmed",
            });
          else if (act === "watch") await watch(officeList, `COVERT${++step}`);
          else if (act === "mark") await operator.trpc.watchlists.setField.mutate({ id: officeList, field: false });
          else await operator.trpc.watchlists.create.mutate({ name: `Covert ${++step}`, priority: 1, field: false });
          expect(await answers()).toBe(before);
        }
      }),
      { numRuns: 10 },
    );
    expect(heard).toEqual([]);
    // It listened all the while.
    const [id] = await see({ plate: "OPENLY1", area: "South", hoursAgo: 0 });
    await expect.poll(() => heard.map((one) => (one as { data?: AlertView }).data?.detection.id)).toEqual([id]);
  },
);

test("Pages of the newest detections are free for an hour, ask for a purpose and a training beyond, and end at 24 hours for everybody", async () => {
  const [inHour = "", inDay = "", older = ""] = await see(
    { plate: "PAGES1", area: "North", hoursAgo: 0.9 },
    { plate: "PAGES2", area: "North", hoursAgo: 23 },
    { plate: "PAGES3", area: "North", hoursAgo: 25 },
  );
  const cursorAt = (hours: number) =>
    `${new Date(Date.now() - hours * HOUR_MS).toISOString()}_ffffffff-ffff-ffff-ffff-ffffffffffff`;
  const page = (browser: Browser, hours?: number) =>
    browser.trpc.detections.recent.query({ limit: 200, ...(hours === undefined ? {} : { cursor: cursorAt(hours) }) });
  const outcomes = async (browser: Browser) =>
    Promise.all([undefined, 0.8, 1.1, 22, 24.1, 1000].map((hours) => failureOf(page(browser, hours))));

  for (const role of ["viewer", "operator", "admin"] as const) {
    const silent = await central.signIn(role, { purpose: false });
    expect(await outcomes(silent)).toEqual(["ok", "ok", "purpose_needed", "purpose_needed", "invalid", "invalid"]);
    const untrained = await central.signIn(role, { trainedOn: null });
    expect(await outcomes(untrained)).toEqual(["ok", "ok", "training_needed", "training_needed", "invalid", "invalid"]);
    const settled = await central.signIn(role);
    expect(await outcomes(settled)).toEqual(["ok", "ok", "ok", "ok", "invalid", "invalid"]);
    const shown = new Set<string>();
    for (const hours of [0.5, 22]) for (const { id } of (await page(settled, hours)).detections) shown.add(id);
    expect([inHour, inDay, older].map((id) => shown.has(id))).toEqual([true, true, false]);
    // The refusal stands in the access log like that of a search.
    const { user } = await silent.trpc.auth.me.query();
    expect(
      await central.sql`select count(*)::int as refused from access_log
        where user_id = ${user.id} and action = 'detections.recent' and outcome = 'denied'`,
    ).toEqual([{ refused: 2 }]);
  }
});

test("An area that changes counts from the next question on", async () => {
  const moving = await central.signIn("viewer", { area: "North" });
  await see({ plate: "MOVES1", area: "South", hoursAgo: 1 });
  const found = async () => (await moving.trpc.detections.search.query({ plate: "MOVES1" })).hits.length;
  expect(await found()).toBe(0);
  const { user } = await moving.trpc.auth.me.query();
  await central.sql`update users set area = 'South' where id = ${user.id}`;
  expect(await found()).toBe(1);
});

const PLATES = ["RND1", "RND2", "RNDB", "RND8"] as const;
const worldArbitrary = fc.record({
  area: fc.constantFrom(...AREAS),
  seen: fc.array(
    fc.record({
      plate: fc.constantFrom(...PLATES),
      area: fc.constantFrom(...AREAS),
      // Around the edge of 24 hours; no two closer than the test takes.
      hoursAgo: fc.constantFrom(0.1, 12, 23.9, 24.1, 36),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  lists: fc.record({ field: fc.subarray([...PLATES]), office: fc.subarray([...PLATES]) }),
});

// Some 40 requests a round: ten seconds on two free cores.
test(
  "Whatever is seen, listed and marked: a viewer is shown what is in reach, all of it and nothing else",
  { timeout: 120_000 },
  async () => {
    let rounds = 0;
    await fc.assert(
      fc.asyncProperty(worldArbitrary, async ({ area, seen, lists }) => {
        // Plates of this round alone, so that the rounds do not see each other.
        const suffix = `V${++rounds}`;
        const plateOf = (plate: string) => `${plate}${suffix}`;
        const { id } = (await northern.trpc.auth.me.query()).user;
        await central.sql`update users set area = ${area} where id = ${id}`;
        for (const plate of lists.field) await watch(fieldList, plateOf(plate));
        for (const plate of lists.office) await watch(officeList, plateOf(plate));
        const ids = await see(...seen.map((one) => ({ ...one, plate: plateOf(one.plate) })));

        // What is expected, said once more and differently.
        const rows = seen.map((one, index) => ({ ...one, plate: plateOf(one.plate), id: ids[index] ?? "" }));
        const reached = rows.filter((row) => row.hoursAgo < 24 && (area === null || row.area === area));
        const inArea = new Set(rows.filter((row) => area === null || row.area === area).map((row) => row.id));
        const alerted = new Set(
          (
            await central.sql<{ id: string }[]>`select a.detection_id as id from alerts a
            join watchlist_entries e on e.id = a.entry_id where e.watchlist_id = ${fieldList}`
          )
            .map((row) => row.id)
            .filter((id) => inArea.has(id)),
        );

        await rest(northern);
        for (const plate of new Set(rows.map((row) => row.plate))) {
          const answer = await northern.trpc.detections.search.query({ plate, way: "exact" });
          const own = reached.filter((row) => row.plate === plate);
          expect(answer.hits.map(({ sightings }) => sightings)).toEqual(own.length > 0 ? [own.length] : []);
          const nearest = Math.min(...own.map(({ hoursAgo }) => hoursAgo));
          for (const { latest } of answer.hits)
            expect(own.filter(({ hoursAgo }) => hoursAgo === nearest).map((row) => row.id)).toContain(latest?.id);
        }

        const shown: DetectionView[] = [];
        let cursor: string | undefined;
        do {
          const page = await northern.trpc.detections.recent.query({ limit: 200, ...(cursor ? { cursor } : {}) });
          shown.push(...page.detections);
          cursor = page.cursor ?? undefined;
        } while (cursor);
        const ofRound = shown.filter((view) => ids.includes(view.id));
        expect(ofRound.map((view) => view.id).toSorted()).toEqual(reached.map((row) => row.id).toSorted());
        for (const view of ofRound)
          expect([view.images.crop !== null, view.images.full !== null]).toEqual([true, alerted.has(view.id)]);

        const { alerts } = await northern.trpc.alerts.since.query({ cursor: null });
        const onRound = alerts.map(({ detection }) => detection.id).filter((alert) => ids.includes(alert));
        expect(new Set(onRound)).toEqual(new Set(ids.filter((one) => alerted.has(one))));

        const isReached = new Set(reached.map((row) => row.id));
        const answers = await Promise.all(
          ids.map((one) => Promise.all([image(northern, one, "crop"), image(northern, one, "full")])),
        );
        expect(answers).toEqual(
          ids.map((one) => [isReached.has(one) || alerted.has(one) ? 200 : 404, alerted.has(one) ? 200 : 404]),
        );
      }),
      { numRuns: 20 },
    );
  },
);
