/**
 * Receives the multipart body of a batch: the `detections` text in memory, each image streamed to the store's staging.
 * Rule: nothing here is evidence yet; whoever calls it discards what it did not commit.
 */
import type { Readable } from "node:stream";
import { BATCH_BYTES_MAX, BATCH_ITEMS_MAX, IMAGE_BYTES_MAX, IMAGE_ROLES } from "@chaverim/contracts";
import type { Request, Response } from "express";
import multer, { MulterError, type StorageEngine } from "multer";
import {
  DiskFullError,
  type EvidenceStore,
  StageLimitError,
  type StagedObject,
  StoreUnavailableError,
} from "../evidence/store.ts";
import { AppError } from "../failure.ts";

/**
 * The text waits in memory until it is judged, images do not. Five hundred detections have about 1 MB; with four batches of a key at
 * once this keeps what one collector can make central hold, and read, well below what a small server has.
 */
export const TEXT_BYTES_MAX = 4 * 1024 * 1024;

export type ReceivedBatch = {
  /** The bytes of the `detections` part; null when there is none. */
  detections: Buffer | null;
  /** By part name, e.g. `image_0_full`. */
  images: Map<string, StagedObject>;
};

const tooLarge = (cause?: unknown) =>
  new AppError("too_large", "The batch is larger than this server takes at once. Split it and send the parts.", {
    details: {
      maxBatchBytes: BATCH_BYTES_MAX,
      maxTextBytes: TEXT_BYTES_MAX,
      maxItemBytes: IMAGE_BYTES_MAX,
      maxItems: BATCH_ITEMS_MAX,
    },
    cause,
  });

/** Limits of size and number; the others mean parts that do not belong to a batch. */
const TOO_LARGE: ReadonlySet<string> = new Set(["LIMIT_FIELD_VALUE", "LIMIT_FILE_SIZE", "LIMIT_FILE_COUNT"]);

/** How long a part may wait for bytes when the body has been read to its end: what there is has been given to it long before. */
const STALLED_MS = 1000;

const incomplete = (message: string) => new AppError("incomplete", message);

/** Failures that the caller is told about as they are. */
const isTold = (error: unknown): boolean =>
  [AppError, StageLimitError, DiskFullError, StoreUnavailableError].some((kind) => error instanceof kind);

const toReceiveError = (error: unknown): unknown => {
  if (error instanceof StageLimitError) return tooLarge(error);
  if (error instanceof MulterError) {
    return TOO_LARGE.has(error.code)
      ? tooLarge(error)
      : new AppError("invalid", `The body is not a batch: ${error.message}.`, { cause: error });
  }
  const message = error instanceof Error ? error.message : "";
  if (/unexpected end|aborted|premature|ECONNRESET/i.test(message)) {
    return new AppError("incomplete", "The body ended too early. Send the whole batch again.", { cause: error });
  }
  if (/multipart|boundary|malformed part|header/i.test(message)) {
    return new AppError("invalid", "The body is not multipart/form-data with a boundary.", { cause: error });
  }
  return error;
};

const readText = async (source: AsyncIterable<Buffer>): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > TEXT_BYTES_MAX) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/**
 * Reads the body to its end.
 * @param staged each staged image is added here as soon as it exists, also when the request fails later
 * @throws AppError too_large | incomplete | invalid, or the store's errors
 */
export const receiveMultipart = async (
  request: Request,
  response: Response,
  store: EvidenceStore,
  staged: StagedObject[],
): Promise<ReceivedBatch> => {
  if (!request.is("multipart/form-data")) throw new AppError("media_type", "Send the batch as multipart/form-data.");
  if (Number(request.headers["content-length"] ?? 0) > BATCH_BYTES_MAX) throw tooLarge();
  const received: ReceivedBatch = { detections: null, images: new Map() };
  const open = new Set<Readable>();
  /** Parts of which the next bytes are wanted and have not come. */
  const waiting = new Set<Readable>();
  const bytesOf = async function* (stream: Readable): AsyncGenerator<Buffer> {
    try {
      waiting.add(stream);
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        waiting.delete(stream);
        yield chunk;
        waiting.add(stream);
      }
    } finally {
      waiting.delete(stream);
    }
  };
  const keep = async (name: string, stream: Readable): Promise<void> => {
    open.add(stream);
    stream.once("close", () => open.delete(stream));
    if (name === "detections") {
      received.detections = await readText(bytesOf(stream));
      return;
    }
    const image = await store.stage(bytesOf(stream), IMAGE_BYTES_MAX);
    staged.push(image);
    received.images.set(name, image);
  };
  const keeping: Promise<void>[] = [];
  const storage: StorageEngine = {
    _handleFile: (_request, file, done) => {
      const kept = keep(file.fieldname, file.stream);
      keeping.push(kept);
      kept.then(
        () => done(null, {}),
        (error: unknown) => done(error),
      );
    },
    // What is staged is discarded by the caller, in one place, whatever went wrong.
    _removeFile: (_request, _file, done) => done(null),
  };
  const upload = multer({
    storage,
    limits: {
      fieldSize: TEXT_BYTES_MAX,
      fields: 1,
      files: BATCH_ITEMS_MAX * IMAGE_ROLES.length + 1,
      fieldNameSize: 64,
      headerPairs: 32,
    },
  }).any();
  let stalled: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const cut = () => reject(incomplete("The connection was cut."));
      // Whoever went away while its key was looked up is gone already, and nothing will ever say so again.
      if (request.destroyed) return cut();
      // Also with a whole body: what of it was not read yet went with the connection.
      request.once("close", () => {
        if (!request.readableEnded) cut();
      });
      // busboy never ends a part whose head runs into the next boundary, and would wait for it as long as the connection lives.
      request.once("end", () => {
        stalled = setTimeout(() => {
          if (waiting.size > 0) reject(incomplete("A part has no end. Send the whole batch again."));
        }, STALLED_MS);
      });
      let bytes = 0;
      // Beside the parser's own listener, attached in the same tick: a body without Content-Length has the same limit.
      request.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > BATCH_BYTES_MAX) reject(tooLarge());
      });
      upload(request, response, (error: unknown) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    // A part that was cut off in the middle would wait for ever; each is ended and its staged bytes are gone before this returns.
    for (const stream of open) stream.destroy(new Error("the body ended"));
    const kept = await Promise.allSettled(keeping);
    // What a part failed with says more than that the body was then given up.
    const causes = kept.flatMap((part) => (part.status === "rejected" ? [part.reason as unknown] : []));
    throw toReceiveError(causes.find(isTold) ?? error);
  } finally {
    clearTimeout(stalled);
  }
  const field = (request.body as { detections?: unknown } | undefined)?.detections;
  if (typeof field === "string") received.detections = Buffer.from(field);
  return received;
};
