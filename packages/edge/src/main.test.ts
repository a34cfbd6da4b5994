/** The collector as a process, from a camera's push to central. Rule: kill -9 at any moment loses nothing that was answered 200. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import {
  aCommand,
  aJpeg,
  aPace,
  anApiKey,
  heartbeatReply,
  openTestCentral,
  readBatch,
  replyWith,
  storedReply,
  temporaryFolder,
  until,
  type ReceivedRequest,
  type Reply,
  type TestCentral,
} from "./testing.ts";

// Whole processes, and a machine that has just booted makes the first batch wait for up to 30 s.
vi.setConfig({ testTimeout: 90_000 });

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const TOKEN = "0123456789abcdef";
const event = readFileSync(new URL("../fixtures/hikvision/anpr-with-pictures.xml", import.meta.url), "utf8");

const start = (env: Record<string, string>) => {
  const child = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  child.stderr.on("data", (data) => errors.push(String(data)));
  return { child, lines, errors };
};

const envOf = (dataDir: string, url: string): Record<string, string> => ({
  CENTRAL_URL: url,
  API_KEY: anApiKey,
  DATA_DIR: join(dataDir, "data"),
  LISTEN_PORT: "0",
  CAMERAS: JSON.stringify([
    { id: "gate", adapter: "hikvision", token: TOKEN },
    { id: "drop", adapter: "folder", path: join(dataDir, "drop") },
  ]),
});

const portOf = async (lines: string[]): Promise<number> => {
  await until(() => lines.some((line) => line.includes('"message":"capturing"')));
  const line = lines.find((each) => each.includes('"message":"capturing"')) ?? "{}";
  return (JSON.parse(line) as { port: number }).port;
};

const exitOf = async (child: ChildProcess): Promise<number | null> => {
  // A process that a signal ended has no exit code, then or ever.
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
};

/** The plates that central holds. */
const platesAt = (central: TestCentral): Set<string | null> =>
  new Set(
    central
      .batches()
      .flatMap((request) =>
        readBatch(request).payloads.map(
          (payload) => (JSON.parse(payload) as { plate: { text: string | null } }).plate.text,
        ),
      ),
  );

const push = (port: number, plate: string) =>
  fetch(`http://127.0.0.1:${port}/hikvision/${TOKEN}`, {
    method: "POST",
    body: event.replace("0123456", plate).replace("4d1f6d0e", plate),
  });

test("a push and a dropped file reach central, and SIGTERM ends the process with 0", async () => {
  await using folder = await temporaryFolder();
  await using central = await openTestCentral();
  const { child, lines } = start(envOf(folder.path, central.url));
  const port = await portOf(lines);
  await push(port, "1234567");
  await writeFile(join(folder.path, "drop", "a.tmp"), JSON.stringify({ plate: { text: "0x1A" } }));
  await rename(join(folder.path, "drop", "a.tmp"), join(folder.path, "drop", "a.json"));
  await until(() => platesAt(central).size === 2);
  expect(platesAt(central)).toEqual(new Set(["1234567", "0x1A"]));
  const first = central.requests.slice(0, 2).map(({ url }) => url);
  expect(first.toSorted()).toEqual(["/api/v1/heartbeat", "/api/v1/keys"]);
  child.kill("SIGTERM");
  expect(await exitOf(child)).toBe(0);
  for (const line of lines) {
    expect(Object.keys(JSON.parse(line) as object).slice(0, 4)).toEqual(["timestamp", "level", "service", "message"]);
  }
  expect(lines.join("")).not.toContain(TOKEN);
  expect(lines.join("")).not.toContain(anApiKey);
});

test("a collector that captures has taken less than 120 MB, and leaves nothing in the temporary folder", async () => {
  await using folder = await temporaryFolder();
  await using central = await openTestCentral();
  const temporary = join(folder.path, "temporary");
  await mkdir(temporary);
  const { child, lines } = start({ ...envOf(folder.path, central.url), TMPDIR: temporary });
  await portOf(lines);
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  expect(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1])).toBeLessThan(120_000);
  child.kill("SIGTERM");
  expect(await exitOf(child)).toBe(0);
  expect(await readdir(temporary)).toEqual([]);
});

test("a collector runs all the same where there is no temporary folder", async () => {
  await using folder = await temporaryFolder();
  await using central = await openTestCentral();
  const { child, lines } = start({ ...envOf(folder.path, central.url), TMPDIR: join(folder.path, "nowhere") });
  await push(await portOf(lines), "7654321");
  await until(() => platesAt(central).has("7654321"));
  child.kill("SIGTERM");
  expect(await exitOf(child)).toBe(0);
});

test("after kill -9 in the middle of pushes everything that was answered 200 reaches central", async () => {
  await using folder = await temporaryFolder();
  let down = true;
  await using central = await openTestCentral((request) => (down ? { status: 503 } : storedReply(request)));
  const env = envOf(folder.path, central.url);
  const answered: string[] = [];
  for (let round = 0; round < 2; round++) {
    const { child, lines } = start(env);
    const port = await portOf(lines);
    const pushes = Array.from({ length: 20 }, async (_, n) => {
      const plate = `${round}${String(n).padStart(6, "0")}`;
      const response = await push(port, plate).catch(() => null);
      if (response?.status === 200) answered.push(plate);
      if (answered.length === 10 + round * 8) child.kill("SIGKILL");
    });
    await Promise.all(pushes);
    child.kill("SIGKILL");
    await exitOf(child);
  }
  down = false;
  const { child, lines } = start(env);
  await portOf(lines);
  await until(() => answered.every((plate) => platesAt(central).has(plate)));
  expect(answered.length).toBeGreaterThan(15);
  child.kill("SIGTERM");
  expect(await exitOf(child)).toBe(0);
  expect(await readdir(join(folder.path, "data", "spool", "gate"))).toEqual([]);
});

