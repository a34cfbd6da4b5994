/**
 * Batches as a collector sends them, made before the clock starts, and the one line that takes them to central.
 * Rule: what a collector spends on a batch is not central's time.
 */
import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { type SignedType, signedBytes } from "@chaverim/contracts";

/** The owner's batch: 50 detections, a full scene of 80 KB and a crop of 20 KB each. */
export const BATCH = 50;
export const FULL_BYTES = 80 * 1024;
export const CROP_BYTES = 20 * 1024;

type Image = { name: string; bytes: Buffer<ArrayBuffer> };
export type Batch = { detections: Record<string, unknown>[]; images: Image[] };

/** A collector's device, which signs what it sends and chains it. */
export type Device = {
  deviceKey: string;
  sign: (type: SignedType, body: string) => string;
  /** Wraps a detection with its signature, at the next place of the chain. */
  element: (detection: Record<string, unknown>) => { payload: string; signature: string };
};

export const createDevice = (): Device => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const signText = (type: SignedType, body: string) =>
    sign(null, signedBytes(type, body), privateKey).toString("base64");
  let seq = 0;
  let prev: string | null = null;
  return {
    deviceKey: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
    sign: signText,
    element: (detection) => {
      const payload = JSON.stringify({
        ...detection,
        epoch: 1,
        seq: ++seq,
        prev,
        nonce: randomBytes(32).toString("base64"),
      });
      prev = createHash("sha256").update(payload).digest("hex");
      return { payload, signature: signText("payload", payload) };
    },
  };
};

export const uuidV7 = (): string => {
  const time = Date.now().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
};

export const aJpeg = (size: number): Buffer<ArrayBuffer> => {
  const bytes = Buffer.from(randomBytes(size));
  bytes.set([0xff, 0xd8, 0xff, 0xe0]);
  return bytes;
};

export const declare = (role: string, bytes: Buffer) => ({
  role,
  sha256: createHash("sha256").update(bytes).digest("hex"),
  bytes: bytes.length,
  mime: "image/jpeg",
});

let count = 0;
/** A batch of new detections; without images, or with a scene and a crop each. */
export const aBatch = (withImages: boolean): Batch => {
  const batch: Batch = { detections: [], images: [] };
  for (let index = 0; index < BATCH; index++) {
    const full = aJpeg(withImages ? FULL_BYTES : 4);
    const crop = aJpeg(withImages ? CROP_BYTES : 4);
    batch.detections.push({
      id: uuidV7(),
      cameraId: `camera-${index % 10}`,
      // Days apart, so that the dictionary sees repeats and the 30-second rule is asked but seldom applies.
      capturedAt: new Date(Date.now() - (count % 7) * 86_400_000 - index * 1000).toISOString(),
      clock: { source: "collector", synced: true, offsetMs: 0, bootId: "bench", monotonicMs: count },
      plate: { text: `B${String((count++ * 7919) % 20_000).padStart(6, "0")}`, confidence: 0.9 },
      vehicle: { make: "Benchmark", color: "white", direction: "forward" },
      vendor: { name: "bench", eventId: String(count) },
      images: withImages ? [declare("full", full), declare("crop", crop)] : [],
    });
    if (withImages)
      batch.images.push({ name: `image_${index}_full`, bytes: full }, { name: `image_${index}_crop`, bytes: crop });
  }
  return batch;
};

export type Body = { pieces: Buffer[]; type: string };

/** The multipart body in pieces: images that many batches share are in memory once. */
export const toBody = (detections: unknown, images: readonly Image[]): Body => {
  const boundary = `bench-${randomUUID()}`;
  const part = (name: string, type: string, bytes: Buffer) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
    ),
    bytes,
    Buffer.from("\r\n"),
  ];
  const pieces = [
    ...part("detections", "application/json", Buffer.from(JSON.stringify(detections))),
    ...images.flatMap(({ name, bytes }) => part(name, "image/jpeg", bytes)),
    Buffer.from(`--${boundary}--\r\n`),
  ];
  return { pieces, type: `multipart/form-data; boundary=${boundary}` };
};

/** Connections that stay open, as a collector's do. */
const agent = new Agent({ keepAlive: true });

/** Posts pieces one after the other. */
const post = (
  url: string,
  headers: Record<string, string>,
  pieces: readonly Buffer[],
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const options = { method: "POST", headers: { ...headers, "Content-Length": bytes }, agent };
    const sent = request(url, options, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, text: answer }), reject);
    });
    sent.once("error", reject);
    for (const piece of pieces) sent.write(piece);
    sent.end();
  });

export const postBatch = (url: string, apiKey: string, { pieces, type }: Body) =>
  post(`${url}/api/v1/detections/batch`, { "X-API-Key": apiKey, "Content-Type": type }, pieces);

/**
 * Sends a batch that must be stored whole.
 * @returns milliseconds from the first byte to the last of the answer
 */
export const sendBatch = async (
  url: string,
  apiKey: string,
  { detections, images }: Batch,
  device?: Device,
): Promise<number> => {
  // One piece, as it lies in a collector's socket: hundreds of small writes would be the sender's cost, not central's.
  const { pieces, type } = toBody(device ? detections.map(device.element) : detections, images);
  const body = { pieces: [Buffer.concat(pieces)], type };
  const startedAt = performance.now();
  const { status, text: answer } = await postBatch(url, apiKey, body);
  const took = performance.now() - startedAt;
  const { results } = JSON.parse(answer) as { results?: { status: string; integrity: string }[] };
  const integrity = device ? "ok" : "unsigned";
  const isTaken = results?.every((result) => result.status === "stored" && result.integrity === integrity) === true;
  if (status !== 200 || !isTaken) throw new Error(`a batch was not stored: ${status} ${answer.slice(0, 200)}`);
  return took;
};

/** Makes central know the device, by a heartbeat that it has signed. */
export const introduce = async (url: string, apiKey: string, device: Device): Promise<void> => {
  const heartbeat = JSON.stringify({
    protocol: 2,
    version: "bench",
    uptimeSeconds: 1,
    epoch: 1,
    lastSeq: 0,
    buffer: { rows: 0, bytes: 0, oldestAt: null },
    deviceKey: device.deviceKey,
    disk: null,
    temperature: null,
    clock: { now: new Date().toISOString(), offsetMs: 0 },
    cameras: [],
  });
  const headers = {
    "X-API-Key": apiKey,
    "Content-Type": "application/json",
    "X-Signature": device.sign("heartbeat", heartbeat),
  };
  const { status, text: answer } = await post(`${url}/api/v1/heartbeat`, headers, [Buffer.from(heartbeat)]);
  if (status !== 200) throw new Error(`a heartbeat was not taken: ${answer}`);
};
