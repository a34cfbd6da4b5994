/**
 * Builders and a real HTTP central for the tests of this package.
 * Rule: nothing of the collector is mocked; only time and chance are given.
 */
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandText, receiptBytes, signedBytes, type Command, type Pace, type Receipt } from "@chaverim/contracts";
import { openBuffer, type DetectionBuffer } from "./buffer.ts";
import type { Picture, Sighting } from "./cameras/camera.ts";
import { readMultipart, type Part } from "./cameras/hikvision/multipart.ts";
import { createCentral, type Central } from "./central.ts";
import { createCentralTime, createSystemClock, type Clock } from "./clock.ts";
import { createLog, type Log } from "./log.ts";
import { createUploader, type BatchTrigger } from "./uploader.ts";

export const anApiKey = `alpr_${"a".repeat(43)}`;

/** The one key of a collector that never made another. */
export const aKeyRing = { current: () => anApiKey, othersThan: () => [], noteTaken: () => undefined };

/** A clock that stands still until it is told to move. */
export const createFakeClock = (nowMs = Date.UTC(2026, 2, 1, 20)): Clock & { advance: (ms: number) => void } => {
  let passedMs = 0;
  return {
    bootId: "00000000-0000-4000-8000-000000000000",
    nowMs: () => nowMs + passedMs,
    monotonicMs: () => 1_000 + passedMs,
    advance: (ms) => void (passedMs += ms),
  };
};

/** A folder that is gone at the end of the scope. */
export const temporaryFolder = async (): Promise<AsyncDisposable & { path: string }> => {
  const path = await mkdtemp(join(tmpdir(), "collector-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
};

/** Bytes that begin and end as a JPEG does; each content is another picture. */
export const aJpeg = (content: string | Buffer = "picture"): Buffer<ArrayBuffer> =>
  Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(content), Buffer.from([0xff, 0xd9])]);

let sightings = 0;

export const aSighting = (
  over: { plate?: string; cameraId?: string; pictures?: Picture[]; source?: string } = {},
): Sighting => ({
  reading: {
    cameraId: over.cameraId ?? "gate",
    capturedAt: "2026-03-01T20:00:00.000Z",
    plate: { text: over.plate ?? "12-345-67", confidence: 0.9 },
  },
  pictures: over.pictures ?? [],
  source: over.source ?? `test:${sightings++}`,
});

/** A log whose lines a test can read. */
export const createTestLog = (): { log: Log; lines: Record<string, unknown>[] } => {
  const lines: Record<string, unknown>[] = [];
  return { log: createLog("debug", (line) => lines.push(JSON.parse(line) as Record<string, unknown>)), lines };
};

/** Waits until something holds; the test's own time limit ends a wait that never does. */
export const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
};

export type ReceivedRequest = { method: string; url: string; headers: IncomingHttpHeaders; body: Buffer };
export type Reply = { status: number; headers?: Record<string, string>; body?: unknown } | "hang up";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const aKeyId = "central-2026";
export const aPublicKey = publicKey.export({ format: "der", type: "spki" }).toString("base64");

/** A receipt as central signs it for an exact payload text. */
export const aReceipt = (payload: string, over: Partial<Receipt> = {}): Receipt => {
  const { seq, epoch } = JSON.parse(payload) as { seq: number; epoch: number };
  const unsigned = {
    collector: "0195a0c0-0000-7000-8000-000000000001",
    epoch,
    seq,
    payload: createHash("sha256").update(payload).digest("hex"),
    receivedAt: "2026-03-01T20:00:01.000Z",
    keyId: aKeyId,
    ...over,
  };
  return { ...unsigned, signature: sign(null, receiptBytes(unsigned), privateKey).toString("base64") };
};

export const aPace: Pace = { delayMs: 0, maxBatch: 50, imagesPaused: false };

/** The payload texts of a received batch, exactly as they came, and its parts. */
export const readBatch = (request: ReceivedRequest): { payloads: string[]; parts: Part[] } => {
  const parts = readMultipart(request.body, request.headers["content-type"] ?? null);
  const text = parts[0]?.body.toString("utf8") ?? "[]";
  const payloads = (JSON.parse(text) as (object | { payload: string; signature: string })[]).map((element) =>
    "payload" in element ? element.payload : JSON.stringify(element),
  );
  return { payloads, parts };
};

/** The answer of a central that stores everything. */
export const storedReply = (request: ReceivedRequest, pace: Pace = aPace): Reply => {
  const results = readBatch(request).payloads.map((payload) => {
    const { id } = JSON.parse(payload) as { id: string };
    return { id, status: "stored", missing: [], integrity: "unsigned", receipt: aReceipt(payload) };
  });
  return { status: 200, body: { results, pace } };
};

/** Which collector this is at the test central. */
export const aCollectorId = "5f0c7b1e-3c1a-4f0e-9a53-1b2c3d4e5f60";

let counter = 0;

