/**
 * The way out of the buffer: which rows are to be sent, each proved to be what was written.
 * Rule: a row whose bytes changed is mended from its sidecar; without one it is kept, counted and never sent.
 */
import { checksumOf, readSaid, type BufferRows, type FoundRow, type Lane, type StoredImage } from "./buffer-rows.ts";
import { sha256Of, type ImageStore } from "./images.ts";
import { placeOf, rowOfSidecar } from "./rebuild.ts";
import type { SidecarStore } from "./sidecars.ts";
import type { Vault } from "./vault.ts";

/** A row as it is sent. `imagesDue` are those that central does not have yet. */
export type DueRow = {
  seq: number;
  id: string;
  payload: string;
  signature: string;
  tries: number;
  imagesDue: StoredImage[];
};

type Parts = {
  sidecars: SidecarStore;
  images: Pick<ImageStore, "has">;
  vault: Pick<Vault, "sign">;
  /** The last row that was there when this device had no keys yet. */
  unsignedUpTo: number;
};

const describe = (images: readonly StoredImage[]): string =>
  images
    .map(({ role, sha256, bytes }) => `${role} ${sha256} ${bytes}`)
    .toSorted()
    .join();

/** Says whether a row is what was written, stands where it says, and names the images that it declares. */
const isWhole = (rows: BufferRows, row: FoundRow, { unsignedUpTo }: Parts): boolean => {
  if (sha256Of(row.payload) !== row.sha256) return false;
  const said = readSaid(row.payload);
  if (said?.id !== row.id) return false;
  const { nonce, epoch, seq, images } = said;
  // Version 0.1 wrote no nonce, and signed nothing. A row that looks like that and came later was written by somebody else.
  const isOld = row.seq <= unsignedUpTo && nonce === undefined;
  const isIntact = isOld ? row.signature === null : row.signature !== null && row.checksum === checksumOf(row);
  const place = placeOf(rows.epochs(), row.seq);
  return (
    isIntact &&
    place?.epoch === epoch &&
    place?.seq === seq &&
    describe(rows.statements.images.all(row.seq)) === describe(images)
  );
};

/** Writes a row again as its sidecar has it; null when there is none that can be read. */
const mend = (rows: BufferRows, row: FoundRow, { sidecars, images }: Parts): FoundRow | null => {
  const place = placeOf(rows.epochs(), row.seq);
  const sidecar = place && sidecars.read(place);
  const made = sidecar && rowOfSidecar(sidecar, row.seq, images);
  if (!made) return null;
  rows.together(() => {
    rows.statements.mend.run(made.row);
    rows.statements.deleteImages.run(row.seq);
    for (const { role, sha256, bytes, due, lost } of made.images) {
      rows.statements.insertImage.run(row.seq, role, sha256, bytes, due, lost);
    }
  });
  return { ...made.row, tries: row.tries };
};

/** The oldest rows of which an image is due; scenes and crops each have their own order in the index. */
const oldestImageless = ({ statements }: BufferRows, limit: number): FoundRow[] => {
  const rows = ["full", "crop"].flatMap((role) => statements.imageless.all(role, limit));
  const bySeq = new Map(rows.map((row) => [row.seq, row]));
  return [...bySeq.values()].toSorted((a, b) => a.seq - b.seq).slice(0, limit);
};

/** Rows to send, as `DetectionBuffer.due` says. */
export const findDue = (rows: BufferRows, parts: Parts, limit: number, monotonicMs: number, lane: Lane): DueRow[] => {
  const { statements } = rows;
  statements.wakeWaiting.run(Math.round(monotonicMs));
  for (;;) {
    const found = lane === "metadata" ? statements.unsent.all(limit) : oldestImageless(rows, limit);
    const whole: FoundRow[] = [];
    for (const row of found) {
      const checked = isWhole(rows, row, parts) ? row : mend(rows, row, parts);
      if (checked) whole.push(checked);
      else statements.damaged.run(row.seq);
    }
    // Others come up into the places of damaged ones: fewer rows than `limit` always means that no more are due.
    if (whole.length < found.length) continue;
    return whole.map(({ seq, id, payload, signature: signed, tries }) => {
      const imagesDue = statements.images
        .all(seq)
        .flatMap(({ role, sha256, bytes, due }) => (due === 1 ? [{ role, sha256, bytes }] : []));
      // Version 0.1 signed nothing. Once central knows this device, what is not signed is no fact there.
      const signature = signed ?? parts.vault.sign("payload", payload);
      return { seq, id, payload, signature, tries, imagesDue };
    });
  }
};
