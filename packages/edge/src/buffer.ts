/**
 * The collector's memory: detections in SQLite, their images and sidecars as files beside it.
 * Rule: `add` returns only when everything is fsynced, and nothing leaves before central's valid receipt is 7 days old.
 */
import { IMAGE_ROLES, type ImageRole, type Receipt } from "@chaverim/contracts";
import { createWriter, type AddResult } from "./buffer-add.ts";
import { pruneRows, removeGoing, removeKeptHead } from "./buffer-prune.ts";
import { doubtRows, gapsBetween, isDoubting, repeatSlice, unholdRows } from "./buffer-again.ts";
import { findDue, type DueRow } from "./buffer-due.ts";
import { openRecoveringRows } from "./buffer-recovery.ts";
import { DAMAGED_IMAGES, type BufferRows, type Lane, type StoredImage } from "./buffer-rows.ts";
import type { Sighting } from "./cameras/camera.ts";
import type { Clock } from "./clock.ts";
import { RecoverableError, codeOf, reasonOf } from "./failure.ts";
import { openImageStore, sha256Of, type ImageStore } from "./images.ts";
import type { Log } from "./log.ts";
import { placeOf } from "./rebuild.ts";
import { createSpace, recordLoss, type Sacrificed } from "./sacrifice.ts";
import { openNotes, type Notes } from "./sidecar-notes.ts";
import { openSidecars, type ChainPlace } from "./sidecars.ts";
import { openVault, type Vault } from "./vault.ts";

export type { AddResult } from "./buffer-add.ts";
export type { DueRow } from "./buffer-due.ts";
export type { Lane, StoredImage } from "./buffer-rows.ts";

/** What became of a row that was sent. `againAtMs`, of `monotonicMs`, is when what is still due may be sent again. */
export type Settlement =
  | { seq: number; kind: "acknowledged"; receipt: Receipt; missing: readonly ImageRole[]; againAtMs: number }
  | { seq: number; kind: "again"; againAtMs: number }
  /** The stored copy of an image is gone or altered: there is nothing left to send. */
  | { seq: number; kind: "image_lost"; role: ImageRole };

/** `place` is what its receipt must name. */
export type PrunableRow = { seq: number; place: ChainPlace; payloadSha256: string; receipt: string };

export type LaneStats = { rows: number; oldestAt: string | null };
/** What central has not acknowledged; `damaged` are those of the rows that cannot be sent. */
export type BufferStats = {
  rows: number;
  bytes: number;
  oldestAtMs: number | null;
  damaged: number;
  /** Images, in all, whose stored copy was gone or altered when it was to be sent. */
  damagedImages: number;
  /** The lowest number of the present epoch that waits for a receipt and will be sent; null when none does. */
  lowestUnacked: number | null;
  /** Rows whose metadata waits, and images that wait. */
  lanes: Record<Lane, LaneStats>;
  /** Until an image that central does not hold must be given up, at the rate of the last hour; null while that is unknown. */
  imageSecondsLeft: number | null;
};

