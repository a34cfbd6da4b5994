/**
 * Beside each row a small file with its exact payload and signature: what the buffer is rebuilt from when SQLite is damaged.
 * Rule: a sidecar is durable before its row, carries its own checksum, and goes only with its row.
 *
 * The files are `sidecars/EPOCH/THOUSAND/SEQ`, their images those that the payload declares.
 */
import { readFileSync, readdirSync, rmSync, rmdirSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { syncFolder, writeWhole } from "./durable-file.ts";
import { codeOf } from "./failure.ts";
import { sha256Of } from "./images.ts";

/** Where a payload stands in its chain: the `epoch` and `seq` that it says itself. */
export type ChainPlace = { epoch: number; seq: number };

export type Sidecar = ChainPlace & { payload: string; signature: string; source: string; createdAtMs: number };

export type SidecarStore = {
  /** Writes sidecars durably, with one fsync of a folder for all in it. Throws what the disk throws. */
  write: (sidecars: readonly Sidecar[]) => Promise<void>;
  /** One sidecar; null when it is gone, altered, or on a part of the disk that does not read. */
  read: (place: ChainPlace) => Sidecar | null;
  /** The epochs on the disk, oldest first, each with its highest number by name. */
  epochs: () => ChainPlace[];
  /** Every place on the disk by name, newest first, a folder (up to 1,000) at a time. */
  folders: () => Iterable<ChainPlace[]>;
  remove: (places: readonly ChainPlace[]) => void;
};

/** Small enough to be listed at once, large enough that a week at one a second has only 600 folders. */
const FOLDER_FILES = 1_000;

const headSchema = z.object({ signature: z.string(), source: z.string(), createdAtMs: z.number() });

const encode = ({ payload, signature, source, createdAtMs }: Sidecar): string => {
  const body = `${JSON.stringify({ signature, source, createdAtMs })}\n${payload}`;
  return `${sha256Of(body)}\n${body}`;
};

/** Reads a sidecar's text; null when a single byte of it is not what was written. */
const decode = (place: ChainPlace, text: string): Sidecar | null => {
  const [checksum = "", head = "", ...payload] = text.split("\n");
  if (sha256Of(text.slice(checksum.length + 1)) !== checksum) return null;
  return { ...place, ...headSchema.parse(JSON.parse(head)), payload: payload.join("\n") };
};

/** The names in a folder that are whole numbers, ascending; none when there is no such folder. */
const numbersIn = (folder: string): number[] => {
  try {
    const names = readdirSync(folder).filter((name) => /^\d{1,15}$/.test(name));
    return names.map(Number).toSorted((a, b) => a - b);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
};

/** As `numbersIn`; null where the disk does not read the folder. */
const numbersIfReadable = (folder: string): number[] | null => {
  try {
    return numbersIn(folder);
  } catch (error) {
    if (codeOf(error) !== null) return null;
    throw error;
  }
};

/** Opens the sidecars; what an interrupted write left behind is cleared away. */
export const openSidecars = async (dataDir: string): Promise<SidecarStore> => {
  const root = join(dataDir, "sidecars");
  const scratch = join(dataDir, "sidecars-scratch");
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  await mkdir(root, { recursive: true, mode: 0o700 });
  await syncFolder(dataDir);
  const folderOf = ({ epoch, seq }: ChainPlace) => join(root, String(epoch), String(Math.floor(seq / FOLDER_FILES)));
  const pathOf = (place: ChainPlace) => join(folderOf(place), String(place.seq));
  /** Folders that are known to be durable. */
  const made = new Set<string>();

  const makeFolder = async (folder: string): Promise<void> => {
    if (made.has(folder)) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await syncFolder(dirname(folder));
    await syncFolder(root);
    made.add(folder);
  };

  return {
    write: async (sidecars) => {
      const folders = new Set(sidecars.map(folderOf));
      for (const folder of folders) await makeFolder(folder);
      await Promise.all(
        sidecars.map((sidecar) =>
          writeWhole(scratch, folderOf(sidecar), String(sidecar.seq), (file) => file.writeFile(encode(sidecar))),
        ),
      );
      for (const folder of folders) await syncFolder(folder);
    },
    read: (place) => {
      try {
        return decode(place, readFileSync(pathOf(place), "utf8"));
      } catch (error) {
        // A bad sector (EIO) costs one copy of one row, not the start of the collector.
        if (codeOf(error) !== null) return null;
        throw error;
      }
    },
    epochs: () =>
      numbersIn(root).flatMap((epoch) => {
        const folder = join(root, String(epoch));
        const newest = numbersIn(folder)
          .toReversed()
          .map((thousand) => {
            const seqs = numbersIfReadable(join(folder, String(thousand)));
            // No number that may be in it is given a second time.
            return seqs === null ? (thousand + 1) * FOLDER_FILES - 1 : seqs.at(-1);
          })
          .find((seq) => seq !== undefined);
        return newest === undefined ? [] : [{ epoch, seq: newest }];
      }),
    *folders() {
      for (const epoch of numbersIn(root).toReversed()) {
        for (const thousand of numbersIn(join(root, String(epoch))).toReversed()) {
          const seqs = numbersIfReadable(join(root, String(epoch), String(thousand))) ?? [];
          yield seqs.toReversed().map((seq) => ({ epoch, seq }));
        }
      }
    },
    remove: (places) => {
      for (const place of places) rmSync(pathOf(place), { force: true });
      for (const folder of new Set(places.map(folderOf))) {
        try {
          rmdirSync(folder);
          made.delete(folder);
        } catch (error) {
          // Others are still in it.
          if (codeOf(error) !== "ENOTEMPTY" && codeOf(error) !== "ENOENT") throw error;
        }
      }
    },
  };
};
