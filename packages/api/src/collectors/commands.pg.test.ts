/** Commands: who gives them, who gets them, how they are signed, and how they are answered. */
import { createPublicKey, randomBytes, verify } from "node:crypto";
import { type Command, TEST_VENDOR, commandText, signedBytes } from "@chaverim/contracts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { aDetection, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { aDevice, aHeartbeat, sendHeartbeat } from "../testing/devices.ts";
import { type Browser, failureOf } from "../testing/people.ts";
import { sha256 } from "../keys.ts";

let central: TestCentral;
let admin: Browser;
let collector: TestCollector;
beforeAll(async () => {
  central = await openTestCentral();
  admin = await central.signIn("admin");
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
beforeEach(async () => {
  const { user } = await admin.trpc.auth.me.query();
  await central.central.limits.forget("admin", user.id);
  collector = await central.addCollector(["gate"]);
});

type Asked = Parameters<Browser["trpc"]["collectors"]["command"]["mutate"]>[0];
const give = (command: object, id = collector.id) => admin.trpc.collectors.command.mutate({ id, ...command } as Asked);
const testCamera = (cameraId: string, id = collector.id) => admin.trpc.collectors.testCamera.mutate({ id, cameraId });
const diagnostics = { verb: "send_diagnostics", args: {} };
const fetchCommands = async (of = collector): Promise<Command[]> =>
  (await sendHeartbeat(central.url, of.apiKey, aHeartbeat())).body.commands;
const ack = async (commandId: string, body: unknown, of = collector) => {
  const response = await fetch(`${central.url}/api/v1/commands/${commandId}/ack`, {
    method: "POST",
    headers: { "X-API-Key": of.apiKey, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return ((await response.json()) as { code?: string }).code ?? response.status;
};
const done = { status: "done", detail: "It is done." };

const isGenuine = async ({ signature, ...command }: Command, collectorId = collector.id): Promise<boolean> => {
  const { keys } = (await (await fetch(`${central.url}/api/v1/keys`)).json()) as { keys: { publicKey: string }[] };
  const publicKey = createPublicKey({
    key: Buffer.from(keys[0]?.publicKey ?? "", "base64"),
    format: "der",
    type: "spki",
  });
  const bytes = signedBytes("command", commandText(collectorId, command));
  return verify(null, bytes, publicKey, Buffer.from(signature, "base64"));
};

test("A command goes out with the next heartbeats, signed for this collector, until it is answered", async () => {
  const { id } = await give({ verb: "set_log_level", args: { level: "debug" } });
  const [command] = await fetchCommands();
  expect(command).toMatchObject({ id, verb: "set_log_level", args: { level: "debug" } });
  const left = Date.parse(command?.notAfter ?? "") - Date.now();
  expect([left > 86_000_000, left <= 86_400_000]).toEqual([true, true]);
  expect(await isGenuine(command as Command)).toBe(true);
  const other = await central.addCollector();
  expect(await isGenuine(command as Command, other.id)).toBe(false);
  expect(await isGenuine({ ...(command as Command), args: { level: "warn" } })).toBe(false);
  expect(await fetchCommands(other)).toEqual([]);
  expect(await fetchCommands()).toEqual([command]);
  expect(await ack(id, done)).toBe(200);
  expect(await fetchCommands()).toEqual([]);
  expect(await admin.trpc.collectors.commands.query({ id: collector.id })).toEqual([
    {
      id,
      verb: "set_log_level",
      camera: null,
      level: "debug",
      createdAt: expect.any(String),
      createdBy: "A admin",
      notAfter: command?.notAfter,
      sentAt: expect.any(String),
      acked: { at: expect.any(String), ...done },
      arrivedAt: null,
    },
  ]);
});

test("A test detection has arrived when central holds the one that names this command, and not before", async () => {
  const [camera] = await central.sql<{ id: string }[]>`select id from cameras where collector_id = ${collector.id}`;
  const testOf = (eventId: string) => aDetection({ plate: null, vendor: { name: TEST_VENDOR, eventId } });
  const read = async () => (await admin.trpc.collectors.commands.query({ id: collector.id }))[0];
  const { id } = await testCamera("gate");
  await fetchCommands();
  expect(await ack(id, done)).toBe(200);
  await sendBatch(central.url, collector.apiKey, [testOf(crypto.randomUUID()), aDetection({ plate: null })]);
  expect(await read()).toMatchObject({ camera: { id: camera?.id, name: "gate" }, arrivedAt: null });
  const { body } = await sendBatch(central.url, collector.apiKey, [testOf(id)]);
  expect((await read())?.arrivedAt).toBe(body.results[0]?.receipt?.receivedAt);
});

test("Counters rise with each command of a collector, however many are given at once, and after a restore as well", async () => {
  await Promise.all(Array.from({ length: 5 }, () => give(diagnostics)));
  const counters = (await fetchCommands()).map(({ counter }) => counter);
  expect(new Set(counters).size).toBe(5);
  expect(counters).toEqual(counters.toSorted((a, b) => a - b));
  // An older copy of the database knows nothing of them; the collector does, and refuses what is not higher.
  await central.sql`update commands set counter = counter - 2e9 where collector_id = ${collector.id}`;
  const seconds = Math.floor(Date.now() / 1000) - 1;
  await give(diagnostics);
  expect((await fetchCommands()).at(-1)?.counter).toBeGreaterThanOrEqual(seconds);
});

test("A camera is named by central's id and told by the collector's own name; one of another collector is not found", async () => {
  const [camera] = await central.sql<{ id: string }[]>`select id from cameras where collector_id = ${collector.id}`;
  await testCamera(camera?.id ?? "");
  await give({ verb: "restart_adapter", args: { cameraId: "gate" } });
  expect((await fetchCommands()).map(({ verb, args }) => [verb, args])).toEqual([
    ["capture_test", { cameraId: "gate" }],
    ["restart_adapter", { cameraId: "gate" }],
  ]);
  const other = await central.addCollector();
  expect(await failureOf(testCamera(camera?.id ?? "", other.id))).toBe("not_found");
});

test.each([
  { verb: "apply_config", args: {} },
  { verb: "shell", args: { command: "id" } },
  { verb: "set_log_level", args: { level: "trace" } },
  { verb: "restart_adapter", args: {} },
  { verb: "restart_adapter", args: { cameraId: "x".repeat(129) } },
  // A test of a camera is a procedure of its own, because it asks for no code.
  { verb: "capture_test", args: { cameraId: "gate" } },
])("What is no command is refused: %j", async (command) => {
  expect(await failureOf(give(command))).toBe("invalid");
});

test("Twenty may wait, and one that was answered or is too old makes room", async () => {
  await central.sql`insert into commands (collector_id, counter, verb, args, not_after)
    select ${collector.id}, n, 'send_diagnostics', '{}', now() + interval '1 hour' from generate_series(1, 20) n`;
  expect(await failureOf(give(diagnostics))).toBe("conflict");
  await central.sql`update commands set not_after = now() where collector_id = ${collector.id} and counter = 1`;
  await give(diagnostics);
  expect((await fetchCommands()).map(({ counter }) => counter)).not.toContain(1);
});

test("A collector of protocol 1, and a device that is not the known one, get no commands", async () => {
  await give(diagnostics);
  const old = await sendHeartbeat(central.url, collector.apiKey, aHeartbeat({ protocol: 1 }));
  expect(old.body.commands).toEqual([]);
  const device = aDevice();
  const known = await sendHeartbeat(central.url, collector.apiKey, aHeartbeat(), device);
  expect(known.body.commands).toHaveLength(1);
  expect(await fetchCommands()).toEqual([]);
  const stranger = await sendHeartbeat(central.url, collector.apiKey, aHeartbeat(), aDevice());
  expect(stranger.body.commands).toEqual([]);
});

test("The first answer stands; another collector's command, and one that never was, are not found", async () => {
  const { id } = await give(diagnostics);
  const other = await central.addCollector();
  expect(await ack(id, done, other)).toBe("not_found");
  expect(await ack(crypto.randomUUID(), done)).toBe("not_found");
  expect(await ack("no-id", done)).toBe("not_found");
  expect(await ack(id, { status: "failed", detail: "first" })).toBe(200);
  expect(await ack(id, done)).toBe(200);
  const [command] = await admin.trpc.collectors.commands.query({ id: collector.id });
  expect(command?.acked).toMatchObject({ status: "failed", detail: "first" });
});

test.each([
  [{}],
  [{ status: "maybe", detail: "" }],
  [{ status: "done", detail: "x".repeat(20_001) }],
  [{ status: "done", detail: "a\u0000b" }],
  [{ ...done, newKey: { sha256: "x", prefix: "alpr_abcde" } }],
  [{ ...done, newKey: { sha256: "ab".repeat(32), prefix: "alpr_abcde" } }],
])("An answer that is none is refused, and the command stays open: %#", async (body) => {
  const { id } = await give(diagnostics);
  expect(await ack(id, body)).toBe("invalid");
  expect(await fetchCommands()).toHaveLength(1);
});

test("A key that the collector made itself works from its answer on, beside the old one for a day", async () => {
  const { id } = await give({ verb: "rotate_key", args: {} });
  const apiKey = `alpr_${randomBytes(32).toString("base64url")}`;
  const newKey = { sha256: sha256(apiKey).toString("hex"), prefix: apiKey.slice(0, 10) };
  expect((await sendBatch(central.url, apiKey, [])).failure.code).toBe("key_unknown");
  expect(await ack(id, done)).toBe("invalid");
  expect(await ack(id, { ...done, newKey })).toBe(200);
  expect(await ack(id, { ...done, newKey })).toBe(200);
  for (const key of [apiKey, collector.apiKey]) expect((await sendBatch(central.url, key, [])).status).toBe(200);
  const view = (await admin.trpc.collectors.list.query()).find((one) => one.id === collector.id);
  expect(view?.keys).toMatchObject([
    { prefix: newKey.prefix, createdBy: "A admin", expiresAt: null },
    { prefix: collector.apiKey.slice(0, 10), expiresAt: expect.any(String) },
  ]);
});

test("A key that somebody has already is not taken, and the command stays open", async () => {
  const other = await central.addCollector();
  const { id } = await give({ verb: "rotate_key", args: {} });
  const newKey = { sha256: sha256(other.apiKey).toString("hex"), prefix: other.apiKey.slice(0, 10) };
  expect(await ack(id, { ...done, newKey })).toBe("conflict");
  expect(await fetchCommands()).toHaveLength(1);
  expect((await sendBatch(central.url, collector.apiKey, [])).status).toBe(200);
});

test("Whoever gives a command proves again who they are; a test of a camera does nothing to a collector, and asks for no proof", async () => {
  const late = await central.signIn("admin");
  const { user } = await late.trpc.auth.me.query();
  await central.sql`update sessions set step_up_at = null where user_id = ${user.id}`;
  const { id } = collector;
  expect(await failureOf(late.trpc.collectors.command.mutate({ id, verb: "rotate_key", args: {} }))).toBe(
    "step_up_needed",
  );
  expect(await fetchCommands()).toEqual([]);
  await late.trpc.collectors.testCamera.mutate({ id, cameraId: "gate" });
  expect(await fetchCommands()).toMatchObject([{ verb: "capture_test" }]);
});

test("Diagnostics are read by administrators alone, each look is in the access log, and no list has them", async () => {
  admin = await central.signIn("admin");
  const operator = await central.signIn("operator");
  const { id } = await give(diagnostics);
  const read = (who: Browser) => who.trpc.collectors.diagnostics.query({ id });
  expect(await failureOf(read(admin))).toBe("not_found");
  await ack(id, { status: "done", detail: "folder: 7ABC123.jpg was dropped" });
  for (const who of [admin, operator])
    expect(await who.trpc.collectors.commands.query({ id: collector.id })).toMatchObject([{ acked: { detail: "" } }]);
  expect(await read(admin)).toEqual({ text: "folder: 7ABC123.jpg was dropped" });
  expect(await failureOf(read(operator))).toBe("forbidden");
  expect(
    await central.sql`select outcome, filters ->> 'id' as id from access_log where action = 'collectors.diagnostics' order by access_log.id`,
  ).toMatchObject([
    { outcome: "error", id },
    { outcome: "ok", id },
    { outcome: "denied", id },
  ]);
  const other = await give({ verb: "set_log_level", args: { level: "info" } });
  await ack(other.id, done);
  expect(await failureOf(admin.trpc.collectors.diagnostics.query({ id: other.id }))).toBe("not_found");
});
