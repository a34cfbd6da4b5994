/**
 * A collector's device for tests: its key, what it signs, and its heartbeats as they go over the wire.
 * Rule: signed exactly as a collector signs; what a test wants wrong it makes wrong itself.
 */
import { generateKeyPairSync, sign } from "node:crypto";
import {
  type Detection,
  type Heartbeat,
  type HeartbeatResponse,
  type SignedType,
  signedBytes,
} from "@chaverim/contracts";

export type TestDevice = {
  /** SPKI, DER, base64. */
  deviceKey: string;
  sign: (type: SignedType, body: string) => string;
  /** An element of a batch: the exact text with its signature. */
  element: (detection: Detection) => { payload: string; signature: string };
};

export const aDevice = (): TestDevice => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const signText = (type: SignedType, body: string) =>
    sign(null, signedBytes(type, body), privateKey).toString("base64");
  return {
    deviceKey: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
    sign: signText,
    element: (detection) => {
      const payload = JSON.stringify(detection);
      return { payload, signature: signText("payload", payload) };
    },
  };
};

/** A heartbeat of protocol 2 in which nothing is wrong. */
export const aHeartbeat = (overrides: Partial<Heartbeat> = {}): Heartbeat => ({
  protocol: 2,
  version: "0.2.0",
  uptimeSeconds: 60,
  epoch: 1,
  lastSeq: 0,
  buffer: { rows: 0, bytes: 0, oldestAt: null },
  disk: { freeBytes: 50, totalBytes: 100 },
  temperature: 51.5,
  clock: { now: new Date().toISOString(), offsetMs: 3 },
  cameras: [{ cameraId: "gate", status: "online", lastDetectionAt: null, clockOffsetMs: null }],
  ...overrides,
});

export type BeatAnswer = { status: number; body: HeartbeatResponse & { code?: string } };

/** Sends a heartbeat. @param device signs it and names its key; left out, it is plain */
export const sendHeartbeat = async (
  url: string,
  apiKey: string,
  heartbeat: object,
  device?: Pick<TestDevice, "deviceKey" | "sign">,
): Promise<BeatAnswer> => {
  const text = JSON.stringify(device ? { ...heartbeat, deviceKey: device.deviceKey } : heartbeat);
  const response = await fetch(`${url}/api/v1/heartbeat`, {
    method: "POST",
    headers: {
      "X-API-Key": apiKey,
      "Content-Type": "application/json",
      ...(device ? { "X-Signature": device.sign("heartbeat", text) } : {}),
    },
    body: text,
  });
  return { status: response.status, body: (await response.json()) as BeatAnswer["body"] };
};
