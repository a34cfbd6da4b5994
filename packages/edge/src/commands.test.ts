/** Commands against a real HTTP central that signs them. Rule: only what central signed for this collector is done, and once. */
import { generateKeyPairSync } from "node:crypto";
import { commandAckSchema, detectionSchema, type Command, type CommandAck } from "@chaverim/contracts";
import { expect, test, vi } from "vitest";
import { openBuffer } from "./buffer.ts";
import { openKeyRing } from "./central-api-key.ts";
import { createCentralTime, createSystemClock } from "./clock.ts";
import { createDeeds } from "./commands-deeds.ts";
import { createCommands } from "./commands.ts";
import { createLog, createRecentLines } from "./log.ts";
import {
  aCollectorId,
  aCommand,
  aLineTo,
  anApiKey,
  openTestCentral,
  temporaryFolder,
  until,
  type ReceivedRequest,
  type Reply,
} from "./testing.ts";
import { openVault } from "./vault.ts";

/** A collector's commands on a real buffer, and the acknowledgements that central got. */
const openCommands = async ({
  dataDir,
  onAck = () => null,
  nowMs = () => Date.now(),
  onRestart = () => undefined,
}: {
  dataDir?: string;
  onAck?: (request: ReceivedRequest) => Reply | null;
  nowMs?: () => number | null;
  onRestart?: () => void;
} = {}) => {
  const stack = new AsyncDisposableStack();
  const folder = dataDir ?? stack.use(await temporaryFolder()).path;
  const server = stack.use(
    await openTestCentral(undefined, (request) => (request.url.endsWith("/ack") ? onAck(request) : null)),
  );
  const clock = createSystemClock();
  const vault = await openVault(folder);
  const buffer = stack.use(await openBuffer(folder, clock, { vault }));
  const keys = openKeyRing(anApiKey, buffer, vault, nowMs);
  const recent = createRecentLines([anApiKey]);
  const log = createLog("info", recent.note);
  const added: number[] = [];
  const deeds = createDeeds({
    buffer,
    clock,
    centralTime: createCentralTime(clock),
    keys,
    log,
    recent,
    noteAdded: (bytes) => added.push(bytes),
    restarts: new Map([["gate", onRestart]]),
  });
  const stop = new AbortController();
  const commands = createCommands({
    store: buffer,
    central: aLineTo(server.url, clock),
    nowMs,
    deeds,
    onAcked: ({ newKey }) => newKey && keys.change(newKey.sha256),
    log,
    random: () => 0.01,
  });
  const running = commands.run(stop.signal);
  stack.defer(async () => {
    stop.abort();
    await running;
  });
  const acks = (id: string): CommandAck[] =>
    server.requests
      .filter(({ url }) => url === `/api/v1/commands/${id}/ack`)
      .map(({ body }) => commandAckSchema.parse(JSON.parse(body.toString())));
  /** Sends a command as a heartbeat brings it; returns the acknowledgement. */
  const command = async (given: unknown, id = (given as Command).id): Promise<CommandAck | undefined> => {
    const before = acks(id).length;
    commands.take(aCollectorId, [given]);
    await until(() => acks(id).length > before);
    return acks(id).at(-1);
  };
  return {
    server,
    buffer,
    keys,
    log,
    recent,
    added,
    commands,
    acks,
    command,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
};

test("capture_test sends a detection without plate and picture through the real buffer", async () => {
  await using collector = await openCommands();
  const command = aCommand("capture_test", { cameraId: "gate" });
  expect(await collector.command(command)).toMatchObject({ status: "done" });
  const [due] = collector.buffer.due(10, 0, "metadata");
  const detection = detectionSchema.parse(JSON.parse(due?.payload ?? ""));
  expect(detection).toMatchObject({
    cameraId: "gate",
    plate: { text: null },
    vendor: { name: "chaverim.test", eventId: command.id },
    images: [],
  });
  expect(due?.signature).not.toBeNull();
  expect(collector.added).toHaveLength(1);
});

test("a camera that is not there fails in words, and nothing is stored", async () => {
  await using collector = await openCommands();
  for (const verb of ["capture_test", "restart_adapter"]) {
    expect(await collector.command(aCommand(verb, { cameraId: "moon" }))).toEqual({
      status: "failed",
      detail: "This collector has no camera called moon.",
    });
  }
  expect(collector.buffer.stats().rows).toBe(0);
});

test("restart_adapter restarts the camera that it names", async () => {
  let restarts = 0;
  await using collector = await openCommands({ onRestart: () => restarts++ });
  expect(await collector.command(aCommand("restart_adapter", { cameraId: "gate" }))).toMatchObject({ status: "done" });
  expect(restarts).toBe(1);
});

test("a forged, foreign or altered command is refused, and its number stays free for central's own", async () => {
  await using collector = await openCommands();
  const good = aCommand("capture_test", { cameraId: "gate" });
  const later = { counter: good.counter + 1_000 };
  for (const bad of [
    aCommand("capture_test", { cameraId: "gate" }, { ...later, signature: good.signature }),
    aCommand("capture_test", { cameraId: "gate" }, { ...later, collectorId: "5f0c7b1e-3c1a-4f0e-9a53-000000000000" }),
    { ...aCommand("capture_test", { cameraId: "gate" }, later), args: { cameraId: "gate", more: 1 } },
    { ...aCommand("set_log_level", { level: "warn" }, later), counter: good.counter + 2_000 },
    aCommand("rotate_key", {}, { ...later, signature: "" }),
  ]) {
    expect(await collector.command(bad)).toMatchObject({
      status: "refused",
      detail: expect.stringMatching(/not signed/),
    });
  }
  expect(collector.buffer.stats().rows).toBe(0);
  expect(await collector.command(good)).toMatchObject({ status: "done" });
});

test("the first key that central named is the one that commands, whatever it names later", async () => {
  await using folder = await temporaryFolder();
  {
    await using buffer = await openBuffer(folder.path, createSystemClock());
    const { publicKey } = generateKeyPairSync("ed25519");
    buffer.pinMeta("commandKey", publicKey.export({ format: "der", type: "spki" }).toString("base64"));
  }
  await using collector = await openCommands({ dataDir: folder.path });
  expect(await collector.command(aCommand("rotate_key"))).toMatchObject({
    status: "refused",
    detail: expect.stringMatching(/not signed/),
  });
});

test("central's keys are pinned at the first contact, without any command", async () => {
  await using line = await openCommands();
  await until(() => line.buffer.getMeta("commandKey") !== null);
  expect(line.buffer.getMeta("receiptKey:central-2026")).toBe(line.buffer.getMeta("commandKey"));
});

test("apply_config, a verb of a later version, wrong arguments and one that is late are refused", async () => {
  await using collector = await openCommands();
  const cases: [Command, string][] = [
    [aCommand("apply_config", { yaml: "" }), "This collector does not do apply_config."],
    [aCommand("self_destruct"), "This collector does not do self_destruct."],
    [aCommand("constructor"), "This collector does not do constructor."],
    [aCommand("set_log_level", { level: "trace" }), "The arguments of set_log_level are wrong."],
    [aCommand("rotate_key", {}, { notAfter: "2026-01-01T00:00:00.000Z" }), "The command came after its time."],
  ];
  for (const [command, detail] of cases) {
    expect(await collector.command(command)).toEqual({ status: "refused", detail });
  }
  expect(collector.keys.current()).toBe(anApiKey);
});

test("while central's time is not known nothing is done and nothing is refused", async () => {
  let now: number | null = null;
  await using collector = await openCommands({ nowMs: () => now });
  const command = aCommand("capture_test", { cameraId: "gate" });
  collector.commands.take(aCollectorId, [command]);
  await until(() => collector.recent.newest(1e6).includes("waits until central is known better"));
  expect(collector.acks(command.id)).toEqual([]);
  now = Date.now();
  expect(await collector.command(command)).toMatchObject({ status: "done" });
});

test("a repeated command is acknowledged again and not done again, also after a restart; an older one is refused", async () => {
  await using folder = await temporaryFolder();
  const older = aCommand("capture_test", { cameraId: "gate" });
  const command = aCommand("capture_test", { cameraId: "gate" });
  {
    await using collector = await openCommands({ dataDir: folder.path });
    const first = await collector.command(command);
    expect(first).toMatchObject({ status: "done" });
    expect(await collector.command(command)).toEqual(first);
    expect(collector.buffer.stats().rows).toBe(1);
  }
  await using collector = await openCommands({ dataDir: folder.path });
  expect(await collector.command(command)).toMatchObject({
    status: "done",
    detail: expect.stringMatching(/is stored and on its way/),
  });
  expect(await collector.command(older)).toMatchObject({
    status: "refused",
    detail: expect.stringMatching(/was done before/),
  });
  expect(collector.buffer.stats().rows).toBe(1);
});

test("commands are done in their order, however they come", async () => {
  await using collector = await openCommands();
  const [first, second] = [aCommand("set_log_level", { level: "debug" }), aCommand("set_log_level", { level: "warn" })];
  collector.commands.take(aCollectorId, [second, first]);
  await until(() => collector.acks(second.id).length === 1);
  expect(collector.acks(first.id)).toMatchObject([{ status: "done" }]);
  expect(collector.log.level).toBe("warn");
});

test("an acknowledgement is repeated until central has it; one that central does not want is not", async () => {
  const answers: Reply[] = ["hang up", { status: 503 }, { status: 204, body: "" }, { status: 404 }];
  await using collector = await openCommands({ onAck: () => answers.shift() ?? null });
  const command = aCommand("send_diagnostics");
  collector.commands.take(aCollectorId, [command]);
  await until(() => collector.acks(command.id).length === 3);
  const unwanted = aCommand("send_diagnostics");
  collector.commands.take(aCollectorId, [unwanted]);
  await until(() => collector.recent.newest(1e6).includes("does not want to know"));
  expect(collector.acks(unwanted.id)).toHaveLength(1);
});

test("set_log_level goes back after an hour", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const log = createLog("info", () => undefined);
    const deeds = createDeeds({ log } as Parameters<typeof createDeeds>[0]);
    void deeds.set_log_level({ level: "debug" }, "id");
    vi.advanceTimersByTime(3_000_000);
    void deeds.set_log_level({ level: "warn" }, "id");
    vi.advanceTimersByTime(3_000_000);
    expect(log.level).toBe("warn");
    vi.advanceTimersByTime(600_000);
    expect(log.level).toBe("info");
  } finally {
    vi.useRealTimers();
  }
});

