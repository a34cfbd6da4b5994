/** Damage to the database. Rule: what has a sidecar comes back as it was, nothing is sent that was not written, nothing is deleted. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readFile, readdir, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { detectionSchema } from "@chaverim/contracts";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { isDamage } from "./buffer-rows.ts";
import { openBuffer, type DetectionBuffer, type DueRow } from "./buffer.ts";
import { sha256Of } from "./images.ts";
import { aJpeg, aReceipt, aSighting, createFakeClock, temporaryFolder } from "./testing.ts";
import { openVault } from "./vault.ts";

/** Capturing again, in milliseconds (the owner's figure). */
const CAPTURING_AGAIN_MS = 5_000;
const NONE_LATER = Number.MAX_SAFE_INTEGER;

const addMany = async (buffer: DetectionBuffer, count: number, withPictures = false): Promise<void> => {
  const sightings = Array.from({ length: count }, (_, n) =>
    aSighting({ plate: `A${n}`, pictures: withPictures ? [{ role: "crop", bytes: aJpeg(`crop ${n}`) }] : [] }),
  );
  await Promise.all(sightings.map((sighting) => buffer.add(sighting)));
};

const unsentOf = (buffer: DetectionBuffer): DueRow[] => buffer.due(1_000_000, NONE_LATER, "metadata");

/** What must come back: payload and signature by id. */
const contentOf = (rows: readonly DueRow[]) =>
  new Map(rows.map(({ id, payload, signature, imagesDue }) => [id, { payload, signature, imagesDue }]));

const acknowledgeOldest = (buffer: DetectionBuffer, count: number): void => {
  for (const { seq, payload } of unsentOf(buffer).toReversed().slice(0, count)) {
    buffer.settle([{ seq, kind: "acknowledged", receipt: aReceipt(payload), missing: [], againAtMs: 0 }]);
  }
};

/** Payloads as the chain has them: each names the SHA-256 of the one before it in its epoch. */
const expectWholeChain = (rows: readonly DueRow[]): void => {
  const detections = rows
    .map(({ payload }) => ({ payload, ...detectionSchema.parse(JSON.parse(payload)) }))
    .toSorted((a, b) => (a.epoch ?? 0) - (b.epoch ?? 0) || (a.seq ?? 0) - (b.seq ?? 0));
  for (const [index, { epoch, seq, prev }] of detections.entries()) {
    const before = detections[index - 1];
    expect(prev).toBe(before?.epoch === epoch ? sha256Of(before?.payload ?? "") : null);
    expect(seq).toBe(before?.epoch === epoch ? (before?.seq ?? 0) + 1 : 1);
  }
};

/** The same numbers in each run (mulberry32), 0 <= n < 1. */
const createSeededRandom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

test("200 random damages of the database cost no row, send none that was not written, and stop capturing for 5 s at most", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  const path = join(folder.path, "buffer.db");
  const rows = 150;
  const acknowledged = 50;
  const sendable = await (async () => {
    await using buffer = await openBuffer(folder.path, clock);
    await addMany(buffer, rows, true);
    const all = contentOf(unsentOf(buffer));
    acknowledgeOldest(buffer, acknowledged);
    return all;
  })();
  const whole = await readFile(path);
  const random = createSeededRandom(20_260_301);
  let rebuilt = 0;
  for (let round = 0; round < 200; round++) {
    const damaged = Buffer.from(whole);
    const length = [1, 1, 16, 512][round % 4] ?? 1;
    const offset = Math.floor(random() * (damaged.length - length));
    for (let at = offset; at < offset + length; at++) damaged[at] = Math.floor(random() * 256);
    for (const suffix of ["-wal", "-shm"]) await rm(path + suffix, { force: true });
    await writeFile(path, damaged);
    const startedMs = performance.now();
    const buffer = await openBuffer(folder.path, clock);
    const context = `round ${round}: ${length} bytes at ${offset}`;
    expect(performance.now() - startedMs, context).toBeLessThan(CAPTURING_AGAIN_MS);
    await buffer.restored();
    const due = unsentOf(buffer);
    for (const { id, payload, signature, imagesDue } of due) {
      expect({ payload, signature, imagesDue }, context).toEqual(sendable.get(id));
    }
    const settled = buffer.prunable(NONE_LATER, 0, rows);
    expect(new Set([...due, ...settled].map(({ seq }) => seq)).size, context).toBe(rows);
    expect(due.length, context).toBeGreaterThanOrEqual(rows - acknowledged);
    if (due.length === rows) rebuilt++;
    await buffer[Symbol.asyncDispose]();
  }
  // Most of the file is rows, whose damage is mended in place; the rest makes a rebuild.
  expect(rebuilt).toBeGreaterThan(20);
  expect((await readdir(join(folder.path, "damaged"))).length).toBe(rebuilt);
}, 180_000);