export type DetectionBuffer = AsyncDisposable & {
  /** Of the newest payload. A getter: it rises when the head of the chain is lost. */
  readonly epoch: number;
  /** The newest payload's number in its epoch. */
  lastSeq: () => number;
  /** Stores a sighting; returns when it is durable. Throws RecoverableError when the disk cannot take it now. */
  add: (sighting: Sighting) => Promise<AddResult>;
  /**
   * Rows to send: in the lane `metadata` those without a receipt, newest first; in `images` those of which images are due,
   * oldest first. Fewer than `limit` are all there are.
   */
  due: (limit: number, monotonicMs: number, lane: Lane) => DueRow[];
  /** When the next row that waits for its turn becomes due, of `monotonicMs`; null when none waits. */
  nextDueAtMs: () => number | null;
  /** An image's bytes; null when they are gone or no longer what was stored. */
  readImage: (image: StoredImage) => Promise<Buffer | null>;
  settle: (settlements: readonly Settlement[]) => void;
  /**
   * Makes acknowledged rows of an epoch due again that central does not hold; returns how many.
   * @param ranges what central holds of the epoch: first and last number, ascending
   * @param truncated nothing is said about what is below the first range
   * @param except rows that it may have come to hold since it looked
   */
  notHeld: (
    epoch: number,
    ranges: readonly (readonly [number, number])[],
    truncated: boolean,
    except?: ReadonlySet<number>,
  ) => number;
  /** Collects which rows are acknowledged from now on, until it is disposed of. */
  watchAcknowledged: () => Disposable & { seqs: ReadonlySet<number> };
  /** Notes, durably, that every row there is must be sent again, also those of earlier epochs. */
  doubtAll: () => void;
  /** Makes the next of the doubted rows due again, newest first; returns how many, null when none is doubted any more. */
  repeatNext: () => number | null;
  /** What central has not acknowledged yet. */
  stats: () => BufferStats;
  /** What had to be given up for want of space, in all, by kind. */
  sacrificed: () => Sacrificed[];
  /** Rows acknowledged at `ackedByMs` (since 1970) or before, after a seq, oldest first; none while rows are doubted. */
  prunable: (ackedByMs: number, afterSeq: number, limit: number) => PrunableRow[];
  /** The receipt that came last since this start, with its row; null while none came. Nobody has verified it yet. */
  lastReceipt: () => PrunableRow | null;
  /** Removes rows with their images and sidecars; the caller has verified their receipts. */
  prune: (seqs: readonly number[]) => void;
  getMeta: (key: string) => string | null;
  /** Keeps a value for good: the first one written stays. */
  pinMeta: (key: string, value: string) => void;
  /** Keeps a value until the next one. */
  setMeta: (key: string, value: string) => void;
  /** Forgets every value whose key begins so. */
  dropMeta: (prefix: string) => void;
  /** Settles when rows that a damaged database lost are back from their sidecars. */
  restored: () => Promise<void>;
};

export type BufferOptions = {
  vault?: Vault;
  /** The most that images, rows and sidecars may take; null: 90 % of the file system, less a reserve. */
  maxBytes?: number | null;
  log?: Log;
};

const NO_SPACE_CODES: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "SQLITE_FULL"]);
const FAILING_CODES: ReadonlySet<string> = new Set([...NO_SPACE_CODES, "EIO", "EROFS"]);

/** A disk that is full or failing may recover; anything else is not the disk's fault. */
const asDiskFailure = (error: unknown): unknown => {
  const code = codeOf(error);
  const recoverable = code !== null && (FAILING_CODES.has(code) || code.startsWith("SQLITE_IOERR"));
  return recoverable ? new RecoverableError(`The buffer cannot store: ${reasonOf(error)}`, { cause: error }) : error;
};

const settleRow = (rows: BufferRows, settlement: Settlement, nowMs: number): void => {
  const { statements } = rows;
  const { seq } = settlement;
  switch (settlement.kind) {
    case "acknowledged":
      statements.keepMissing.run(JSON.stringify(settlement.missing), seq);
      statements.acknowledge.run(Math.round(nowMs), JSON.stringify(settlement.receipt), seq);
      statements.retry.run(Math.round(settlement.againAtMs), seq);
      break;
    case "again":
      statements.retry.run(Math.round(settlement.againAtMs), seq);
      break;
    case "image_lost":
      recordLoss(rows, DAMAGED_IMAGES, statements.image.all(seq, settlement.role));
      statements.lose.run(seq, settlement.role);
      break;
  }
  statements.refreshDue.run(seq);
};

const readLowestUnacked = (rows: BufferRows): number | null => {
  const { statements } = rows;
  const base = rows.epochs().at(-1)?.base ?? 0;
  const lowest = [statements.lowestUnsent.get(base) ?? null, statements.lowestWaiting.get(base) ?? null];
  // Doubted rows will wait in a moment, down to the oldest that there is.
  if (isDoubting(rows)) lowest.push(Math.max(base + 1, statements.oldestSeq.get() ?? base + 1));
  const seqs = lowest.filter((seq) => seq !== null);
  return seqs.length === 0 ? null : Math.min(...seqs) - base;
};

