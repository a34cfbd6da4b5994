/**
 * Detections, pictures and batches for tests, sent as a collector sends them.
 * Rule: ids are UUID v7 and pictures are declared with their true SHA-256 unless a test says otherwise.
 */
import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import { type BatchResponse, type Detection, type ImageRole, type Receipt, receiptBytes } from "@chaverim/contracts";

/** UUID v7 (RFC 9562) of a time in milliseconds. */
export const aDetectionId = (atMs = Date.now()): string => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(atMs, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};

/** Bytes that begin and end as a JPEG does, different each time. */
export const aJpeg = (bytes = 2000): Buffer =>
  Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), randomBytes(bytes), Buffer.from([0xff, 0xd9])]);

export const hex = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

export type Pictures = Partial<Record<ImageRole, Buffer>>;
type Overrides = Partial<Omit<Detection, "plate" | "images">> & { plate?: string | null; images?: Detection["images"] };

/** A detection of plate `7ABC123` at camera `gate`, now, that declares `pictures`. */
export const aDetection = ({ plate, ...overrides }: Overrides = {}, pictures: Pictures = {}): Detection => ({
  id: aDetectionId(),
  cameraId: "gate",
  capturedAt: new Date().toISOString(),
  cameraTime: null,
  plate: { text: plate === undefined ? "7ABC123" : plate, confidence: 0.93 },
  images: Object.entries(pictures).map(([role, bytes]) => ({
    role: role as ImageRole,
    sha256: hex(bytes),
    bytes: bytes.length,
    mime: "image/jpeg",
  })),
  ...overrides,
});

export type Answer = {
  status: number;
  headers: Headers;
  body: BatchResponse;
  failure: { code?: string; details?: Record<string, unknown> };
};

const answerOf = async (response: Response): Promise<Answer> => {
  const body: unknown = await response.json();
  return {
    status: response.status,
    headers: response.headers,
    body: body as BatchResponse,
    failure: body as Answer["failure"],
  };
};

/** Parts of a batch: `detections` first, then pictures by part name. */
export const aForm = (detections: unknown, parts: Record<string, Buffer> = {}): FormData => {
  const form = new FormData();
  form.append("detections", typeof detections === "string" ? detections : JSON.stringify(detections));
  for (const [name, bytes] of Object.entries(parts)) {
    form.append(name, new Blob([new Uint8Array(bytes)], { type: "image/jpeg" }), `${name}.jpg`);
  }
  return form;
};

/**
 * Sends one batch.
 * @param detections elements of the array, or the exact text of the part
 * @param pictures of each element, by index
 */
export const sendBatch = async (
  url: string,
  apiKey: string,
  detections: unknown,
  pictures: readonly (Pictures | undefined)[] = [],
): Promise<Answer> => {
  const parts = Object.fromEntries(
    pictures.flatMap((of, index) =>
      Object.entries(of ?? {}).map(([role, bytes]) => [`image_${index}_${role}`, bytes] as const),
    ),
  );
  return sendForm(url, apiKey, aForm(detections, parts));
};

/** Sends any form as a batch. */
export const sendForm = async (url: string, apiKey: string, form: FormData): Promise<Answer> =>
  answerOf(
    await fetch(`${url}/api/v1/detections/batch`, { method: "POST", headers: { "X-API-Key": apiKey }, body: form }),
  );

/** Says whether central's public key, as anybody can fetch it, signed this receipt. */
export const isReceiptGenuine = async (url: string, receipt: Receipt): Promise<boolean> => {
  const { keys } = (await (await fetch(`${url}/api/v1/keys`)).json()) as {
    keys: { keyId: string; publicKey: string }[];
  };
  const key = keys.find(({ keyId }) => keyId === receipt.keyId);
  if (!key) return false;
  const publicKey = createPublicKey({ key: Buffer.from(key.publicKey, "base64"), format: "der", type: "spki" });
  const { signature, ...signed } = receipt;
  return verify(null, receiptBytes(signed), publicKey, Buffer.from(signature, "base64"));
};

/** The multipart body of a form as bytes, with its content type, for tests that cut or stretch it. */
export const toBytes = async (form: FormData): Promise<{ body: Buffer; contentType: string }> => {
  const request = new Request("http://form.invalid", { method: "POST", body: form });
  return { body: Buffer.from(await request.arrayBuffer()), contentType: request.headers.get("content-type") ?? "" };
};
