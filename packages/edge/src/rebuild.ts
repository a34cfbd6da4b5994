/**
 * Brings the rows and their sidecars together: at each start, and when SQLite turns out to be damaged.
 * Rule: nothing is deleted, capturing does not wait for it, and the chain goes on from the newest sidecar if that can be read.
 */
import { setImmediate } from "node:timers/promises";
import {
  RESTORE_KEY,
  checksumOf,
  damage,
  readSaid,
  type BufferRows,
  type Epoch,
  type NewRow,
  type RowImage,
} from "./buffer-rows.ts";
import { sha256Of, type ImageStore } from "./images.ts";
import type { ChainPlace, Sidecar, SidecarStore } from "./sidecars.ts";

/** One slice is some 15 ms here and 60 ms on a Pi, so that cameras never wait long. */
const SLICE_ROWS = 200;

/** Higher than the last one, and than what any lost card of this collector can have used: seconds since 1970. */
const nextEpoch = (after: number, nowMs: number): number => Math.max(after + 1, Math.floor(nowMs / 1_000));

/** Where a row stands in its chain; null for a row of no known epoch. */
export const placeOf = (epochs: readonly Epoch[], seq: number): ChainPlace | null => {
  const own = epochs.findLast(({ base }) => base < seq);
  return own ? { epoch: own.epoch, seq: seq - own.base } : null;
};

/** The head that the rows name must be a row or a sidecar, and stand where it says itself. */
const checkHead = (rows: BufferRows, sidecars: SidecarStore): void => {
  const { seq, sha256 } = rows.head();
  const newest = rows.statements.newest.get();
  if (newest && newest.seq > seq) throw damage("a row follows the last one");
  const epochs = rows.epochs();
  const place = placeOf(epochs, newest?.seq ?? seq);
  const payload = newest?.payload ?? (place && sidecars.read(place)?.payload);
  if (payload === undefined || payload === null) return;
  const said = readSaid(payload);
  // A row whose own bytes changed is mended when it is due; here only the numbering counts.
  if (said && (said.epoch !== place?.epoch || said.seq !== place.seq)) {
    throw damage("the last row stands in another place than it says");
  }
  const isRow = newest?.seq === seq && newest.sha256 === sha256;
  const headPlace = placeOf(epochs, seq);
  const isSidecar = headPlace !== null && sha256Of(sidecars.read(headPlace)?.payload ?? "") === sha256;
  if (sha256 !== null && !isRow && !isSidecar) throw damage("the head of the chain is not there");
};

/** Version 0.1 did not note the head: it is the last row, when that is still here. */
const adoptHead = (rows: BufferRows, epoch: number, nowMs: number): void => {
  const { seq } = rows.head();
  const newest = rows.statements.newest.get();
  if (newest?.seq === seq) rows.setHead(seq, newest.sha256);
  else rows.beginEpoch(nextEpoch(epoch, nowMs), seq);
};

/**
 * Finds the chain's head in the rows and the sidecars, and notes whether rows are to be restored from sidecars.
 * @throws what `isDamage` knows when the rows contradict themselves or are older than the sidecars
 */
export const joinChain = (rows: BufferRows, sidecars: SidecarStore, nowMs: number): void => {
  const onDisk = sidecars.epochs();
  const newest = onDisk.at(-1);
  const known = rows.epochs();
  if (known.length > 0) {
    checkHead(rows, sidecars);
    if (newest && newest.epoch > (known.at(-1)?.epoch ?? 0)) throw damage("sidecars are of a newer epoch");
  }
  rows.together(() => {
    let base = 0;
    // Rows keep the order of their epochs, and new ones come behind them all.
    for (const { epoch, seq } of known.length > 0 ? [] : onDisk) {
      rows.statements.addEpoch.run(epoch, base);
      base += seq;
    }
    const current = rows.epochs().at(-1);
    if (current === undefined) return rows.beginEpoch(nextEpoch(0, nowMs), 0);
    const { seq, sha256 } = rows.head();
    if (newest?.epoch === current.epoch && current.base + newest.seq > seq) {
      rows.statements.setMeta.run(RESTORE_KEY, "1");
      const head = sidecars.read(newest);
      if (head) rows.setHead(current.base + newest.seq, sha256Of(head.payload));
      else rows.beginEpoch(nextEpoch(current.epoch, nowMs), current.base + newest.seq);
    } else if (sha256 === null && seq > current.base) {
      adoptHead(rows, current.epoch, nowMs);
    }
  });
};

/** The row of a sidecar, with its images: due when their file is there, lost when it is not. Null for no detection. */
export const rowOfSidecar = (
  sidecar: Sidecar,
  seq: number,
  images: Pick<ImageStore, "has">,
): { row: NewRow; images: RowImage[] } | null => {
  const { payload, signature, source, createdAtMs } = sidecar;
  const said = readSaid(payload);
  if (said === null) return null;
  const { id, cameraId } = said;
  const bytes = said.images.reduce((sum, image) => sum + image.bytes, Buffer.byteLength(payload));
  const row = { seq, id, cameraId, source, payload, signature, bytes, createdAt: Math.round(createdAtMs) };
  return {
    row: { ...row, sha256: sha256Of(payload), checksum: checksumOf(row) },
    images: said.images.map(({ role, sha256, bytes: size }) => {
      const there = images.has(sha256) ? 1 : 0;
      return { role, sha256, bytes: size, due: there, lost: 1 - there };
    }),
  };
};

export type RestoreOutcome = { restored: number; unreadable: number };

/**
 * Puts back the rows that have a sidecar and are missing, newest first, a slice at a time; none when no start asked for it.
 * @param rows the rows of now: they may be replaced meanwhile
 */
export const restoreRows = async (
  rows: () => BufferRows,
  sidecars: SidecarStore,
  images: Pick<ImageStore, "has">,
  signal: AbortSignal,
): Promise<RestoreOutcome> => {
  const outcome: RestoreOutcome = { restored: 0, unreadable: 0 };
  const restoring = rows();
  if (restoring.statements.getMeta.get(RESTORE_KEY) === undefined) return outcome;
  const bases = new Map(restoring.epochs().map(({ epoch, base }) => [epoch, base]));
  const isOver = () => signal.aborted || rows() !== restoring;
  const putBack = (place: ChainPlace) => {
    const base = bases.get(place.epoch);
    if (base === undefined || restoring.statements.hasRow.get(base + place.seq) !== undefined) return;
    const sidecar = sidecars.read(place);
    const made = sidecar && rowOfSidecar(sidecar, base + place.seq, images);
    if (made === null) return void outcome.unreadable++;
    if (restoring.insert(made.row, made.images)) outcome.restored++;
  };
  for (const folder of sidecars.folders()) {
    for (let from = 0; from < folder.length; from += SLICE_ROWS) {
      if (isOver()) return outcome;
      restoring.together(() => folder.slice(from, from + SLICE_ROWS).forEach(putBack));
      await setImmediate();
    }
  }
  if (!isOver()) restoring.statements.dropMeta.run(RESTORE_KEY);
  return outcome;
};