/** A process that adds rows, all of them still in the write-ahead log when it is killed. */
const ADDER = `
  const { openBuffer } = await import(process.argv[1]);
  const { createSystemClock } = await import(process.argv[2]);
  const buffer = await openBuffer(process.argv[3], createSystemClock());
  for (let n = 0; ; n++) {
    const reading = { cameraId: "gate", capturedAt: new Date().toISOString(), plate: { text: "A" + n } };
    const added = await buffer.add({ reading, pictures: [], source: "adder:" + n });
    process.stdout.write(added.id + "\\n");
  }
`;

/** Adds rows in another process until so many are said, kills it with -9, and returns what it said. */
const addAndKill = async (dataDir: string, count: number): Promise<string[]> => {
  const urls = ["./buffer.ts", "./clock.ts"].map((path) => new URL(path, import.meta.url).href);
  const child = spawn(process.execPath, ["--input-type=module", "-e", ADDER, ...urls, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    said.push(line);
    if (said.length === count) child.kill("SIGKILL");
  });
  await Promise.all([once(child, "exit"), once(lines, "close")]);
  return said;
};

for (const [name, share] of [
  ["cut in half", 0.5],
  ["emptied", 0],
] as const) {
  test(`a write-ahead log that is ${name} after kill -9 costs no row, and the chain goes on`, async () => {
    await using folder = await temporaryFolder();
    const said = await addAndKill(folder.path, 60);
    const wal = join(folder.path, "buffer.db-wal");
    await truncate(wal, Math.floor((await stat(wal)).size * share));
    await using buffer = await openBuffer(folder.path, createFakeClock());
    const added = await buffer.add(aSighting());
    await buffer.restored();
    const due = unsentOf(buffer);
    const ids = new Set(due.map(({ id }) => id));
    expect(said.filter((id) => !ids.has(id))).toEqual([]);
    expect(added.kind).toBe("stored");
    expectWholeChain(due);
  });
}

test("10,000 rows are back within 5 s of a lost database, and what is added meanwhile follows in the chain", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  {
    await using buffer = await openBuffer(folder.path, clock);
    for (let part = 0; part < 20; part++) await addMany(buffer, 500);
    expect(buffer.lastSeq()).toBe(10_000);
  }
  await rm(join(folder.path, "buffer.db"));
  // The time of this process, on whatever else the machine is busy with.
  const before = process.cpuUsage();
  const usedMs = () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  await using buffer = await openBuffer(folder.path, clock);
  await buffer.add(aSighting({ plate: "MEANWHILE" }));
  const capturingMs = usedMs();
  await buffer.restored();
  const rebuiltMs = usedMs();
  const due = unsentOf(buffer);
  expect(due).toHaveLength(10_001);
  expectWholeChain(due);
  expect(capturingMs).toBeLessThan(rebuiltMs);
  expect(rebuiltMs).toBeLessThan(CAPTURING_AGAIN_MS);
}, 180_000);

test("a newest sidecar that cannot be read begins a higher epoch; every other row is back, and the damaged file is kept", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  let epoch = 0;
  {
    await using buffer = await openBuffer(folder.path, clock);
    await addMany(buffer, 5);
    epoch = buffer.epoch;
  }
  const newest = join(folder.path, "sidecars", String(epoch), "0", "5");
  await writeFile(newest, "not a sidecar");
  await rm(join(folder.path, "buffer.db"));
  await using buffer = await openBuffer(folder.path, clock);
  await buffer.add(aSighting());
  await buffer.restored();
  const due = unsentOf(buffer);
  expect(due).toHaveLength(5);
  expect([buffer.epoch > epoch, buffer.lastSeq()]).toEqual([true, 1]);
  expectWholeChain(due);
  expect(await readFile(newest, "utf8")).toBe("not a sidecar");
});

/** The disk does not read a file: there is none under that name that could be read. */
const makeUnreadable = async (path: string): Promise<void> => {
  await rm(path, { force: true, recursive: true });
  await mkdir(path);
};

