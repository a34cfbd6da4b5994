/**
 * The cameras: brings a pass and its pictures to the collector in the way that each camera speaks.
 * Rule: what leaves here is what a real camera or a real program would send, byte shapes included.
 */
import { randomUUID } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { Pictures } from "../pictures/picture.ts";
import type { Pass } from "../town/trips.ts";
import type { BodyType } from "../town/vehicles.ts";
import { dropFolder } from "./collectors.ts";
import type { Collector } from "./collectors.ts";
import type { Credentials } from "./state.ts";

/** A camera gives up after a few seconds and does not send again. */
const PUSH_TIMEOUT_MS = 5_000;

export type Capture = Pass & { at: Date; pictures: Pictures };

/** Hikvision's words for what drives. */
const HIKVISION_TYPES: Readonly<Record<BodyType, string>> = {
  car: "vehicle",
  suv: "SUVMPV",
  van: "van",
  pickup: "pickupTruck",
};

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** Local time with its offset, as cameras write it: 2026-11-22T23:41:07.250+02:00. */
export const localTime = (at: Date): string => {
  const minutes = -at.getTimezoneOffset();
  const offset = `${minutes < 0 ? "-" : "+"}${twoDigits(Math.floor(Math.abs(minutes) / 60))}:${twoDigits(Math.abs(minutes) % 60)}`;
  return new Date(at.getTime() + minutes * 60_000).toISOString().replace("Z", offset);
};

/** The event as firmware of 2024 sends it: element names, order and vendor spellings included. */
export const hikvisionEvent = ({
  camera,
  vehicle,
  read,
  confidence,
  side,
  speedKph,
  at,
  pictures,
}: Capture): string => {
  const [x, y, width, height] = pictures.box;
  const eventId = randomUUID();
  const time = localTime(at);
  const picture = (name: string, rectangle = "") =>
    `<pictureInfo><fileName>${name}.jpg</fileName><type>${name}</type><dataType>0</dataType><absTime>${time.slice(0, 23).replaceAll(/\D/g, "")}</absTime>${rectangle}</pictureInfo>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">
<ipAddress>127.0.0.1</ipAddress><protocol>HTTP</protocol><channelID>1</channelID>
<dateTime>${time}</dateTime><activePostCount>1</activePostCount>
<eventType>ANPR</eventType><eventState>active</eventState><eventDescription>ANPR</eventDescription>
<channelName>${camera.name}</channelName>
<ANPR>
<licensePlate>${read}</licensePlate><line>1</line><direction>${side === "front" ? "forward" : "reverse"}</direction>
<confidenceLevel>${Math.round(confidence * 100)}</confidenceLevel><plateType>unknown</plateType><plateColor>unknown</plateColor>
<vehicleType>${HIKVISION_TYPES[vehicle.type]}</vehicleType>
<vehicleInfo><index>0</index><color>${vehicle.color}</color><speed>${speedKph}</speed><length>0</length><vehicleLogoRecog>0</vehicleLogoRecog><vehileModel>0</vehileModel></vehicleInfo>
<pictureInfoList>${picture("licensePlatePicture")}${picture("detectionPicture", `<plateRect><X>${x}</X><Y>${y}</Y><width>${width}</width><height>${height}</height></plateRect>`)}</pictureInfoList>
<originalLicensePlate>${read}</originalLicensePlate>
</ANPR>
<UUID>${eventId}</UUID><picNum>2</picNum><isDataRetransmission>false</isDataRetransmission>
</EventNotificationAlert>
`;
};

const push = async (capture: Capture, port: number, token: string): Promise<void> => {
  const form = new FormData();
  const jpeg = (bytes: Buffer) => new Blob([new Uint8Array(bytes)], { type: "image/jpeg" });
  form.set("anpr.xml", new Blob([hikvisionEvent(capture)], { type: "application/xml" }), "anpr.xml");
  form.set("licensePlatePicture.jpg", jpeg(capture.pictures.crop), "licensePlatePicture.jpg");
  form.set("detectionPicture.jpg", jpeg(capture.pictures.full), "detectionPicture.jpg");
  const response = await fetch(`http://127.0.0.1:${port}/hikvision/${token}`, {
    method: "POST",
    body: form,
    signal: AbortSignal.timeout(PUSH_TIMEOUT_MS),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`The collector answered ${response.status}.`);
};

/** Pictures first; the JSON appears in one step, for it is what the collector looks for. */
const drop = async (
  { camera, vehicle, read, confidence, side, speedKph, at, pictures }: Capture,
  folder: string,
): Promise<void> => {
  const name = join(folder, `${at.getTime()}-${read}`);
  await writeFile(`${name}.full.jpg`, pictures.full);
  await writeFile(`${name}.crop.jpg`, pictures.crop);
  const { make, model, color, type } = vehicle;
  const reading = {
    capturedAt: localTime(at),
    plate: { text: read, confidence },
    vehicle: { make, model, color, type, direction: side === "front" ? "forward" : "reverse", speedKph },
    box: pictures.box,
    location: { lat: camera.lat, lon: camera.lon },
    eventId: randomUUID(),
  };
  await writeFile(`${name}.json.part`, JSON.stringify(reading));
  await rename(`${name}.json.part`, `${name}.json`);
};

/**
 * Delivers one capture to its collector.
 * @returns false when the collector could not take it: a pushing camera does not send twice
 */
export const feed = async (
  config: Config,
  credentials: Credentials,
  collectors: readonly Collector[],
  capture: Capture,
): Promise<boolean> => {
  const { id, adapter, collector: name } = capture.camera;
  if (adapter === "folder") {
    await drop(capture, dropFolder(config, name, id));
    return true;
  }
  const port = collectors.find((collector) => collector.name === name)?.port() ?? null;
  if (port === null) return false;
  try {
    await push(capture, port, credentials.tokens[id] ?? "");
    return true;
  } catch (error) {
    // The collector may have ended between its port being read and the push; it is started again elsewhere.
    if (error instanceof Error) return false;
    throw error;
  }
};
