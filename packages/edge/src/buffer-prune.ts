/**
 * How rows leave the buffer, with their images and sidecars.
 * Rule: an image's file goes only when no row names it, and a process that is killed in between leaves none behind for good.
 */
import { GOING_KEY, KEPT_HEAD_KEY, RESTORE_KEY, type BufferRows } from "./buffer-rows.ts";
import type { ImageStore } from "./images.ts";
import { placeOf } from "./rebuild.ts";
import type { SidecarStore } from "./sidecars.ts";

type Parts = { sidecars: SidecarStore; store: ImageStore; isNeeded: (sha256: string) => boolean };

const readGoing = ({ statements }: BufferRows): string[] =>
  JSON.parse(statements.getMeta.get(GOING_KEY) ?? "[]") as string[];

/** Removes rows with their sidecars, and notes the images of theirs that no row names any more. */
const deleteRows = (rows: BufferRows, { sidecars }: Parts, seqs: readonly number[]): void => {
  const epochs = rows.epochs();
  // The newest sidecar stays until there is a newer one: it is what says where the chain has got to.
  const head = rows.head().seq;
  const going = seqs.filter((seq) => seq !== head);
  sidecars.remove(going.flatMap((seq) => placeOf(epochs, seq) ?? []));
  rows.together(() => {
    const images = seqs.flatMap((seq) => rows.statements.images.all(seq).map(({ sha256 }) => sha256));
    if (going.length < seqs.length) rows.statements.setMeta.run(KEPT_HEAD_KEY, String(head));
    for (const seq of seqs) {
      rows.statements.deleteImages.run(seq);
      rows.statements.deleteRow.run(seq);
    }
    const unnamed = images.filter((sha256) => rows.statements.isKept.get(sha256) === undefined);
    if (unnamed.length > 0) rows.statements.setMeta.run(GOING_KEY, JSON.stringify([...readGoing(rows), ...unnamed]));
  });
};

/** Removes the files of images that were noted; also what a process that was killed meanwhile has left of them. */
export const removeGoing = (rows: BufferRows, { store, isNeeded }: Omit<Parts, "sidecars">): void => {
  const { statements } = rows;
  const going = readGoing(rows);
  // A row that is still to come back from its sidecar may name one of them.
  if (going.length === 0 || statements.getMeta.get(RESTORE_KEY) !== undefined) return;
  for (const sha256 of going) {
    if (!isNeeded(sha256) && statements.isKept.get(sha256) === undefined) store.remove(sha256);
  }
  statements.dropMeta.run(GOING_KEY);
};

/** Removes rows with everything of theirs; the caller has verified their receipts. */
export const pruneRows = (rows: BufferRows, parts: Parts, seqs: readonly number[]): void => {
  deleteRows(rows, parts, seqs);
  removeGoing(rows, parts);
};

/** Removes the sidecar that outlived its row, now that there is a newer one. */
export const removeKeptHead = (rows: BufferRows, sidecars: SidecarStore): void => {
  const kept = rows.statements.getMeta.get(KEPT_HEAD_KEY);
  if (kept === undefined) return;
  const place = placeOf(rows.epochs(), Number(kept));
  if (place) sidecars.remove([place]);
  rows.statements.dropMeta.run(KEPT_HEAD_KEY);
};
