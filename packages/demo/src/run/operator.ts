/**
 * Sets the town up with the operator's own command: people, collectors, cameras, watchlists.
 * Rule: through the public door alone; what the command refuses is passed on in its own words.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { DemoError } from "../failure.ts";
import { CAMERAS, COLLECTORS } from "../town/cameras.ts";
import type { CollectorName } from "../town/cameras.ts";
import { streetsAsGeoJson } from "../town/roads.ts";
import { WATCHLISTS } from "../town/vehicles.ts";
import type { Watched } from "../town/vehicles.ts";
import { repositoryPath } from "./processes.ts";
import type { Account, Credentials } from "./state.ts";

/** Each command is a process of its own; three at once keep two cores busy. */
const COMMANDS_AT_ONCE = 3;

const PEOPLE: readonly Omit<Account, "totpSecret">[] = [
  { email: "admin@demo.local", name: "Miri Administrator", role: "admin" },
  { email: "operator@demo.local", name: "Rivka Dispatcher", role: "operator" },
  { email: "volunteer@demo.local", name: "Dov Volunteer", role: "viewer" },
];

const runCommand = (config: Config, args: readonly string[], input: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const name = args.slice(0, 2).join(" ");
    const child = spawn(process.execPath, [repositoryPath("packages/api/src/ops/cli.ts"), ...args, "--json"], {
      env: { ...config.childEnvironment, DATA_DIR: config.dataDir },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    let [output, words] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (words += text));
    // A command that reads no input may close it before it is written.
    child.stdin.on("error", () => child.stdin.destroy());
    child.stdin.end(input);
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new DemoError(`The town could not be set up (${name}): ${words.trim() || `exit code ${code}`}`));
    });
  });

/** Runs one command and returns the JSON that it prints; throws DemoError with its own words. */
const operate = async (config: Config, args: readonly string[], input = ""): Promise<Record<string, unknown>> => {
  const output = await runCommand(config, args, input);
  try {
    return JSON.parse(output) as Record<string, unknown>;
  } catch (error) {
    throw new DemoError(`The command ${args.slice(0, 2).join(" ")} answered no JSON: ${output.trim()}`, 1, {
      cause: error,
    });
  }
};

type Step = () => Promise<unknown>;

/** Runs steps, a few at once; the first failure wins, and a signal ends it with a DemoError before the next step. */
const runSteps = async (steps: readonly Step[], signal: AbortSignal): Promise<void> => {
  const queue = steps.values();
  const worker = async () => {
    for (const step of queue) {
      if (signal.aborted) throw new DemoError("Stopped before the town was ready.");
      await step();
    }
  };
  await Promise.all(Array.from({ length: COMMANDS_AT_ONCE }, worker));
};

const textOf = (answer: Record<string, unknown>, field: string): string => {
  const value = answer[field];
  if (typeof value !== "string") throw new DemoError(`The operator's command answered without ${field}.`);
  return value;
};

/** 96 bits: long enough for loopback, short enough to be typed. */
const createPassword = (): string => `demo-${randomBytes(12).toString("base64url")}`;

/** Cameras push to an address that nobody can guess. */
const createToken = (): string => randomBytes(24).toString("base64url");

/**
 * Makes accounts and collectors with the operator's command; central runs already.
 * @returns what a second start needs
 */
export const createAccounts = async (config: Config, seed: number, signal: AbortSignal): Promise<Credentials> => {
  const password = createPassword();
  const accounts: Account[] = [];
  const keys: Partial<Record<CollectorName, string>> = {};
  await runSteps(
    [
      ...COLLECTORS.map((name) => async () => {
        keys[name] = textOf(await operate(config, ["collector", "add", "--name", name]), "apiKey");
      }),
      ...PEOPLE.map((person, index) => async () => {
        const args = [
          "user",
          "add",
          "--email",
          person.email,
          "--name",
          person.name,
          "--role",
          person.role,
          "--password-stdin",
        ];
        accounts[index] = { ...person, totpSecret: textOf(await operate(config, args, `${password}\n`), "totpSecret") };
      }),
    ],
    signal,
  );
  const tokens = Object.fromEntries(
    CAMERAS.filter(({ adapter }) => adapter === "hikvision").map(({ id }) => [id, createToken()]),
  );
  return { seed, password, accounts, keys: keys as Record<CollectorName, string>, tokens };
};

/** A key for a collector's past, which its device cannot have signed; good for a day. */
export const createImportKey = async (config: Config, collector: CollectorName): Promise<string> =>
  textOf(await operate(config, ["collector", "import-key", "--name", collector]), "apiKey");

const approveCameras =
  (config: Config, collector: CollectorName): Step =>
  async () => {
    const file = join(config.dataDir, `cameras-${collector}.json`);
    const cameras = CAMERAS.filter((camera) => camera.collector === collector).map(
      ({ id, name, area, lat, lon, heading }) => ({ id, name, area, lat, lon, heading }),
    );
    await writeFile(file, JSON.stringify(cameras));
    await operate(config, ["camera", "approve", "--collector", collector, "--file", file]);
    await rm(file);
  };

/** Draws the map's ground from the town's own streets. */
const importMap =
  (config: Config): Step =>
  async () => {
    const file = join(config.dataDir, "streets.geojson");
    await writeFile(file, JSON.stringify(streetsAsGeoJson()));
    await operate(config, ["map", "import", "--file", file]);
    await rm(file);
  };

/** Approves the cameras, draws the map, makes the watchlists and puts the watched vehicles on them. */
export const createLists = async (config: Config, watched: readonly Watched[], signal: AbortSignal): Promise<void> => {
  await mkdir(config.dataDir, { recursive: true });
  await runSteps(
    [
      ...WATCHLISTS.map(
        ({ name, priority }) =>
          () =>
            operate(config, ["watchlist", "add", "--name", name, "--priority", String(priority)]),
      ),
      ...COLLECTORS.map((name) => approveCameras(config, name)),
      importMap(config),
    ],
    signal,
  );
  await runSteps(
    watched.map(
      ({ plate, reason, list, lookFor, match }) =>
        () =>
          operate(config, [
            "watchlist",
            "add-entry",
            "--plate",
            plate,
            "--reason",
            reason,
            "--list",
            list,
            "--vehicle",
            lookFor,
            "--match",
            match,
          ]),
    ),
    signal,
  );
};