const readStats = (rowsNow: BufferRows, imageSecondsLeft: (dueBytes: number) => number | null): BufferStats => {
  const { statements } = rowsNow;
  const none = { count: 0, bytes: 0 };
  const waiting = new Map(statements.waiting.all().map(({ kind, ...amount }) => [kind, amount]));
  const { count: rows, bytes } = waiting.get("rows") ?? none;
  const images = IMAGE_ROLES.map((role) => waiting.get(role) ?? none);
  const oldestAtMs = statements.oldestUnackedAt.get() ?? null;
  const oldestSeqs = IMAGE_ROLES.flatMap((role) => statements.oldestImageDue.get(role) ?? []);
  const oldestImageMs = oldestSeqs.length === 0 ? null : (statements.createdAt.get(Math.min(...oldestSeqs)) ?? null);
  const asText = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);
  return {
    rows,
    bytes,
    oldestAtMs,
    damaged: waiting.get("damaged")?.count ?? 0,
    damagedImages: statements.damagedImages.get() ?? 0,
    lowestUnacked: readLowestUnacked(rowsNow),
    lanes: {
      metadata: { rows, oldestAt: asText(oldestAtMs) },
      images: { rows: sum(images.map(({ count }) => count)), oldestAt: asText(oldestImageMs) },
    },
    imageSecondsLeft: imageSecondsLeft(sum(images.map((amount) => amount.bytes))),
  };
};

/** Remembers the last receipt that came. */
const createReceiptMemory = (withRows: <T>(work: (rows: BufferRows) => T) => T) => {
  let last: { seq: number; receipt: Receipt } | null = null;
  return {
    note: (settlement: Settlement) => {
      // One without a place is for what central could not read: it covers no row.
      if (settlement.kind === "acknowledged" && settlement.receipt.seq !== null) last = settlement;
    },
    last: (): PrunableRow | null => {
      if (last === null) return null;
      const { seq, receipt } = last;
      return withRows((rows) => {
        const place = placeOf(rows.epochs(), seq);
        const payloadSha256 = rows.statements.payloadSha256.get(seq);
        const isThere = place !== null && payloadSha256 !== undefined;
        return isThere ? { seq, place, payloadSha256, receipt: JSON.stringify(receipt) } : null;
      });
    },
  };
};

/** Counts images that are stored while their row is not: pruning and giving up leave them alone. */
const createArrivals = () => {
  const arriving = new Map<string, number>();
  const count = (sha256: string, by: number) => {
    const now = (arriving.get(sha256) ?? 0) + by;
    if (now > 0) arriving.set(sha256, now);
    else arriving.delete(sha256);
  };
  return {
    has: (sha256: string) => arriving.has(sha256),
    begin: (hashes: readonly string[]) => hashes.forEach((sha256) => count(sha256, 1)),
    end: (hashes: readonly string[]) => hashes.forEach((sha256) => count(sha256, -1)),
  };
};

const UNSIGNED_KEY = "unsignedUpTo";

/**
 * The last row that version 0.1 stored; 0 where there is none. Such rows are signed when they are sent: central takes nothing unsigned
 * from a device that signs. Sealed, so that nobody gets a signature for a row of his own by taking the signature away from another.
 */
const adoptUnsigned = async (vault: Vault, notes: Notes, lastSeq: number): Promise<number> => {
  // Only now is it over: a start that is cut short anywhere before this line is repeated by the next one.
  if (vault.adopting) {
    if (lastSeq > 0) {
      notes.set(UNSIGNED_KEY, vault.seal("secret", Buffer.from(String(lastSeq)), UNSIGNED_KEY).toString("base64"));
    }
    await vault.endAdopting();
  }
  const sealed = notes.get(UNSIGNED_KEY);
  const opened = sealed === null ? null : vault.unseal("secret", Buffer.from(sealed, "base64"), UNSIGNED_KEY);
  return opened === null ? 0 : Number(opened.toString());
};

const tellDisk = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw asDiskFailure(error);
  }
};

/** Stores sightings; gives up images for them when the buffer or the disk is full. */
const createAdd = (parts: {
  store: ImageStore;
  write: ReturnType<typeof createWriter>;
  space: ReturnType<typeof createSpace>;
  arrivals: ReturnType<typeof createArrivals>;
}): DetectionBuffer["add"] => {
  const { store, write, space, arrivals } = parts;
  return async (sighting) => {
    const images = sighting.pictures.map(({ role, bytes }) => ({ role, sha256: sha256Of(bytes), bytes: bytes.length }));
    const hashes = images.map(({ sha256 }) => sha256);
    const size = images.reduce((sum, { bytes }) => sum + bytes, 0);
    const addOnce = async (): Promise<AddResult> => {
      const stored = Promise.all(sighting.pictures.map(({ bytes }) => store.put(bytes)));
      const [added] = await Promise.all([write(sighting, images, stored), stored]);
      return added;
    };
    arrivals.begin(hashes);
    try {
      space.makeRoom(size);
      const added = await addOnce().catch((error: unknown) => {
        if (!NO_SPACE_CODES.has(codeOf(error) ?? "") || space.giveUp(size) === 0) throw error;
        return addOnce();
      });
      if (added.kind === "stored") space.noteStored(size);
      return added;
    } catch (error) {
      throw asDiskFailure(error);
    } finally {
      arrivals.end(hashes);
    }
  };
};

