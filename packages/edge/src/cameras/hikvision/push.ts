/**
 * Hikvision cameras that push: the listener, and the camera that turns what it stored into sightings.
 * Rule: the raw message is durable before the camera hears 200, for some firmware never sends it again; what cannot be
 * read goes to quarantine and is never answered with an error.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { finished } from "node:stream/promises";
import { arrivalNow, type CentralTime, type Clock } from "../../clock.ts";
import { FatalError, RecoverableError, UnreadableError, reasonOf } from "../../failure.ts";
import type { Log } from "../../log.ts";
import { createWaker } from "../../waker.ts";
import {
  believedTime,
  checkSighting,
  readZonedTime,
  type Camera,
  type CameraStatus,
  type Sighting,
} from "../camera.ts";
import { decodeHikvision, type AnprEvent } from "./decode.ts";
import { readMultipart } from "./multipart.ts";
import { choosePictures } from "./pictures.ts";
import { TooLargeError, openSpool, type SpooledMessage } from "./spool.ts";
import { isDocument } from "./tree.ts";

export type PushCamera = Camera & {
  token: string;
  /** Stores one message durably. Throws what `Spool.store` throws. */
  receive: (contentType: string | null, body: AsyncIterable<Buffer>) => Promise<void>;
};

type PushCameraOptions = {
  id: string;
  token: string;
  trustClock: boolean;
  location: { lat: number; lon: number } | null;
  dataDir: string;
  clock: Clock;
  central: CentralTime;
  log: Log;
};

/** A message that the disk could not read is tried again so often: a bad sector costs seconds at each try. */
const REREAD_MS = 5 * 60_000;

/** The name under which the buffer knows an alarm: a repeat (activePostCount) says the same again. */
const sourceOf = (event: AnprEvent, spoolName: string): string => {
  if (event.eventId !== null) return `uuid:${event.eventId}`;
  if (event.cameraTime !== null && event.plate !== null) {
    return `alarm:${event.cameraTime}|${event.channel ?? ""}|${event.plate}`;
  }
  return `message:${spoolName}`;
};

/** The one ANPR event of a message and the other parts; null when it holds none. Throws UnreadableError. */
const readEvent = (message: SpooledMessage) => {
  const parts = readMultipart(message.body, message.contentType);
  const documents = parts.filter(({ body }) => isDocument(body));
  if (documents.length === 0) throw new UnreadableError("The message holds no XML and no JSON document.");
  const events = documents.map(({ body }) => decodeHikvision(body)).filter((decoded) => decoded.kind === "anpr");
  if (events.length > 1) throw new UnreadableError("The message holds more than one ANPR event.");
  const event = events[0]?.event;
  return event ? { event, rest: parts.filter((part) => !documents.includes(part)) } : null;
};

