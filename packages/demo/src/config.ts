/**
 * The demo's settings: PORT, HOST and DATA_DIR by environment, --seed and --speed by argument.
 * Rule: process.env is read here alone; the demo listens on this machine alone; all mistakes are named at once.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { DemoError, reasonOf } from "./failure.ts";

export type Config = {
  host: string;
  port: number;
  dataDir: string;
  /** Null: the seed of the town that is already there, or 1. */
  seed: number | null;
  /** How many times quicker than life the story is told. */
  speed: number;
  paths: { marker: string; credentials: string; history: string; logs: string; collectors: string };
  /** What children get of this process's environment: nothing that could lead them to real data. */
  childEnvironment: Record<string, string>;
};

const PORT_DEFAULT = 3000;
const DATA_DIR_DEFAULT = ".data/demo";
/** Beyond this a laptop spends its time drawing pictures. */
const SPEED_MAX = 20;
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "::1"]);
/** Enough for Node, PostgreSQL and local time; DATABASE_URL and the like stay behind on purpose. */
const PASSED_ON = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME"];

export const USAGE = `The simulated town.

  npm start [-- --seed N] [-- --speed N]

  --seed N    which town: 0 to 4294967295 (default 1)
  --speed N   how many times quicker than life: above 0, at most ${SPEED_MAX} (default 1)

Environment: PORT (${PORT_DEFAULT}), HOST (127.0.0.1, this machine alone), DATA_DIR (${DATA_DIR_DEFAULT}).`;

const wholeNumber = (text: string | undefined, max: number): number | null =>
  text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= max ? Number(text) : null;

/**
 * Reads arguments and environment.
 * @returns the settings, or "help" when the usage is asked for; throws DemoError that names every mistake
 */
export const readConfig = (
  args: readonly string[] = process.argv.slice(2),
  environment: NodeJS.ProcessEnv = process.env,
): Config | "help" => {
  let values: { seed?: string; speed?: string; help?: boolean };
  try {
    const options = {
      seed: { type: "string" },
      speed: { type: "string" },
      help: { type: "boolean", short: "h" },
    } as const;
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new DemoError(`${reasonOf(error)}\n\n${USAGE}`, 2, { cause: error });
  }
  if (values.help) return "help";
  const problems: string[] = [];
  // An empty variable, as shells and compose files leave behind, means "not set".
  const host = environment["HOST"] || "127.0.0.1";
  if (!LOOPBACK.has(host)) {
    problems.push(
      `HOST=${host}: the demo prints its passwords, so it listens on this machine alone; leave HOST out or set it to 127.0.0.1.`,
    );
  }
  const port = wholeNumber(environment["PORT"] || String(PORT_DEFAULT), 65_535);
  if (port === null) problems.push(`PORT=${environment["PORT"]} is not a port: use 0 to 65535.`);
  const seed = values.seed === undefined ? null : wholeNumber(values.seed, 2 ** 32 - 1);
  if (values.seed !== undefined && seed === null)
    problems.push(`--seed ${values.seed} is not a whole number from 0 to 4294967295.`);
  const speed = Number(values.speed ?? 1);
  if (!(speed > 0 && speed <= SPEED_MAX))
    problems.push(`--speed ${values.speed} is not a number above 0 and at most ${SPEED_MAX}.`);
  if (problems.length > 0) throw new DemoError(problems.join("\n"), 2);
  const dataDir = resolve(environment["DATA_DIR"] || DATA_DIR_DEFAULT);
  return {
    host,
    port: port ?? PORT_DEFAULT,
    dataDir,
    seed,
    speed,
    paths: {
      marker: join(dataDir, "demo.json"),
      credentials: join(dataDir, "credentials.json"),
      history: join(dataDir, "history.json"),
      logs: join(dataDir, "logs"),
      collectors: join(dataDir, "collectors"),
    },
    childEnvironment: Object.fromEntries(
      PASSED_ON.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
    ),
  };
};
