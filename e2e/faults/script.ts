/**
 * A collector that is no program of ours: a script that posts batches of plain detections.
 * Rule: what it makes goes into the history, and what it sends can be sent again byte for byte.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { CAMERA } from "../support/collector.ts";
import type { Stand } from "./stand.ts";

/** UUID v7 (RFC 9562): milliseconds, version, chance, variant, chance. */
export const uuidV7 = (): string => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};

export type ScriptBatch = {
  /** The whole request, as it goes over the line. */
  request: Buffer;
  /** Sends it once, in order. */
  send: () => Promise<{ status: number; text: string; ms: number; retryAfter: string | null }>;
};

/** Makes a batch of the next detections. */
export const scriptBatch = async (stand: Stand, count: number): Promise<ScriptBatch> => {
  const form = new FormData();
  const detections = Array.from({ length: count }, () => stand.next("Script"));
  const payloads = detections.map(({ plate, capturedAt, pictures }) => ({
    id: uuidV7(),
    cameraId: CAMERA,
    capturedAt,
    plate: { text: plate, confidence: 0.9 },
    images: pictures.map(({ role, sha256, bytes }) => ({ role, sha256, bytes: bytes.length, mime: "image/jpeg" })),
  }));
  form.append("detections", JSON.stringify(payloads));
  for (const [place, { pictures }] of detections.entries()) {
    for (const { role, bytes } of pictures) {
      form.append(`image_${place}_${role}`, new Blob([new Uint8Array(bytes)], { type: "image/jpeg" }), "picture.jpg");
    }
  }
  const encoded = new Response(form);
  const type = encoded.headers.get("content-type") ?? "";
  const body = Buffer.from(await encoded.arrayBuffer());
  const head = [
    "POST /api/v1/detections/batch HTTP/1.1",
    `Host: ${new URL(stand.url).host}`,
    `X-API-Key: ${stand.script.apiKey}`,
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
    "",
    "",
  ].join("\r\n");
  const headers = { "X-API-Key": stand.script.apiKey, "Content-Type": type };
  return {
    request: Buffer.concat([Buffer.from(head), body]),
    send: async () => {
      const startedAt = performance.now();
      const response = await fetch(`${stand.url}/api/v1/detections/batch`, { method: "POST", headers, body });
      const text = await response.text();
      const retryAfter = response.headers.get("retry-after");
      return { status: response.status, text, ms: performance.now() - startedAt, retryAfter };
    },
  };
};

/** Central may be starting, or its database; a minute is longer than either takes. */
const TAKEN_MS = 60_000;

/**
 * Sends a batch until it is taken; returns every answer but the last, 0 for none.
 * @throws when it is not taken within a minute
 */
export const sendUntilTaken = async (batch: ScriptBatch): Promise<number[]> => {
  const refused: number[] = [];
  for (const deadline = Date.now() + TAKEN_MS; Date.now() < deadline; await sleep(500)) {
    const { status } = await batch.send().catch(() => ({ status: 0 }));
    if (status === 200) return refused;
    refused.push(status);
  }
  throw new Error(`A batch was refused for a minute: ${refused.join(", ")}`);
};