/**
 * Opens (or makes) the buffer in the data folder; rows that a damaged database lost come back behind it.
 * @throws FatalError when another process has it, or when the folder's keys are another computer's
 */
export const openBuffer = async (
  dataDir: string,
  clock: Clock,
  { vault: given, maxBytes = null, log }: BufferOptions = {},
): Promise<DetectionBuffer> => {
  const vault = given ?? (await openVault(dataDir));
  const store = await openImageStore(dataDir, vault);
  const sidecars = await openSidecars(dataDir);
  const recovering = openRecoveringRows({ dataDir, sidecars, images: store, clock, log: log ?? null });
  const { withRows } = recovering;
  const notes = openNotes(dataDir, withRows);
  const headSeq = withRows((rows) => rows.head().seq);
  const unsignedUpTo = await adoptUnsigned(vault, notes, headSeq);
  const arrivals = createArrivals();
  const space = createSpace({ dataDir, withRows, store, isNeeded: arrivals.has, maxBytes, clock });
  const afterCommit = () => withRows((rows) => removeKeptHead(rows, sidecars));
  const write = createWriter({ withRows, sidecars, vault, clock, afterCommit });
  withRows((rows) => removeGoing(rows, { store, isNeeded: arrivals.has }));
  const receipts = createReceiptMemory(withRows);
  const watches = new Set<Set<number>>();
  const headPlace = () => withRows((rows) => placeOf(rows.epochs(), rows.head().seq));

  return {
    get epoch() {
      return withRows((rows) => rows.epochs().at(-1)?.epoch ?? 0);
    },
    lastSeq: () => headPlace()?.seq ?? 0,
    add: createAdd({ store, write, space, arrivals }),
    due: (limit, monotonicMs, lane) =>
      withRows((rows) => findDue(rows, { sidecars, images: store, vault, unsignedUpTo }, limit, monotonicMs, lane)),
    nextDueAtMs: () => withRows(({ statements }) => statements.nextWaiting.get() ?? null),
    readImage: (image) => store.read(image.sha256),
    settle: (settlements) => {
      tellDisk(() =>
        withRows((rows) =>
          rows.together(() => {
            for (const settlement of settlements) settleRow(rows, settlement, clock.nowMs());
          }),
        ),
      );
      for (const settlement of settlements) {
        receipts.note(settlement);
        if (settlement.kind === "acknowledged") watches.forEach((seqs) => seqs.add(settlement.seq));
      }
    },
    notHeld: (epoch, ranges, truncated, except = new Set()) =>
      tellDisk(() => withRows((rows) => unholdRows(rows, epoch, gapsBetween(ranges, truncated), except))),
    watchAcknowledged: () => {
      const seqs = new Set<number>();
      watches.add(seqs);
      return { seqs, [Symbol.dispose]: () => void watches.delete(seqs) };
    },
    doubtAll: () => tellDisk(() => withRows(doubtRows)),
    repeatNext: () => tellDisk(() => withRows(repeatSlice)),
    stats: () => withRows((rows) => readStats(rows, space.imageSecondsLeft)),
    sacrificed: () => withRows(({ statements }) => statements.sacrifices.all()),
    prunable: (ackedByMs, afterSeq, limit) =>
      withRows((rows) =>
        isDoubting(rows)
          ? []
          : rows.statements.prunable.all(afterSeq, ackedByMs, limit).flatMap((row) => {
              const place = placeOf(rows.epochs(), row.seq);
              return place ? [{ ...row, place }] : [];
            }),
      ),
    lastReceipt: receipts.last,
    prune: (seqs) => {
      withRows((rows) => pruneRows(rows, { sidecars, store, isNeeded: arrivals.has }, seqs));
    },
    getMeta: notes.get,
    pinMeta: (key, value) => {
      if (notes.get(key) === null) notes.set(key, value);
    },
    setMeta: notes.set,
    dropMeta: notes.drop,
    restored: recovering.restored,
    [Symbol.asyncDispose]: () => recovering[Symbol.asyncDispose](),
  };
};
