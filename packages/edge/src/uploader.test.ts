/** The uploader against a real HTTP server that gives every answer of the wire. Rule: no answer ever costs a detection. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { openBuffer, type DetectionBuffer } from "./buffer.ts";
import { createSystemClock } from "./clock.ts";
import {
  QUICK,
  aJpeg,
  aPace,
  aReceipt,
  aSighting,
  drained,
  fill,
  openLine,
  readBatch,
  replyWith,
  scene,
  storedReply,
  temporaryFolder,
  until,
  type ReceivedRequest,
  type Reply,
} from "./testing.ts";
import { sha256Of } from "./images.ts";
import { readVerdict } from "./uploader-verdict.ts";

/** Rows of which something is still to be sent, now or later. */
const dueInAll = (buffer: DetectionBuffer): number =>
  (["metadata", "images"] as const).reduce(
    (sum, lane) => sum + buffer.due(10, Number.MAX_SAFE_INTEGER, lane).length,
    0,
  );

test("a batch is the exact stored texts with their signatures, newest first, and then the images of each, with the key", async () => {
  await using line = await openLine();
  await fill(line.buffer, 3, true);
  const due = line.buffer.due(10, 0, "metadata");
  line.start();
  await until(drained(line.buffer));
  const [request] = line.central.batches();
  if (!request) throw new Error("a batch has come");
  const { parts } = readBatch(request);
  expect(request.headers["x-api-key"]).toMatch(/^alpr_/);
  const elements = due.map(({ payload, signature }) => ({ payload, signature }));
  expect(due.map(({ seq }) => seq)).toEqual([3, 2, 1]);
  expect(JSON.parse(parts[0]?.body.toString("utf8") ?? "")).toEqual(elements);
  expect(parts.map(({ name, contentType }) => [name, contentType])).toEqual([
    ["detections", "application/json"],
    ...[0, 1, 2].flatMap((n) => [
      [`image_${n}_full`, "image/jpeg"],
      [`image_${n}_crop`, "image/jpeg"],
    ]),
  ]);
  expect(parts[1]?.body).toEqual(scene);
  expect(dueInAll(line.buffer)).toBe(0);
});

test("a full batch leaves at once, one that is not full after the interval, and bytes count too", async () => {
  await using line = await openLine(undefined, { trigger: { intervalMs: 400, rows: 2, bytes: 100_000 } });
  line.start();
  await new Promise((resolve) => setTimeout(resolve, 30));
  const add = async (size: number) => {
    const sighting = aSighting({ pictures: [{ role: "full", bytes: aJpeg(Buffer.alloc(size, size % 251)) }] });
    const added = await line.buffer.add(sighting);
    if (added.kind === "stored") line.uploader.noteAdded(added.bytes);
  };
  const timed = async (run: () => Promise<void>) => {
    const started = performance.now();
    await run();
    await until(drained(line.buffer));
    return performance.now() - started;
  };
  expect(await timed(() => add(10))).toBeGreaterThan(350);
  expect(await timed(async () => void (await Promise.all([add(11), add(12)])))).toBeLessThan(350);
  expect(await timed(() => add(150_000))).toBeLessThan(350);
});

test("a batch stays within its bytes, and images that do not fit follow with the same bytes of detection", async () => {
  const big = (n: number) => aJpeg(Buffer.alloc(40_000, n));
  await using line = await openLine(
    (request) => {
      const names = new Set(readBatch(request).parts.map(({ name }) => name));
      return replyWith(request, (_payload, index) => ({ missing: names.has(`image_${index}_full`) ? [] : ["full"] }));
    },
    { trigger: { ...QUICK, bytes: 100_000 } },
  );
  for (let n = 0; n < 5; n++) await line.buffer.add(aSighting({ pictures: [{ role: "full", bytes: big(n) }] }));
  line.start();
  await until(() => dueInAll(line.buffer) === 0);
  const batches = line.central.batches();
  expect(batches.length).toBe(3);
  for (const { body } of batches) expect(body.length).toBeLessThan(105_000);
  const texts = batches.flatMap((request) => readBatch(request).payloads);
  expect(new Set(texts).size).toBe(5);
  expect(texts.length).toBeGreaterThan(5);
});

test("duplicate and quarantined are acknowledged with their receipt like stored", async () => {
  const statuses = ["stored", "duplicate", "quarantined"];
  await using line = await openLine((request) =>
    replyWith(request, (_payload, index) => ({
      status: statuses[index],
      ...(index === 2 && { reason: "schema", detail: "box" }),
    })),
  );
  await fill(line.buffer, 3);
  line.start();
  await until(drained(line.buffer));
  expect(line.central.batches()).toHaveLength(1);
  expect(line.lines).toContainEqual(
    expect.objectContaining({ message: "central quarantined a detection", reason: "schema" }),
  );
  expect(line.buffer.prunable(Date.now(), 0, 10)).toHaveLength(3);
});

test("without a receipt nothing is acknowledged, whatever the status says", async () => {
  await using line = await openLine((request, count) =>
    replyWith(request, () => (count < 3 ? { receipt: undefined } : {})),
  );
  await fill(line.buffer, 1);
  line.start();
  await until(drained(line.buffer));
  expect(line.central.batches()).toHaveLength(3);
});

