/**
 * Starts a collector: `npm run collect -- --config FILE`.
 * Rule: settings are checked before anything starts, and SIGTERM or SIGINT ends it within 10 s with nothing lost.
 */
import { readFileSync } from "node:fs";

/** better-sqlite3 and the syntax of these files need it; the repository carries Node 24. */
const NODE_MAJOR_MIN = 22;
/** What is still under way after this is safe on disk and will be sent at the next start. */
const EXIT_DEADLINE_MS = 10_000;

const start = async (): Promise<void> => {
  // Loaded here and not above: an old Node fails on these files with a syntax error instead of a sentence.
  const { readConfig, readSupervision } = await import("./config.ts");
  const { runCollector } = await import("./collector.ts");
  const { createLog, createRecentLines } = await import("./log.ts");
  const { FatalError, reasonOf } = await import("./failure.ts");
  try {
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
  } catch (error) {
    const fatal = error instanceof FatalError ? error : null;
    process.stderr.write(`${fatal?.message ?? reasonOf(error)}\n`);
    process.exitCode = fatal?.exitCode ?? 1;
  }
};

if (Number(process.versions.node.split(".", 1)[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(`This is Node ${process.versions.node}; run me through npm: npm run collect -- --config FILE\n`);
  process.exitCode = 1;
} else {
  await start();
}