test("send_diagnostics brings the newest lines within 20 KB, without a key", async () => {
  await using collector = await openCommands();
  for (let n = 0; n < 300; n++) collector.log.info({ n, key: n === 299 ? anApiKey : null }, "מצלמה".repeat(20));
  const ack = await collector.command(aCommand("send_diagnostics"));
  const lines = (ack?.detail ?? "").split("\n").map((line) => JSON.parse(line) as { n?: number; key?: string });
  expect(lines.at(-1)).toMatchObject({ n: 299, key: "[secret]" });
  expect(lines.length).toBeGreaterThan(20);
  expect(Buffer.byteLength(ack?.detail ?? "")).toBeLessThanOrEqual(20_000);
});

test("rotate_key tells central the new key's hash alone, and shows the new one once central has answered 200", async () => {
  let release = false;
  await using collector = await openCommands({ onAck: () => (release ? null : { status: 503 }) });
  const command = aCommand("rotate_key");
  const ack = await collector.command(command);
  expect(ack?.newKey?.prefix).toMatch(/^alpr_.{5}$/);
  expect(collector.keys.current()).toBe(anApiKey);
  release = true;
  await until(() => collector.keys.current() !== anApiKey);
  expect(collector.keys.current()).toMatch(/^alpr_[\w-]{43}$/);
  expect(collector.keys.current().startsWith(ack?.newKey?.prefix ?? "-")).toBe(true);
  expect(JSON.stringify(collector.server.requests.map(({ body }) => body.toString()))).not.toContain(
    collector.keys.current(),
  );
});