test("pace is obeyed: its delay, its size of batch, and images that wait", async () => {
  const pace = { delayMs: 150, maxBatch: 2, imagesPaused: true };
  const at: number[] = [];
  await using line = await openLine((request) => {
    at.push(performance.now());
    return replyWith(request, () => ({ missing: ["full", "crop"] }), pace);
  });
  await fill(line.buffer, 5, true);
  line.uploader.setPace(pace);
  line.start();
  await until(drained(line.buffer));
  const batches = line.central.batches().map(readBatch);
  expect(batches.map(({ payloads }) => payloads.length)).toEqual([2, 2, 1]);
  expect(batches.flatMap(({ parts }) => parts.map(({ name }) => name))).toEqual([
    "detections",
    "detections",
    "detections",
  ]);
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(140);
  line.uploader.setPace(aPace);
  await until(() => line.central.batches().length > 3);
  expect(readBatch(line.central.batches()[3] as ReceivedRequest).parts.length).toBeGreaterThan(1);
});

test.for([
  [429, "inflight"],
  [503, "db_unavailable"],
  [503, "store_unavailable"],
  [507, "disk_full"],
] as const)("%i %s waits as long as Retry-After says, and then everything goes", async ([status, code]) => {
  const at: number[] = [];
  await using line = await openLine((request, count) => {
    at.push(performance.now());
    if (count > 1) return storedReply(request);
    return { status, headers: { "retry-after": "1" }, body: { code, message: "Later.", requestId: "r" } };
  });
  await fill(line.buffer, 3, true);
  line.start();
  await until(drained(line.buffer));
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(990);
  expect(line.lines).toContainEqual(expect.objectContaining({ reason: `${code}: Later.` }));
});

test.for([
  "hang up",
  { status: 500 },
  { status: 502, body: "<html>" },
  { status: 200, body: "<html>portal</html>" },
  { status: 302, headers: { location: "/x" } },
  { status: 204 },
  { status: 200, body: { results: [], pace: aPace } },
] as Reply[])("after %j nothing is acknowledged, and the same bytes go again", async (reply) => {
  await using line = await openLine((request, count) => (count < 3 ? reply : storedReply(request)));
  await fill(line.buffer, 2, true);
  line.start();
  await until(drained(line.buffer));
  const batches = line.central.batches().map(readBatch);
  expect(batches).toHaveLength(3);
  expect(batches[2]?.payloads).toEqual(batches[0]?.payloads);
});

test("results for other ids are not believed", () => {
  const body = {
    results: [{ id: "another", status: "stored", receipt: aReceipt('{"seq":1,"epoch":1}') }],
    pace: aPace,
  };
  const answer = { kind: "answered", status: 200, retryAfter: null, text: JSON.stringify(body) } as const;
  expect(readVerdict(answer, ["mine"], () => "", 0).kind).toBe("later");
  expect(readVerdict(answer, ["another"], () => "", 0).kind).toBe("results");
});

test.for([
  [401, "key_unknown"],
  [401, "key_revoked"],
  [403, "scope"],
] as const)("%i %s keeps everything and does not hammer", async ([status, code]) => {
  await using line = await openLine(() => ({ status, body: { code, message: "No.", requestId: "r" } }));
  await fill(line.buffer, 2);
  line.start();
  await until(() => line.central.batches().length === 1);
  await line.buffer.add(aSighting());
  line.uploader.noteAdded(100);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(line.central.batches()).toHaveLength(1);
  expect(line.buffer.stats().rows).toBe(3);
});

test("413 halves the batch until it is taken", async () => {
  await using line = await openLine((request) =>
    readBatch(request).payloads.length > 2
      ? { status: 413, body: { code: "too_large", message: "Too large.", requestId: "r" } }
      : storedReply(request),
  );
  await fill(line.buffer, 8);
  line.start();
  await until(drained(line.buffer));
  const sizes = line.central.batches().map((request) => readBatch(request).payloads.length);
  expect(sizes.slice(0, 3)).toEqual([8, 4, 2]);
});

test("a line that cuts every large batch gets smaller ones", async () => {
  await using line = await openLine((request) =>
    readBatch(request).payloads.length > 2 ? "hang up" : storedReply(request),
  );
  await fill(line.buffer, 8);
  line.start();
  await until(drained(line.buffer));
  const sizes = line.central.batches().map((request) => readBatch(request).payloads.length);
  expect(sizes.slice(0, 7)).toEqual([8, 8, 8, 8, 8, 4, 2]);
});

test("one element that is too large by itself waits, and the others go", async () => {
  await using line = await openLine((request) =>
    request.body.includes("HUGE") ? { status: 413, body: {} } : storedReply(request),
  );
  await line.buffer.add(aSighting({ plate: "HUGE" }));
  await fill(line.buffer, 3);
  line.start();
  await until(() => line.buffer.stats().rows === 1);
  expect(line.buffer.due(10, Number.MAX_SAFE_INTEGER, "metadata")[0]?.payload).toContain("HUGE");
});