/** A command as central signs it, the next in its order unless told otherwise. */
export const aCommand = (
  verb: string,
  args: Record<string, unknown> = {},
  over: Partial<Command> & { collectorId?: string } = {},
): Command => {
  const { collectorId = aCollectorId, ...rest } = over;
  const id = randomUUID();
  const notAfter = new Date(Date.now() + 600_000).toISOString();
  const unsigned = { id, counter: ++counter, notAfter, verb: verb as Command["verb"], args, ...rest };
  const bytes = signedBytes("command", commandText(collectorId, unsigned));
  return { ...unsigned, signature: rest.signature ?? sign(null, bytes, privateKey).toString("base64") };
};

/** The answer to a heartbeat, with what a test puts in. */
export const heartbeatReply = (over: object = {}): Reply => ({
  status: 200,
  body: { serverTime: new Date().toISOString(), pace: aPace, commands: [], collectorId: aCollectorId, ...over },
});

export type TestCentral = AsyncDisposable & {
  url: string;
  requests: ReceivedRequest[];
  batches: () => ReceivedRequest[];
};

/**
 * A real HTTP server in central's place. `reply` answers batches; heartbeats, keys and acknowledgements are answered as
 * central does, or as `others` says. A reply may take its time.
 */
export const openTestCentral = async (
  reply: (request: ReceivedRequest, count: number) => Reply | Promise<Reply> = (request) => storedReply(request),
  others: (request: ReceivedRequest) => Reply | null = () => null,
): Promise<TestCentral> => {
  const requests: ReceivedRequest[] = [];
  const batches = () => requests.filter(({ url }) => url === "/api/v1/detections/batch");
  const send = (response: ServerResponse, answer: Reply) => {
    if (answer === "hang up") return void response.destroy();
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
    response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {}));
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const received = { method, url, headers, body: Buffer.concat(chunks) };
      requests.push(received);
      const other = others(received);
      if (other) send(response, other);
      else if (url === "/api/v1/heartbeat") send(response, heartbeatReply());
      else if (url.endsWith("/ack")) send(response, { status: 204, body: "" });
      else if (url === "/api/v1/keys")
        send(response, { status: 200, body: { keys: [{ keyId: aKeyId, publicKey: aPublicKey }] } });
      else void Promise.resolve(reply(received, batches().length)).then((answer) => send(response, answer));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    batches,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

/** The collector's own line to a test central. */
export const aLineTo = (url: string, clock: Clock = createSystemClock()): Central =>
  createCentral(
    { url, keys: aKeyRing, version: "0.0.0" },
    clock,
    createCentralTime(clock),
    new AbortController().signal,
  );

/** Sends almost at once. */
export const QUICK: BatchTrigger = { intervalMs: 20, rows: 50, bytes: 5 * 1024 * 1024 };
export const scene = aJpeg("scene");
export const crop = aJpeg("crop");
/** The scene and the crop of one detection. */
export const pictures = [
  { role: "full", bytes: scene },
  { role: "crop", bytes: crop },
] as const;

/** A buffer in a folder, a central with this reply, and an uploader between them. */
export const openLine = async (
  reply?: (request: ReceivedRequest, count: number) => Reply | Promise<Reply>,
  {
    trigger = QUICK,
    random = (): number => 0.01,
    dataDir,
    uptimeMs = 3_600_000,
  }: { trigger?: BatchTrigger; random?: () => number; dataDir?: string; uptimeMs?: number } = {},
) => {
  const stack = new AsyncDisposableStack();
  const folder = dataDir ?? stack.use(await temporaryFolder()).path;
  const central = stack.use(await openTestCentral(reply));
  const clock = createSystemClock();
  const buffer = stack.use(await openBuffer(folder, clock));
  const { log, lines } = createTestLog();
  const line = aLineTo(central.url, clock);
  const uploader = createUploader({ buffer, central: line, clock, trigger, log, random, uptimeMs });
  const stop = new AbortController();
  const start = () => {
    const running = uploader.run(stop.signal);
    stack.defer(async () => {
      stop.abort();
      await running;
    });
  };
  return {
    folder,
    central,
    buffer,
    uploader,
    lines,
    start,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
};

/** Adds detections of A0, A1, ...; with the scene and the crop when asked. */
export const fill = async (buffer: DetectionBuffer, count: number, withPictures = false) => {
  for (let n = 0; n < count; n++) {
    await buffer.add(aSighting({ plate: `A${n}`, pictures: withPictures ? [...pictures] : [] }));
  }
};

/** Says whether central has acknowledged everything. */
export const drained = (buffer: DetectionBuffer) => () => buffer.stats().rows === 0;

/** The results that central gives for a batch, each changed by `over`. */
export const replyWith = (
  request: ReceivedRequest,
  over: (payload: string, index: number) => object,
  pace: Pace = aPace,
): Reply => {
  const results = readBatch(request).payloads.map((payload, index) => {
    const { id } = JSON.parse(payload) as { id: string };
    return { id, status: "stored", receipt: aReceipt(payload), ...over(payload, index) };
  });
  return { status: 200, body: { results, pace } };
};
