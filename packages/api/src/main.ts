/**
 * The central server as a process: opens it, says how to set it up, and ends it at a signal.
 * Rule: a mistake of the person who starts it is one clear sentence and exit code 78; a signal drains within ten seconds.
 */
import { EmbeddedError } from "@chaverim/db/embedded";
import { MigrationError } from "@chaverim/db/migrate";
import { createSetupToken, isSetupNeeded } from "./auth/invitations.ts";
import type { Central } from "./central.ts";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { type Log, createLog } from "./log.ts";
import { openCentral } from "./open-central.ts";

/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;
/** What a shutdown may take in all; then the process ends whatever still hangs. */
const DRAIN_MS = 9000;

/** Resolves with the first signal; a second Ctrl-C ends the process at once. */
const untilSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    let asked = 0;
    const stop = (signal: NodeJS.Signals) => {
      // Only a person at a keyboard may be impatient; a service manager that repeats itself waits for the drain.
      if (++asked > 1 && signal === "SIGINT") process.exit(130);
      resolve(signal);
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });

const printSetupLink = async (central: Central): Promise<void> => {
  if (!(await isSetupNeeded(central))) return;
  const token = await createSetupToken(central);
  process.stderr.write(
    `\nNobody has an account yet. Set up the first administrator here (once, within a day):\n\n  ${central.origins.publicUrl}/setup#${token}\n\n`,
  );
};

const serve = async (config: Config, log: Log): Promise<void> => {
  const signal = untilSignal();
  await using opened = await openCentral(config, log);
  await printSetupLink(opened.central);

  log.info({ signal: await signal }, "shutting down");
  setTimeout(() => {
    log.error({}, "shutdown took too long");
    process.exit(1);
  }, DRAIN_MS).unref();
};

const major = Number(process.versions.node.split(".")[0]);
if (major < 22) {
  process.stderr.write(
    `This is Node ${process.versions.node}. Run me through npm (npm start or npm run serve), which brings its own Node.\n`,
  );
  process.exit(EXIT_CONFIG);
}
try {
  const config = readConfig();
  if (process.argv.includes("--check-config")) {
    process.stdout.write("configuration ok\n");
  } else {
    await serve(config, createLog(config.logLevel));
  }
} catch (error) {
  const isForPeople = error instanceof ConfigError || error instanceof EmbeddedError || error instanceof MigrationError;
  process.stderr.write(isForPeople ? `${error.message}\n` : `The server could not start: ${(error as Error).stack}\n`);
  process.exit(isForPeople ? EXIT_CONFIG : 1);
}
process.exit(0);
