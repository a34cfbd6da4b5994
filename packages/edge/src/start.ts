/**
 * The collector's process: its settings, its log, the signals that end it, and its exit code.
 * Rule: settings are checked before anything starts, and SIGTERM or SIGINT ends it within 10 s with nothing lost.
 */
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runCollector } from "./collector.ts";
import { readCompiledFolder, readConfig, readSupervision } from "./config.ts";
import { FatalError, reasonOf } from "./failure.ts";
import { createLog, createRecentLines } from "./log.ts";

/** What is still under way after this is safe on disk and will be sent at the next start. */
const EXIT_DEADLINE_MS = 10_000;

const run = async (): Promise<void> => {
  const config = readConfig(process.argv.slice(2));
  const tokens = config.cameras.flatMap((camera) => (camera.adapter === "hikvision" ? [camera.token] : []));
  const recent = createRecentLines([config.central.apiKey, ...tokens]);
  const log = createLog(config.logLevel, (line) => {
    process.stdout.write(line);
    recent.note(line);
  });
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      log.info({ signal: name }, "stopping");
      stop.abort();
      setTimeout(() => process.exit(1), EXIT_DEADLINE_MS).unref();
    });
  }
  await runCollector(config, { version, log, recent, supervision: readSupervision(), stop: stop.signal });
  log.info("stopped");
};

/** Runs a collector by this process's arguments and environment until it is told to stop. */
export const startCollector = async (): Promise<void> => {
  try {
    await run();
  } catch (error) {
    const fatal = error instanceof FatalError ? error : null;
    process.stderr.write(`${fatal?.message ?? reasonOf(error)}\n`);
    process.exitCode = fatal?.exitCode ?? 1;
  }
};

// Not when it is only compiled (start-small.ts).
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const compiled = readCompiledFolder();
  if (compiled !== null) rmSync(compiled, { recursive: true, force: true });
  await startCollector();
}
