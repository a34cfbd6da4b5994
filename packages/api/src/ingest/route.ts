/**
 * POST /api/v1/detections/batch: key, limits, streams, store, answer.
 * Rule: 2xx only after the images are durable and the transaction is committed; evidence is never rejected.
 */
import { BATCH_ITEMS_MAX, type BatchResponse, type BatchResult, type FailureCode } from "@chaverim/contracts";
import type { Request, RequestHandler, Response } from "express";
import type { Central } from "../central.ts";
import type { CollectorIdentity } from "../collectors/identify.ts";
import { DiskFullError, type StagedObject, StoreUnavailableError } from "../evidence/store.ts";
import { AppError, inTime, toAppError } from "../failure.ts";
import { createAdmission } from "./admission.ts";
import { checkSignatures } from "./check-signatures.ts";
import { createSpaceWatch, diskFull } from "./check-space.ts";
import { type RetransmitCount, createRetransmitCount, matchImages } from "./match-images.ts";
import type { PaceKeeper } from "./pace.ts";
import { quarantine } from "./quarantine.ts";
import { readBatch } from "./read-batch.ts";
import { type ReceivedBatch, receiveMultipart } from "./receive-multipart.ts";
import { signReceipt } from "./receipts.ts";
import { sha256 } from "../keys.ts";
import { storeBatch } from "./store-batch.ts";

/** Transactions that may wait for the disk: a third of the pool's connections, so that a slow disk leaves the rest to everybody else. */
const WAITING_MAX = 4;
/** wire.md: a database that is slower than this is down, and the collector keeps everything. */
const DATABASE_WAIT_MS = 5000;

const toIngestError = (error: unknown): unknown => {
  if (error instanceof DiskFullError) return diskFull(error);
  if (error instanceof StoreUnavailableError) {
    return new AppError("store_unavailable", "The evidence store does not answer. Keep the detections.", {
      retryAfterSeconds: 10,
      cause: error,
    });
  }
  return error;
};

type Received = {
  collector: CollectorIdentity;
  received: ReceivedBatch;
  receivedAt: Date;
  underWay: Promise<unknown>[];
};

type Ingest = {
  central: Central;
  pace: PaceKeeper;
  counts: RetransmitCount;
  /** Transactions that were begun before their images were durable. */
  waiting: Set<Promise<unknown>>;
};

const commitImages = async (
  { central, pace }: Ingest,
  images: readonly StagedObject[],
): Promise<Map<string, string | null>> => {
  const startedAt = performance.now();
  const stored = await central.store.commit(images);
  pace.noteStore(performance.now() - startedAt);
  return new Map(stored.map(({ sha256: hash, versionId }) => [hash, versionId]));
};

/** A body that cannot be read is kept as it came, and acknowledged, so that the collector does not send it for ever. */
const keepMalformed = async (
  ingest: Ingest,
  { collector, received, receivedAt }: Received,
  body: Buffer,
  detail: string,
): Promise<BatchResult[]> => {
  const { central } = ingest;
  const versions = await commitImages(ingest, [...received.images.values()]);
  const images = new Map([...received.images].map(([name, image]) => [name as "full", image]));
  const element = { index: 0, id: null, raw: body, reason: "malformed" as const, detail, declared: [] };
  const kept = await quarantine(central.database.sql, { collector, versions, receivedAt }, [{ element, images }]);
  const receipt = signReceipt(central.keys, {
    collectorId: collector.id,
    epoch: 0,
    seq: null,
    payloadSha256: sha256(body),
    receivedAt: kept.get(0)?.receivedAt ?? receivedAt,
  });
  return [{ id: null, status: "quarantined", reason: "malformed", detail, receipt }];
};