test.for([400, 202])(
  "after five answers of %i the rows go one by one, and one that never arrives whole holds up none",
  async (status) => {
    await using line = await openLine(
      (request) => (request.body.includes("CUT") ? { status, body: {} } : storedReply(request)),
      { random: () => 0.001 },
    );
    await line.buffer.add(aSighting({ plate: "CUT" }));
    await fill(line.buffer, 4);
    line.start();
    await until(() => line.buffer.stats().rows === 1);
    const sizes = line.central.batches().map((request) => readBatch(request).payloads.length);
    expect(sizes.slice(0, 6)).toEqual([5, 5, 5, 5, 5, 1]);
    expect(line.buffer.due(10, Number.MAX_SAFE_INTEGER, "metadata")[0]?.payload).toContain("CUT");
  },
);

test("what central keeps although it cannot read it is found by halves and acknowledged; all others become facts, and the log says whose fault it is", async () => {
  await using line = await openLine((request) => {
    if (!request.body.includes("UNREAD")) return storedReply(request);
    const body = readBatch(request).parts[0]?.body ?? Buffer.alloc(0);
    const receipt = { ...aReceipt('{"seq":0,"epoch":0}'), seq: null, payload: sha256Of(body) };
    const result = { id: null, status: "quarantined", reason: "malformed", receipt };
    return { status: 202, body: { results: [result], pace: aPace } };
  });
  await fill(line.buffer, 4);
  await line.buffer.add(aSighting({ plate: "UNREAD" }));
  await fill(line.buffer, 3);
  line.start();
  await until(drained(line.buffer));
  const alone = line.central.batches().filter((request) => request.body.includes("UNREAD"));
  expect(alone.map((request) => readBatch(request).payloads.length)).toEqual([8, 4, 4, 2, 2, 1]);
  const fault = "central keeps a detection that it cannot read as this collector writes it";
  expect(line.lines.filter(({ message }) => message === fault)).toHaveLength(1);
});

test("while central slows a backlog down, a fresh detection goes by itself within a second", async () => {
  const pace = { delayMs: 3_000, maxBatch: 2, imagesPaused: false };
  await using line = await openLine((request) => storedReply(request, pace));
  await fill(line.buffer, 5);
  line.uploader.setPace(pace);
  line.start();
  await until(() => line.buffer.stats().rows === 3);
  const added = performance.now();
  await line.buffer.add(aSighting({ plate: "FRESH" }));
  line.uploader.noteAdded(100);
  await until(() => line.central.batches().length === 2);
  expect(performance.now() - added).toBeLessThan(1_000);
  const { payloads } = readBatch(line.central.batches()[1] as ReceivedRequest);
  expect(payloads.map((payload) => (JSON.parse(payload) as { plate: { text: string } }).plate.text)).toEqual(["FRESH"]);
  await until(() => line.buffer.stats().rows === 3);
});

test("a heartbeat that gets through ends the waiting for a line that was cut", async () => {
  await using line = await openLine((request, count) => (count === 1 ? "hang up" : storedReply(request)), {
    random: () => 1,
  });
  await fill(line.buffer, 1);
  line.start();
  await until(() => line.lines.some(({ message }) => message === "central does not take detections; they are kept"));
  expect(line.buffer.stats().rows).toBe(1);
  const started = performance.now();
  line.uploader.setPace(aPace);
  await until(drained(line.buffer));
  expect(performance.now() - started).toBeLessThan(900);
});

test("600 rows of an outage drain in batches of what central asks for", async () => {
  await using line = await openLine((request) => storedReply(request, { ...aPace, maxBatch: 200 }));
  await fill(line.buffer, 600);
  line.start();
  await until(drained(line.buffer));
  const sizes = line.central.batches().map((request) => readBatch(request).payloads.length);
  expect(sizes).toEqual([50, 200, 200, 150]);
});

test("a damaged row in a full batch does not end the drain before the rows behind it", async () => {
  await using folder = await temporaryFolder();
  {
    await using buffer = await openBuffer(folder.path, createSystemClock());
    await fill(buffer, 8);
  }
  const database = new Database(join(folder.path, "buffer.db"));
  database.exec("UPDATE detections SET payload = replace(payload, 'A', 'B') WHERE seq IN (7, 6, 4)");
  database.close();
  // With its sidecar a damaged row would be mended.
  const sidecars = join(folder.path, "sidecars");
  for (const name of await readdir(sidecars, { recursive: true })) {
    if (/\/(7|6|4)$/.test(name)) await rm(join(sidecars, name));
  }
  await using line = await openLine((request) => storedReply(request, { ...aPace, maxBatch: 2 }), {
    dataDir: folder.path,
    trigger: { ...QUICK, rows: 2 },
  });
  line.start();
  await until(() => line.buffer.stats().rows === 3);
  expect(line.buffer.stats().damaged).toBe(3);
  const seqs = line.central.batches().flatMap((request) => readBatch(request).payloads);
  expect(seqs.map((payload) => (JSON.parse(payload) as { seq: number }).seq)).toEqual([8, 5, 3, 2, 1]);
});
