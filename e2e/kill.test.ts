/**
 * kill -9 of central and of the collector, in the middle of everything they do, twenty times.
 * Rule: what was generated is compared with what central says it holds; nothing in between is trusted.
 */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Central,
  type Person,
  addAdministrator,
  operate,
  readMetric,
  signIn,
  startCentral,
} from "./support/central.ts";
import {
  type Collector,
  type Dropped,
  type Site,
  CAMERA,
  aPicture,
  countWaiting,
  dropDetection,
  prepareSite,
} from "./support/collector.ts";
import { endEverything, postgresPid, temporaryFolder, until } from "./support/processes.ts";
import { between, createRandom } from "./support/random.ts";

const ROUNDS = 20;
const DETECTIONS = 200;
/** Every tenth has a full scene and a crop, at the small end of what cameras send. */
const PICTURED_EVERY = 10;
const FULL_BYTES = 50_000;
const CROP_BYTES = 10_000;
/** One batch of the collector's preset: fewer than this wait up to 5 s for company, also while the next round begins. */
const BATCH = 50;
/** A round of four batches; the last of them may wait for 5 s, and a killed process needs 1 s to be back, on a busy machine ten. */
const ROUND_MS = 40_000;
/** A minute on two idle cores, and three when other programs want them too. */
const SUITE_MS = 240_000;
/** Below the 120 calls a minute that a person may make. */
const LOOK_MS = 700;

const seed = Number(process.env["KILL_SEED"] ?? 1);
const random = createRandom(seed);

type Target = "collector" | "central" | "central and its database";
type Round = { target: Target; moment: "capture" | "upload"; at: number; laterMs: number };

/** Every target at every moment, in an order and at points that the seed decides. */
const planRounds = (): Round[] => {
  const targets: Target[] = ["collector", "collector", "central", "central", "central and its database"];
  const pairs = targets.flatMap((target) => (["capture", "upload"] as const).map((moment) => ({ target, moment })));
  return [...pairs, ...pairs]
    .map((pair) => ({ ...pair, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ target, moment }) => ({
      target,
      moment,
      // So many detections taken from the folder, or so many batches answered …
      at: moment === "capture" ? between(random, 1, DETECTIONS - 1) : between(random, 0, 2),
      // … and then as long as the next batch takes, at most.
      laterMs: between(random, 0, 60),
    }));
};

type View = {
  id: string;
  plate: { text: string | null };
  detectedAt: string;
  receivedAt: string;
  duplicateOf: string | null;
  images: { crop: string | null; full: string | null };
};
type Alert = { entry: { plate: string }; detection: { id: string } };

const dataDir = temporaryFolder("kill-central");
const generated: Dropped[] = [];
const restarts: Record<Target, number> = { collector: 0, central: 0, "central and its database": 0 };
let central: Central;
let collector: Collector;
let site: Site;
let person: Person;
let centralSince = "";
let stored: View[] = [];

const aRound = (round: number): Dropped[] => {
  const startedAt = Date.now();
  return Array.from({ length: DETECTIONS }, (_, place) => ({
    plate: `R${String(round).padStart(2, "0")}N${String(place).padStart(3, "0")}`,
    // Distinct within the round, and a round takes longer than these 200 ms.
    capturedAt: new Date(startedAt + place - DETECTIONS).toISOString(),
    pictures: place % PICTURED_EVERY === 0 ? [aPicture("full", FULL_BYTES), aPicture("crop", CROP_BYTES)] : [],
  }));
};

const countBatches = (): number => central.output().split('"/api/v1/detections/batch"').length - 1;

const startCentralAgain = async (): Promise<void> => {
  centralSince = new Date().toISOString();
  central = await startCentral(dataDir, central.port);
};

const killAndRestart = async (target: Target): Promise<void> => {
  restarts[target]++;
  if (target === "collector") {
    await collector.kill();
    collector = await site.start();
    return;
  }
  const database = target === "central" ? null : postgresPid(dataDir);
  const killed = central.kill();
  if (database !== null) process.kill(-database, "SIGKILL");
  await killed;
  await startCentralAgain();
};