const takeBatch = async (ingest: Ingest, input: Received): Promise<{ status: number; results: BatchResult[] }> => {
  const { central, counts, waiting } = ingest;
  const { collector, received, receivedAt, underWay } = input;
  const body = received.detections;
  if (!body) throw new AppError("invalid", "There is no part called detections.");
  const read = readBatch(body);
  if ("malformed" in read) return { status: 202, results: await keepMalformed(ingest, input, body, read.malformed) };
  if ("tooMany" in read) {
    throw new AppError("too_large", `A batch has at most ${BATCH_ITEMS_MAX} detections. Split it.`, {
      details: { maxItems: BATCH_ITEMS_MAX },
    });
  }
  const judged = await checkSignatures(read.elements, collector.deviceKey);
  const checked = matchImages(judged, received.images, collector.id, counts);
  const kept = checked.flatMap((item) => (item.kind === "retransmit" ? [] : [...item.images.values()]));
  const committing = commitImages(ingest, kept);
  // The disk and the database of one machine work at the same time; an object store elsewhere would hold connections for long.
  const mayWait = central.store.kind === "filesystem" && waiting.size < WAITING_MAX;
  if (mayWait) waiting.add(committing);
  else await committing;
  const storing = storeBatch(central, { collector, checked, versions: committing, receivedAt });
  // Given up on below it ends by itself, and when its images fail that is told here.
  underWay.push(storing.catch(() => undefined));
  await committing.finally(() => waiting.delete(committing));
  return { status: 200, results: await inTime(storing, DATABASE_WAIT_MS) };
};

/** Codes that end the connection: what is left of the body is not worth reading. */
const CLOSING: ReadonlySet<FailureCode> = new Set([
  "too_large",
  "shutting_down",
  "incomplete",
  "key_unknown",
  "key_revoked",
  "scope",
]);

/** Makes the route's handler; one for the process, because it counts what is under way. */
export const createIngestHandler = (central: Central, pace: PaceKeeper): RequestHandler => {
  const admission = createAdmission();
  const space = createSpaceWatch(central, pace);
  const ingest: Ingest = { central, pace, counts: createRetransmitCount(), waiting: new Set() };

  const answer = async (request: Request, response: Response, staged: StagedObject[]): Promise<void> => {
    if (central.closing.aborted)
      throw new AppError("shutting_down", "The server is restarting. Try again in a moment.", { retryAfterSeconds: 2 });
    const identifying = central.collectorKeys.identify({
      route: "POST /api/v1/detections/batch",
      key: request.header("x-api-key"),
      ip: request.ip ?? "",
      requestId: response.locals["requestId"] as string,
    });
    const collector = await inTime(identifying, DATABASE_WAIT_MS);
    response.locals["collectorId"] = collector.id;
    const length = request.header("content-length");
    const leaveAdmission = admission.enter(collector.id, length === undefined ? null : Number(length));
    const underWay: Promise<unknown>[] = [];
    try {
      await space.check(collector.name);
      const received = await receiveMultipart(request, response, central.store, staged);
      // From here: a slow line is not a busy server.
      const leave = pace.enter();
      const startedAt = performance.now();
      const input = { collector, received, receivedAt: new Date(), underWay };
      const { status, results } = await takeBatch(ingest, input).finally(leave);
      central.metrics.batch((performance.now() - startedAt) / 1000);
      for (const { status: result } of results) central.metrics.detection(result);
      response.status(status).json({ results, pace: pace.pace() } satisfies BatchResponse);
    } catch (error) {
      if (error instanceof DiskFullError) await space.noteFull(collector.name);
      if (error instanceof StoreUnavailableError) pace.noteStore(Infinity);
      throw error;
    } finally {
      // A transaction that was given up on still holds its connection: its place is free when it has ended.
      void Promise.allSettled(underWay).then(leaveAdmission);
    }
  };

  return async (request, response) => {
    const staged: StagedObject[] = [];
    try {
      await answer(request, response, staged);
    } catch (error) {
      const told = toAppError(toIngestError(error));
      if (CLOSING.has(told.code)) response.setHeader("Connection", "close");
      throw told;
    } finally {
      await Promise.all(staged.map((image) => image.discard()));
    }
  };
};
