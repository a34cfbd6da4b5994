/**
 * Begins this process anew in its own place, with what keeps it small: a board has 1 GB for everything.
 * Rule: nothing changes but memory, and where it cannot be done the collector runs all the same. What is imported here above is
 * read before anything is compiled: no file of the collector's.
 */
import { mkdtempSync } from "node:fs";
import { enableCompileCache, flushCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const START = fileURLToPath(new URL("./start.ts", import.meta.url));

/**
 * V8 looks through new objects when they fill 2 MB, instead of up to 3 times 16 MB: what a batch leaves behind is short-lived. What
 * lives on is some 20 MB; with room for 96 MB V8 also tidies up earlier. Together that is 50 MB less while a backlog drains.
 */
const NODE_FLAGS: readonly string[] = ["--max-semi-space-size=2", "--max-old-space-size=96"];
/**
 * glibc's own: two heaps instead of 8 a core, each as large as its threads ever needed, and whatever has 64 KB or more, as pictures
 * do, goes back to the system when it is freed.
 */
const MALLOC = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "65536", MALLOC_TRIM_THRESHOLD_: "131072" } as const;

/** A folder that nobody else can write into: what is compiled in it is run. Null where the system has none to give. */
const makeFolder = (): string | null => {
  try {
    return mkdtempSync(join(tmpdir(), "chaverim-collector-"));
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
};

/**
 * Compiles the collector's files and runs them in a process that has this one's pid and open streams, and none of its memory.
 * To read TypeScript Node loads a WebAssembly program, 40 MB that never go away; a process that finds its files compiled does not.
 */
export const startSmall = async (): Promise<void> => {
  const folder = process.execve === undefined ? null : makeFolder();
  if (folder !== null) enableCompileCache(folder);
  const { startCollector } = await import("./start.ts");
  if (folder === null || process.execve === undefined) return startCollector();
  flushCompileCache();
  const { environmentWith } = await import("./config.ts");
  const environment = environmentWith({
    NODE_COMPILE_CACHE: folder,
    COMPILED_IN: folder,
    ...MALLOC,
  });
  const args = [...process.execArgv, ...NODE_FLAGS, START, ...process.argv.slice(2)];
  process.execve(process.execPath, [process.execPath, ...args], environment);
};