test("sectors that do not read cost what lies on them: the rest comes back, is sent, and the collector starts", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  let epoch = 0;
  {
    await using buffer = await openBuffer(folder.path, clock);
    await addMany(buffer, 6);
    epoch = buffer.epoch;
  }
  const sidecars = join(folder.path, "sidecars", String(epoch), "0");
  await makeUnreadable(join(sidecars, "3"));
  await rm(join(folder.path, "buffer.db"));
  {
    await using buffer = await openBuffer(folder.path, clock);
    await buffer.restored();
    expect(unsentOf(buffer).map(({ seq }) => seq)).toEqual([6, 5, 4, 2, 1]);
  }
  const database = new Database(join(folder.path, "buffer.db"));
  database.exec("UPDATE detections SET payload = 'x' WHERE seq = 5");
  database.close();
  await makeUnreadable(join(sidecars, "5"));
  await makeUnreadable(join(sidecars, "6"));
  {
    await using buffer = await openBuffer(folder.path, clock);
    expect(unsentOf(buffer).map(({ seq }) => seq)).toEqual([6, 4, 2, 1]);
    expect(buffer.stats()).toMatchObject({ damaged: 1, lowestUnacked: 1 });
    acknowledgeOldest(buffer, 4);
    // The damaged one is never sent: it does not hide what central lacks.
    expect(buffer.stats()).toMatchObject({ rows: 1, damaged: 1, lowestUnacked: null });
  }
  await rm(join(folder.path, "buffer.db"));
  await using buffer = await openBuffer(folder.path, clock);
  await buffer.restored();
  expect(buffer.epoch).toBeGreaterThan(epoch);
  expect(unsentOf(buffer)).toHaveLength(3);
});

test("a folder of sidecars that does not read costs no number twice: what follows is of a new epoch", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  let epoch = 0;
  {
    await using buffer = await openBuffer(folder.path, clock);
    await addMany(buffer, 2);
    epoch = buffer.epoch;
  }
  const thousand = join(folder.path, "sidecars", String(epoch), "0");
  await rm(thousand, { recursive: true });
  await writeFile(thousand, "not a folder");
  await rm(join(folder.path, "buffer.db"));
  await using buffer = await openBuffer(folder.path, clock);
  await buffer.add(aSighting());
  expect(buffer.epoch).toBeGreaterThan(epoch);
});

test("pages that the disk does not read are damage like any other; a disk that is full or busy is none", () => {
  const codes = ["SQLITE_IOERR_READ", "SQLITE_IOERR_CORRUPTFS", "SQLITE_CORRUPT", "SQLITE_FULL", "SQLITE_IOERR_WRITE"];
  expect(codes.map((code) => isDamage(Object.assign(new Error(code), { code })))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("a start that is cut short while rows come back is finished by the next one", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  {
    await using buffer = await openBuffer(folder.path, clock);
    for (let part = 0; part < 4; part++) await addMany(buffer, 200);
  }
  await rm(join(folder.path, "buffer.db"));
  // Closed at once: only the first slice is back.
  await (await openBuffer(folder.path, clock))[Symbol.asyncDispose]();
  await using buffer = await openBuffer(folder.path, clock);
  const before = unsentOf(buffer).length;
  await buffer.restored();
  expect(before).toBeLessThan(800);
  expect(unsentOf(buffer)).toHaveLength(800);
});

test("a database that was damaged while it is in use is replaced while capturing goes on", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  const path = join(folder.path, "buffer.db");
  await (async () => {
    await using buffer = await openBuffer(folder.path, clock);
    await addMany(buffer, 200);
  })();
  await using buffer = await openBuffer(folder.path, clock);
  // Opened and read in part only: the pages that follow are damaged under it.
  await writeFile(path, Buffer.alloc((await stat(path)).size - 8_192, 0xa5), { flag: "r+" });
  await buffer.add(aSighting());
  const due = (): DueRow[] => unsentOf(buffer);
  due();
  await buffer.restored();
  expect(due()).toHaveLength(201);
  expectWholeChain(due());
});

test("what was noted beside the rows survives the database, and a damaged file of notes", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  const reopen = async (before: () => Promise<void>) => {
    await before();
    await using buffer = await openBuffer(folder.path, clock);
    return [buffer.getMeta("pinned"), buffer.getMeta("changing")];
  };
  {
    await using buffer = await openBuffer(folder.path, clock);
    buffer.pinMeta("pinned", "first");
    buffer.pinMeta("pinned", "second");
    buffer.setMeta("changing", "1");
    buffer.setMeta("changing", "2");
  }
  expect(await reopen(() => rm(join(folder.path, "buffer.db")))).toEqual(["first", "2"]);
  expect(await reopen(() => truncate(join(folder.path, "notes.json"), 90))).toEqual(["first", "2"]);
});

