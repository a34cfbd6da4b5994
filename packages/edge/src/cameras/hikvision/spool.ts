/**
 * Raw messages of a camera on disk, from the moment they are answered until the buffer holds what they say.
 * Rule: a message is durable before the camera hears 200, and it leaves the spool only for the buffer or the quarantine.
 */
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { Arrival } from "../../clock.ts";
import { syncFolder, writeDurably } from "../../durable-file.ts";
import { RecoverableError, UnreadableError, codeOf, reasonOf } from "../../failure.ts";
import { createUuidV7 } from "../../uuid-v7.ts";

/** The first line of a spooled file; the camera's bytes follow it unchanged. */
const headSchema = z.object({
  receivedAtMs: z.number(),
  monotonicMs: z.number(),
  bootId: z.string().nullable(),
  contentType: z.string().nullable(),
});

export type SpooledMessage = { arrival: Arrival; contentType: string | null; body: Buffer };

/** Two pictures of 8 MB, the most that central takes, and their document. */
const MESSAGE_BYTES_MAX = 17 * 1024 * 1024;

export class TooLargeError extends Error {
  override name = "TooLargeError";
}

export type Spool = {
  /** Stores a message; returns its name when it is durable. Throws TooLargeError, or what the disk throws. */
  store: (arrival: Arrival, contentType: string | null, body: AsyncIterable<Buffer>) => Promise<string>;
  /** The names of all waiting messages, oldest first. */
  names: () => Promise<string[]>;
  /** Reads a message; null when it is gone. Throws UnreadableError, or RecoverableError when the disk cannot read it now. */
  read: (name: string) => Promise<SpooledMessage | null>;
  remove: (name: string) => Promise<void>;
  /** Moves a message to the quarantine, beside a file that says why. */
  quarantine: (name: string, reason: string) => Promise<void>;
};

/** Opens the spool of one camera under the data folder; `camera` is its id, which config keeps fit for a file name. */
export const openSpool = async (dataDir: string, camera: string, nowMs: () => number): Promise<Spool> => {
  const folder = join(dataDir, "spool", camera);
  const scratch = join(dataDir, "spool-scratch", camera);
  const quarantineFolder = join(dataDir, "quarantine", camera);
  await rm(scratch, { recursive: true, force: true });
  for (const each of [folder, scratch, quarantineFolder]) await mkdir(each, { recursive: true, mode: 0o700 });

  // Version 7 sorts by time, also within a millisecond.
  const nextName = createUuidV7(nowMs);

  return {
    store: async (arrival, contentType, body) => {
      const name = nextName();
      await writeDurably(scratch, folder, name, async (file) => {
        await file.write(`${JSON.stringify({ ...arrival, contentType })}\n`);
        let bytes = 0;
        for await (const chunk of body) {
          bytes += chunk.length;
          if (bytes > MESSAGE_BYTES_MAX) throw new TooLargeError("The message has more than 17 MB.");
          await file.writeFile(chunk);
        }
      });
      return name;
    },
    names: async () => (await readdir(folder)).toSorted(),
    read: async (name) => {
      const stored = await readFile(join(folder, name)).catch((error: unknown) => {
        if (codeOf(error) === "ENOENT") return null;
        throw new RecoverableError(`The disk cannot read it: ${reasonOf(error)}`, { cause: error });
      });
      if (stored === null) return null;
      const headEnd = stored.indexOf("\n");
      try {
        const { contentType, ...arrival } = headSchema.parse(JSON.parse(stored.subarray(0, headEnd).toString("utf8")));
        return { arrival, contentType, body: stored.subarray(headEnd + 1) };
      } catch (error) {
        throw new UnreadableError("The first line is not the one that the collector wrote.", { cause: error });
      }
    },
    remove: (name) => rm(join(folder, name), { force: true }),
    quarantine: async (name, reason) => {
      await writeFile(join(quarantineFolder, `${name}.reason.txt`), `${reason}\n`);
      await rename(join(folder, name), join(quarantineFolder, name));
      await syncFolder(quarantineFolder);
    },
  };
};