test("SIGTERM ends the process within 10 s while both lanes wait for a central that does not answer, and nothing is lost", async () => {
  await using folder = await temporaryFolder();
  let silent = true;
  const reply = (request: ReceivedRequest): Reply | Promise<Reply> =>
    silent ? new Promise<Reply>(() => undefined) : storedReply(request);
  // Metadata alone at first, so that images wait for a lane of their own.
  const paused = { ...aPace, imagesPaused: true };
  let pace = paused;
  await using central = await openTestCentral(
    (request) => (pace === paused ? replyWith(request, () => ({ missing: ["full", "crop"] }), paused) : reply(request)),
    ({ url }) => (url.endsWith("/heartbeat") ? heartbeatReply({ pace }) : null),
  );
  const env = { ...envOf(folder.path, central.url), FLUSH_MS: "200", HEARTBEAT_MS: "1000" };
  const { child, lines } = start(env);
  const port = await portOf(lines);
  await until(() => central.requests.some(({ url }) => url.endsWith("/heartbeat")));
  const drop = async (name: string) => {
    await writeFile(join(folder.path, "drop", `${name}.full.jpg`), aJpeg(name));
    await writeFile(join(folder.path, "drop", `${name}.tmp`), JSON.stringify({ plate: { text: name } }));
    await rename(join(folder.path, "drop", `${name}.tmp`), join(folder.path, "drop", `${name}.json`));
  };
  await drop("111");
  await until(() => platesAt(central).has("111"));
  pace = aPace;
  const underWay = () => central.batches().length - answeredBefore;
  const answeredBefore = central.batches().length;
  await until(() => underWay() === 1);
  await push(port, "2222222");
  await until(() => underWay() === 2);
  const stopped = performance.now();
  child.kill("SIGTERM");
  expect(await exitOf(child)).toBe(0);
  expect(performance.now() - stopped).toBeLessThan(10_000);
  silent = false;
  const again = start(env);
  await portOf(again.lines);
  await until(() => central.batches().length - answeredBefore > 2 && platesAt(central).has("2222222"));
  again.child.kill("SIGTERM");
  expect(await exitOf(again.child)).toBe(0);
});

test("a heartbeat says the mode, and in mode central a camera that pushes goes the same way", async () => {
  await using folder = await temporaryFolder();
  await using central = await openTestCentral();
  const cameras = JSON.stringify([{ id: "gate", adapter: "hikvision", token: TOKEN }]);
  const { child, lines } = start({ ...envOf(folder.path, central.url), CAMERAS: cameras, MODE: "central" });
  await push(await portOf(lines), "7654321");
  await until(() => platesAt(central).has("7654321"));
  const heartbeat = central.requests.find(({ url }) => url.endsWith("/heartbeat"));
  expect(JSON.parse(heartbeat?.body.toString() ?? "{}")).toMatchObject({ mode: "central", protocol: 2 });
  child.kill("SIGTERM");
  expect(await exitOf(child)).toBe(0);
});

test("a command that comes with a heartbeat is done by the process: a test detection reaches central", async () => {
  await using folder = await temporaryFolder();
  const command = aCommand("capture_test", { cameraId: "drop" });
  await using central = await openTestCentral(undefined, ({ url }) =>
    url.endsWith("/heartbeat") ? heartbeatReply({ commands: [command] }) : null,
  );
  const { child } = start({ ...envOf(folder.path, central.url), FLUSH_MS: "200", HEARTBEAT_MS: "1000" });
  const isDone = () => central.requests.some(({ url }) => url === `/api/v1/commands/${command.id}/ack`);
  await until(() => isDone() && platesAt(central).has(null));
  child.kill("SIGTERM");
  expect(await exitOf(child)).toBe(0);
});

test("wrong settings end the process with 78 and every mistake in words", async () => {
  const { child, errors } = start({ CENTRAL_URL: "nowhere", LOG_LEVEL: "loud" });
  expect(await exitOf(child)).toBe(78);
  const text = errors.join("");
  for (const name of ["central.url", "logLevel", "cameras", "apiKey"]) {
    expect(text).toContain(name);
  }
});

test("a port that is taken and a folder that is in use end the process in words", async () => {
  await using folder = await temporaryFolder();
  await using central = await openTestCentral();
  const first = start(envOf(folder.path, central.url));
  const port = await portOf(first.lines);
  const second = start(envOf(folder.path, central.url));
  expect(await exitOf(second.child)).toBe(1);
  expect(second.errors.join("")).toContain("another collector runs with the same dataDir");
  await mkdir(join(folder.path, "other"));
  const third = start({ ...envOf(join(folder.path, "other"), central.url), LISTEN_PORT: String(port) });
  expect(await exitOf(third.child)).toBe(1);
  expect(third.errors.join("")).toContain(`Cannot listen on 127.0.0.1:${port}`);
  first.child.kill("SIGTERM");
  expect(await exitOf(first.child)).toBe(0);
});