test("pictures whose files are there are due again after a rebuild, those that are gone are not waited for", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  const kept = aJpeg("kept");
  const gone = aJpeg("gone");
  {
    await using buffer = await openBuffer(folder.path, clock);
    await buffer.add(
      aSighting({
        pictures: [
          { role: "full", bytes: gone },
          { role: "crop", bytes: kept },
        ],
      }),
    );
  }
  const hash = sha256Of(gone);
  await rm(join(folder.path, "images", hash.slice(0, 2), `${hash}.sealed`));
  await rename(join(folder.path, "buffer.db"), join(folder.path, "elsewhere.db"));
  await using buffer = await openBuffer(folder.path, clock);
  await buffer.restored();
  expect(unsentOf(buffer)[0]?.imagesDue).toEqual([{ role: "crop", sha256: sha256Of(kept), bytes: kept.length }]);
});

test("rows of version 0.1 keep their bytes, are signed when they are sent, and the chain goes on from the last", async () => {
  await using folder = await temporaryFolder();
  await copyFile(new URL("../fixtures/buffer-0.1.db", import.meta.url), join(folder.path, "buffer.db"));
  const vault = await openVault(folder.path);
  await using buffer = await openBuffer(folder.path, createFakeClock(), { vault });
  await buffer.add(aSighting());
  const [signed, ...old] = unsentOf(buffer);
  expect([buffer.epoch, buffer.lastSeq()]).toEqual([1, 3]);
  expect(old.map(({ seq }) => seq)).toEqual([2, 1]);
  for (const { payload, signature } of old) {
    expect(JSON.parse(payload)).not.toHaveProperty("nonce");
    expect(vault.isOurs("payload", payload, signature)).toBe(true);
  }
  expect(JSON.parse(signed?.payload ?? "")).toMatchObject({ epoch: 1, seq: 3, prev: sha256Of(old[0]?.payload ?? "") });
});

test("an upgrade from version 0.1 that was cut short behind its first file is finished by the next start", async () => {
  await using folder = await temporaryFolder();
  await copyFile(new URL("../fixtures/buffer-0.1.db", import.meta.url), join(folder.path, "buffer.db"));
  await openVault(folder.path);
  const vault = await openVault(folder.path);
  await using buffer = await openBuffer(folder.path, createFakeClock(), { vault });
  const due = unsentOf(buffer);
  expect(due.map(({ seq }) => seq)).toEqual([2, 1]);
  expect(due.every(({ payload, signature }) => vault.isOurs("payload", payload, signature))).toBe(true);
  expect(buffer.stats().damaged).toBe(0);
});

test("a row that was made to look as if version 0.1 had stored it is not signed, and comes back from its sidecar", async () => {
  await using folder = await temporaryFolder();
  await copyFile(new URL("../fixtures/buffer-0.1.db", import.meta.url), join(folder.path, "buffer.db"));
  {
    await using buffer = await openBuffer(folder.path, createFakeClock());
    await buffer.add(aSighting({ plate: "NEW3" }));
  }
  const database = new Database(join(folder.path, "buffer.db"));
  const payload = database.prepare<[], string>("SELECT payload FROM detections WHERE seq = 3").pluck().get() ?? "";
  const forged = payload.replace("NEW3", "HIS3").replace(/,"nonce":"[^"]*"/, "");
  expect(forged).not.toContain("nonce");
  database
    .prepare("UPDATE detections SET payload = ?, payload_sha256 = ?, signature = NULL WHERE seq = 3")
    .run(forged, sha256Of(forged));
  database.prepare("UPDATE meta SET value = ? WHERE key = 'head'").run(sha256Of(forged));
  database.close();
  await using buffer = await openBuffer(folder.path, createFakeClock());
  expect(unsentOf(buffer).map((row) => [row.seq, row.payload === payload])).toEqual([
    [3, true],
    [2, false],
    [1, false],
  ]);
});