/** Waits for the planned moment, or until there is nothing left to interrupt. */
const untilMoment = async (
  { moment, at, laterMs }: Round,
  batchesBefore: number,
  isDropped: () => boolean,
): Promise<void> => {
  const deadline = Date.now() + ROUND_MS;
  const taken = () => (isDropped() ? DETECTIONS - countWaiting(site) : 0);
  const answered = () => countBatches() - batchesBefore;
  while (Date.now() < deadline) {
    if (moment === "capture" ? taken() >= at : taken() >= BATCH && answered() >= at) break;
    // A batch takes 20 ms and more; looking must not be the load.
    await sleep(5);
  }
  await sleep(moment === "capture" ? 0 : laterMs);
};

/** Central may be away at this moment, which is an answer too. */
const look = async <T>(procedure: string, input?: unknown): Promise<T | null> => {
  try {
    return await person.call<T>(procedure, input);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
};

const readPage = (cursor?: string) =>
  look<{ detections: View[]; cursor: string | null }>("detections.recent", {
    limit: DETECTIONS,
    ...(cursor ? { cursor } : {}),
  });

const playRound = async (plan: Round, number: number): Promise<void> => {
  const dropped = aRound(number);
  generated.push(...dropped);
  const plates = new Set(dropped.map(({ plate }) => plate));
  await person.call("watchlists.addEntry", {
    watchlistId: await watchlistId(),
    plate: dropped[0]?.plate,
    reason: `watched in round ${number}`,
    match: "exact",
  });
  const batchesBefore = countBatches();
  let isDropped = false;
  const drop = async () => {
    for (const [place, detection] of dropped.entries()) await dropDetection(site, `${number}-${place}`, detection);
    isDropped = true;
  };
  const interrupt = async () => {
    await untilMoment(plan, batchesBefore, () => isDropped);
    await killAndRestart(plan.target);
  };
  await Promise.all([drop(), interrupt()]);
  const arrived = async () => {
    if (countWaiting(site) > 0) return false;
    const page = await readPage();
    const here = page?.detections.filter(({ plate }) => plate.text !== null && plates.has(plate.text)).length ?? 0;
    return here > DETECTIONS - BATCH;
  };
  await until(`round ${number} arrives`, arrived, {
    withinMs: ROUND_MS,
    everyMs: LOOK_MS,
    told: () => collector.output().slice(-2000),
  });
};

const watchlistId = async (): Promise<string> => {
  const [list] = await person.call<{ id: string }[]>("watchlists.list");
  return list?.id ?? (await person.call<{ id: string }>("watchlists.create", { name: "Watched", priority: 1 })).id;
};

const readEverything = async (): Promise<View[]> => {
  const found: View[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await readPage(cursor);
    if (!page) throw new Error("Central is away although nobody killed it.");
    found.push(...page.detections);
    if (page.cursor === null) return found;
    cursor = page.cursor;
  }
};

/** The collector says itself, in a heartbeat of now, that nothing waits any more. */
const untilDrained = async (): Promise<void> => {
  const asked = Date.now();
  await until(
    "the collector has drained",
    async () => {
      const collectors =
        await look<{ lastHeartbeatAt: string | null; queue: { rows: number } | null }[]>("collectors.list");
      const [only] = collectors ?? [];
      return only?.queue?.rows === 0 && Date.parse(only.lastHeartbeatAt ?? "") > asked && countWaiting(site) === 0;
    },
    { everyMs: LOOK_MS, told: () => collector.output().slice(-2000) },
  );
};

beforeAll(async () => {
  const startedAt = performance.now();
  central = await startCentral(dataDir);
  person = await signIn(central.url, await addAdministrator(dataDir));
  const { apiKey } = await operate(dataDir, ["collector", "add", "--name", "Gate"]);
  await operate(dataDir, ["camera", "approve", "--collector", "Gate", "--id", CAMERA]);
  site = prepareSite(temporaryFolder("kill-collector"), { url: central.url, apiKey: apiKey ?? "" });
  await watchlistId();
  collector = await site.start();
  const plan = planRounds();
  for (const [index, round] of plan.entries()) {
    const roundAt = performance.now();
    await playRound(round, index);
    console.log(
      `round ${index + 1}: kill -9 ${round.target} during ${round.moment}, arrived in ${Math.round(performance.now() - roundAt)} ms`,
    );
  }
  await untilDrained();
  stored = await readEverything();
  console.log(
    `seed ${seed}: ${generated.length} detections, ${generated.flatMap(({ pictures }) => pictures).length} pictures, ` +
      `restarts ${JSON.stringify(restarts)}, ${Math.round((performance.now() - startedAt) / 1000)} s`,
  );
}, SUITE_MS);

afterAll(() => endEverything(dataDir));

test("every detection of a killed collector or central is at central exactly once", () => {
  expect(generated).toHaveLength(ROUNDS * DETECTIONS);
  const told = (plate: string | null, at: string) => `${plate} ${at}`;
  expect(stored.map(({ plate, detectedAt }) => told(plate.text, detectedAt)).toSorted()).toEqual(
    generated.map(({ plate, capturedAt }) => told(plate, capturedAt)).toSorted(),
  );
  expect(stored.filter(({ duplicateOf }) => duplicateOf !== null)).toEqual([]);
});

test("every picture is at central with its own detection, byte for byte", async () => {
  const views = new Map(stored.map((view) => [view.plate.text, view]));
  const pictured = generated.filter(({ pictures }) => pictures.length > 0);
  expect(pictured.length).toBeGreaterThanOrEqual((ROUNDS * DETECTIONS) / PICTURED_EVERY);
  for (const { plate, pictures } of pictured) {
    for (const { role, sha256 } of pictures) {
      const path = views.get(plate)?.images[role];
      expect(path, `${role} of ${plate}`).not.toBeNull();
      const answer = await person.get(path ?? "");
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(createHash("sha256").update(bytes).digest("hex"), `${role} of ${plate}`).toBe(sha256);
    }
  }
});

test("the evidence folder holds these pictures, whole, and nothing else", () => {
  const objects = join(dataDir, "evidence/objects");
  const names = readdirSync(objects, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { name, parentPath } of names) {
    expect(
      createHash("sha256")
        .update(readFileSync(join(parentPath, name)))
        .digest("hex"),
    ).toBe(name);
  }
  const wanted = generated.flatMap(({ pictures }) => pictures.map(({ sha256 }) => sha256));
  expect(names.map(({ name }) => name).toSorted()).toEqual(wanted.toSorted());
  expect(readdirSync(join(dataDir, "evidence/staging"), { recursive: true })).toEqual([]);
});

test("a watched plate raised one alert in each round", async () => {
  await until("no job waits", async () => (await readMetric(central.url, "alpr_outbox_depth")) === 0);
  const { alerts } = await person.call<{ alerts: Alert[] }>("alerts.since", { cursor: null });
  const watched = generated.filter((_, place) => place % DETECTIONS === 0).map(({ plate }) => plate);
  expect(alerts.map(({ entry }) => entry.plate).toSorted()).toEqual(watched);
});

test("the counters of the last start agree with what was received since", async () => {
  const since = stored.filter(({ receivedAt }) => receivedAt >= centralSince);
  expect(since.length).toBeGreaterThan(0);
  expect(await readMetric(central.url, "alpr_detections_total", { status: "stored" })).toBe(since.length);
  expect(await readMetric(central.url, "alpr_detections_total", { status: "quarantined" })).toBe(0);
  expect(await readMetric(central.url, "alpr_detections_total", { status: "retransmit" })).toBe(0);
});

test("kill -9 hit central and the collector at least eight times each", () => {
  expect(restarts.collector).toBeGreaterThanOrEqual(8);
  expect(restarts.central + restarts["central and its database"]).toBeGreaterThanOrEqual(8);
});