/** Opens a push camera; its spool may hold messages of before a crash, which come first. */
export const openPushCamera = async (options: PushCameraOptions): Promise<PushCamera> => {
  const { id, clock, central, log } = options;
  const spool = await openSpool(options.dataDir, id, clock.nowMs);
  const waker = createWaker();
  const waiting = new Set<string>();
  /** Messages that the disk could not read, and when they are tried again, of `monotonicMs`. */
  const unread = new Map<string, number>();
  const status: CameraStatus = {
    status: "connecting",
    lastDetectionAt: null,
    clockOffsetMs: null,
    occupantPicturesDropped: 0,
  };

  /** Makes a sighting of a message; null when there is nothing to keep. Throws UnreadableError. */
  const toSighting = (name: string, message: SpooledMessage): { sighting: Sighting; unusable: string[] } | null => {
    const read = readEvent(message);
    if (!read) return null;
    const { event, rest } = read;
    const cameraMs = readZonedTime(event.cameraTime);
    const time = believedTime(central, message.arrival, cameraMs, options.trustClock);
    const chosen = choosePictures(rest, event.pictures);
    const sighting = checkSighting({
      reading: {
        cameraId: id,
        capturedAt: time.capturedAt,
        cameraTime: event.cameraTime,
        clock: time.clock,
        plate: { text: event.plate, confidence: event.confidence, region: event.region },
        vehicle: event.vehicle,
        location: options.location,
        vendor: {
          name: "hikvision",
          eventId: event.eventId,
          retransmitted: event.retransmitted,
          raw: createHash("sha256").update(message.body).digest("hex"),
          details: event.details,
        },
      },
      pictures: chosen.pictures,
      source: sourceOf(event, name),
    });
    status.occupantPicturesDropped += chosen.occupantsDropped;
    status.lastDetectionAt = time.capturedAt;
    // What comes from the camera's memory says nothing about its clock now.
    if (!event.retransmitted && time.cameraOffsetMs !== null) status.clockOffsetMs = time.cameraOffsetMs;
    return { sighting, unusable: chosen.unusable };
  };

  const setAside = async (name: string, reason: string) => {
    await spool.quarantine(name, reason);
    log.warn({ camera: id, reason, file: name }, "a camera's message went to quarantine");
  };

  async function* settle(name: string): AsyncGenerator<Sighting> {
    try {
      const message = await spool.read(name);
      const made = message && toSighting(name, message);
      status.status = "online";
      if (made) {
        yield made.sighting;
        // The buffer holds the sighting now. A picture that could not be used is still in the raw message.
        if (made.unusable.length > 0) return await setAside(name, `Stored, but: ${made.unusable.join(" ")}`);
      }
      await spool.remove(name);
    } catch (error) {
      status.status = "error";
      if (error instanceof RecoverableError) {
        unread.set(name, clock.monotonicMs() + REREAD_MS);
        log.error(
          { camera: id, reason: error.message, file: name },
          "a camera's message cannot be read now; others go on",
        );
      } else if (error instanceof UnreadableError) {
        await setAside(name, error.message);
      } else {
        throw error;
      }
    }
  }

  /** Lets the messages whose time has come wait in line again; returns how long it is until the next one's. */
  const requeueUnread = (): number => {
    for (const [name, againAtMs] of unread) {
      const waitMs = againAtMs - clock.monotonicMs();
      // Each waits equally long, so that they stand in the order of their times.
      if (waitMs > 0) return waitMs;
      unread.delete(name);
      waiting.add(name);
    }
    return Number.POSITIVE_INFINITY;
  };

  return {
    id,
    token: options.token,
    status: () => ({ ...status }),
    receive: async (contentType, body) => {
      const name = await spool.store(arrivalNow(clock), contentType, body);
      waiting.add(name);
      waker.wake();
    },
    async *sightings(signal) {
      // Names sort by their time: what a crash left behind comes first.
      const spooled = new Set([...(await spool.names()), ...waiting]);
      waiting.clear();
      unread.clear();
      for (const name of [...spooled].toSorted()) waiting.add(name);
      while (!signal.aborted) {
        for (const name of waiting) {
          yield* settle(name);
          waiting.delete(name);
          if (signal.aborted) return;
        }
        const waitMs = requeueUnread();
        if (waiting.size === 0) await waker.wait(waitMs, signal);
      }
    },
  };
};

/** A camera sends its few hundred kilobytes at once; one that takes longer than this has gone away. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Ten cameras with a few connections each; more is not a camera. */
const CONNECTIONS_MAX = 100;

/** Reads the rest of a body and drops it: a camera that is still writing when we close never sees the answer. */
const readToEnd = async (request: IncomingMessage): Promise<void> => {
  try {
    await finished(request.resume());
  } catch (error) {
    // The camera went away meanwhile, or the server's time limit cut it: nobody is there to answer.
    if (!request.destroyed) throw error;
  }
};

const answer = async (
  camerasByToken: ReadonlyMap<string, PushCamera>,
  request: IncomingMessage,
  response: ServerResponse,
  log: Log,
): Promise<void> => {
  const end = (status: number) => response.writeHead(status, { "content-length": 0 }).end();
  const camera = camerasByToken.get(/^\/hikvision\/([\w-]+)\/?(\?|$)/.exec(request.url ?? "")?.[1] ?? "");
  if (!camera) return void end(404);
  if (request.method !== "POST") return void end(405);
  try {
    // Whoever stops reading must not destroy the request: a destroyed one then says that the camera went away.
    const body: NodeJS.AsyncIterator<Buffer> = request.iterator({ destroyOnReturn: false });
    await camera.receive(request.headers["content-type"] ?? null, body);
    end(200);
  } catch (error) {
    const reason = reasonOf(error);
    if (request.destroyed && !request.complete) {
      log.warn({ camera: camera.id, reason }, "a camera cut its connection within a message");
      return;
    }
    const tooLarge = error instanceof TooLargeError;
    if (tooLarge) log.warn({ camera: camera.id, reason }, "a camera's message was refused");
    else log.error({ camera: camera.id, reason }, "a camera's message could not be stored");
    await readToEnd(request);
    response.setHeader("connection", "close");
    end(tooLarge ? 413 : 503);
  }
};

export type PushListener = AsyncDisposable & { port: number };

/**
 * Listens for the cameras' messages at `POST /hikvision/{token}`.
 * @param listen port 0 takes a free one; the answer names it
 * @throws FatalError when the address cannot be had
 */
export const openPushListener = async (
  listen: { host: string; port: number },
  cameras: readonly PushCamera[],
  log: Log,
): Promise<PushListener> => {
  const camerasByToken = new Map(cameras.map((camera) => [camera.token, camera]));
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void answer(camerasByToken, request, response, log);
  });
  server.maxConnections = CONNECTIONS_MAX;
  try {
    server.listen(listen.port, listen.host);
    await once(server, "listening");
  } catch (error) {
    throw new FatalError(`Cannot listen on ${listen.host}:${listen.port}: ${reasonOf(error)}`, 1, { cause: error });
  }
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
};
