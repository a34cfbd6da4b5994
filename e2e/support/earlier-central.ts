/**
 * Central as it answered in version 1 of the protocol, written down from what that version sent and accepted.
 * Rule: it knows nothing of a later version: what it does not know it ignores, and it never answers with it.
 */
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export type Stored = { id: string; plate: string; epoch: number; seq: number; images: Map<string, string> };
type Detection = {
  id: string;
  epoch: number;
  seq: number;
  plate: { text: string };
  images: { role: string; sha256: string }[];
};
/** What version 1 required of a heartbeat; anything more it kept without looking. */
type Heartbeat = { epoch: number; lastSeq: number; buffer: { rows: number } } & Record<string, unknown>;

export type EarlierCentral = AsyncDisposable & {
  url: string;
  apiKey: string;
  /** By id. */
  stored: Map<string, Stored>;
  /** In the order in which they came. */
  heartbeats: Heartbeat[];
  /** Batches that it was sent. */
  batches: () => number;
  /** Every answer other than 200, with the path. */
  refusals: string[];
};

const PACE = { delayMs: 0, maxBatch: 50, imagesPaused: false };
const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

const isCount = (value: unknown): boolean => typeof value === "number" && value >= 0;
const isTime = (value: unknown): boolean => typeof value === "string" && !Number.isNaN(Date.parse(value));
const isNullOr = (is: (value: unknown) => boolean, value: unknown): boolean => value === null || is(value);
const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** The schema of version 1, field by field. */
const isHeartbeat = (value: unknown): value is Heartbeat => {
  const beat = fieldsOf(value);
  const queue = fieldsOf(beat["buffer"]);
  const disk = fieldsOf(beat["disk"]);
  const clock = fieldsOf(beat["clock"]);
  const isCamera = (camera: Record<string, unknown>): boolean =>
    typeof camera["cameraId"] === "string" &&
    ["online", "offline", "error", "connecting"].includes(String(camera["status"])) &&
    isNullOr(isTime, camera["lastDetectionAt"]) &&
    isNullOr(Number.isFinite, camera["clockOffsetMs"]);
  return (
    [beat["protocol"], beat["epoch"], beat["lastSeq"]].every(Number.isInteger) &&
    typeof beat["version"] === "string" &&
    [beat["uptimeSeconds"], queue["rows"], queue["bytes"]].every(isCount) &&
    isNullOr(isTime, queue["oldestAt"]) &&
    (beat["disk"] === null || [disk["freeBytes"], disk["totalBytes"]].every(isCount)) &&
    isNullOr(Number.isFinite, beat["temperature"]) &&
    isTime(clock["now"]) &&
    isNullOr(Number.isFinite, clock["offsetMs"]) &&
    Array.isArray(beat["cameras"]) &&
    beat["cameras"].every((camera) => isCamera(fieldsOf(camera)))
  );
};

/** An element was the detection itself, or its exact text beside a signature that nobody looked at. */
const payloadOf = (element: unknown): string => {
  const { payload, signature } = fieldsOf(element);
  return typeof payload === "string" && typeof signature === "string" ? payload : JSON.stringify(element);
};

/**
 * Starts it on a free port.
 * @param refuses a plate whose detection it puts into quarantine
 */
export const openEarlierCentral = async (refuses: string): Promise<EarlierCentral> => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const keys = [
    { keyId: "0123456789abcdef", publicKey: publicKey.export({ format: "der", type: "spki" }).toString("base64") },
  ];
  const collector = randomUUID();
  const apiKey = `alpr_${"v1".padEnd(43, "A")}`;
  const stored: EarlierCentral["stored"] = new Map();
  const heartbeats: Heartbeat[] = [];
  const refusals: string[] = [];
  let batches = 0;

  const receiptOf = (bytes: string, { epoch, seq }: Detection) => {
    const receipt = {
      collector,
      epoch,
      seq,
      payload: sha256(bytes),
      receivedAt: new Date().toISOString(),
      keyId: "0123456789abcdef",
    };
    const signed = ["chaverim-receipt-v1", collector, epoch, seq, receipt.payload, receipt.receivedAt, receipt.keyId];
    return { ...receipt, signature: sign(null, Buffer.from(signed.join("\n")), privateKey).toString("base64") };
  };

  const takeElement = async (element: unknown, index: number, form: FormData) => {
    const payload = payloadOf(element);
    const detection = JSON.parse(payload) as Detection;
    const { id, epoch, seq, plate, images } = detection;
    if (plate.text === refuses) {
      const detail = "Invalid input: expected object, received number\n  → at plate";
      // Its receipt was over the element as it stood in the body, not over the payload in it.
      const receipt = receiptOf(JSON.stringify(element), detection);
      return { id, status: "quarantined", reason: "schema", detail, receipt };
    }
    const before = stored.get(id);
    const held = before ?? { id, plate: plate.text, epoch, seq, images: new Map<string, string>() };
    stored.set(id, held);
    for (const { role } of images) {
      const part = form.get(`image_${index}_${role}`);
      if (part instanceof Blob) held.images.set(role, sha256(await part.bytes()));
    }
    const missing = images.map(({ role }) => role).filter((role) => !held.images.has(role));
    return {
      id,
      status: before ? "duplicate" : "stored",
      missing,
      integrity: "unsigned",
      receipt: receiptOf(payload, detection),
    };
  };

  const takeBatch = async (body: Buffer<ArrayBuffer>, contentType: string) => {
    batches++;
    const form = await new Response(body, { headers: { "Content-Type": contentType } }).formData();
    const text = form.get("detections");
    const elements = JSON.parse(typeof text === "string" ? text : "") as unknown[];
    const results: unknown[] = [];
    for (const [index, element] of elements.entries()) results.push(await takeElement(element, index, form));
    return { results, pace: PACE };
  };

  const answer = async (request: IncomingMessage): Promise<{ status: number; body: object }> => {
    const body = Buffer.from(await buffer(request));
    const failure = (status: number, code: string) => ({
      status,
      body: { code, message: code, requestId: randomUUID() },
    });
    if (request.url === "/api/v1/keys") return { status: 200, body: { keys } };
    if (request.headers["x-api-key"] !== apiKey) return failure(401, "key_unknown");
    if (request.url === "/api/v1/detections/batch")
      return { status: 200, body: await takeBatch(body, request.headers["content-type"] ?? "") };
    if (request.url !== "/api/v1/heartbeat") return failure(404, "not_found");
    const heartbeat: unknown = JSON.parse(body.toString());
    if (!isHeartbeat(heartbeat)) return failure(400, "invalid");
    heartbeats.push(heartbeat);
    return { status: 200, body: { serverTime: new Date().toISOString(), pace: PACE, commands: [] } };
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, body } = await answer(request);
    if (status !== 200) refusals.push(`${status} ${request.url}`);
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      refusals.push(String(error));
      response.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey,
    stored,
    heartbeats,
    batches: () => batches,
    refusals,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
