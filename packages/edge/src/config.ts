/**
 * The collector's settings: one YAML file, each setting also by environment, which wins.
 * Rule: all mistakes are named at once, in plain sentences, before anything starts.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { HEARTBEAT_INTERVAL_MS } from "@chaverim/contracts";
import { parse as parseYaml } from "yaml";
import * as z from "zod";
import { FatalError, reasonOf } from "./failure.ts";
import { LOG_LEVELS } from "./log.ts";
import type { Supervision } from "./systemd.ts";
import type { BatchTrigger } from "./uploader.ts";

/** EX_CONFIG of sysexits.h: the service manager need not try again. */
const EXIT_CONFIG = 78;

/** Whichever of a batch's limits is reached first (fixed by the project's owner). */
const BATCH_BYTES = 5 * 1024 * 1024;
const BATCHES = {
  residential: { intervalMs: 30_000, rows: 100, bytes: BATCH_BYTES },
  commercial: { intervalMs: 10_000, rows: 50, bytes: BATCH_BYTES },
  mall: { intervalMs: 5_000, rows: 50, bytes: BATCH_BYTES },
} as const satisfies Record<string, BatchTrigger>;

const required = { error: (issue: { input?: unknown }) => (issue.input === undefined ? "is missing" : undefined) };
const text = () => z.string(required).min(1, "is empty");

/** The id is also a folder's name on disk. */
const cameraId = text().regex(
  /^[A-Za-z0-9][\w .-]{0,63}$/,
  "must be 1 to 64 letters, digits, blanks, dots, - or _, and begin with a letter or digit",
);
const location = z.strictObject({
  lat: z.number(required).min(-90).max(90),
  lon: z.number(required).min(-180).max(180),
});

const cameraSchema = z.discriminatedUnion(
  "adapter",
  [
    z.strictObject({
      id: cameraId,
      adapter: z.literal("folder"),
      path: text(),
      location: location.optional(),
    }),
    z.strictObject({
      id: cameraId,
      adapter: z.literal("hikvision"),
      token: text().regex(/^[\w-]{16,128}$/, "must be 16 to 128 letters, digits, - or _ that nobody can guess"),
      trustClock: z.boolean().default(false),
      location: location.optional(),
    }),
  ],
  { error: 'must be "folder" or "hikvision"' },
);

const isUnique = (values: readonly unknown[]) => new Set(values).size === values.length;

const isFolder = (camera: { adapter: string }) => camera.adapter === "folder";

const configSchema = z
  .strictObject({
    mode: z.enum(["edge", "central"]).default("edge"),
    central: z.strictObject(
      {
        url: z.url({ protocol: /^https?$/, error: "must be the address of central, such as https://alpr.example.org" }),
        apiKey: z.string().optional(),
        apiKeyFile: z.string().optional(),
      },
      required,
    ),
    dataDir: text().default("collector-data"),
    // Below a gigabyte there is hardly room for an hour of images.
    maxGb: z.number().min(1).optional(),
    batch: z.enum(["residential", "commercial", "mall"]).default("mall"),
    // Below 0.2 s every reading is a request of its own; above a minute an alert is no alert.
    flushMs: z.int().min(200).max(60_000).optional(),
    listen: z
      .strictObject({ host: text().default("127.0.0.1"), port: z.int().min(0).max(65_535).default(8090) })
      .prefault({}),
    // Below a second a heartbeat would be a load; central counts on one a minute, and shows a collector as late after one and a half.
    heartbeatMs: z.int().min(1_000).max(HEARTBEAT_INTERVAL_MS).default(HEARTBEAT_INTERVAL_MS),
    logLevel: z.enum(LOG_LEVELS).default("info"),
    cameras: z
      .array(cameraSchema, required)
      .min(1, "names no camera")
      // The heartbeat tells of at most 64 cameras.
      .max(64, "names more than 64 cameras")
      .refine((cameras) => isUnique(cameras.map(({ id }) => id.toLowerCase())), "names the same id twice")
      .refine(
        (cameras) => isUnique(cameras.flatMap((camera) => (camera.adapter === "hikvision" ? [camera.token] : []))),
        "uses the same token twice",
      ),
  })
  .check(({ value, issues }) => {
    if (value.mode === "edge") return;
    // Central's own disk is no drop box: what stands there has no site, and its pictures no device that saw them first.
    for (const [index, camera] of value.cameras.entries()) {
      if (!isFolder(camera)) continue;
      const message = "must be a camera that pushes, in mode central";
      issues.push({ code: "custom", input: camera, path: ["cameras", index, "adapter"], message });
    }
  });

export type Config = Omit<z.infer<typeof configSchema>, "central" | "batch" | "flushMs" | "maxGb"> & {
  central: { url: string; apiKey: string };
  batch: BatchTrigger;
  /** The most that the data folder may hold; null: what the buffer thinks right for the disk. */
  maxBytes: number | null;
};

/** Settings by environment: where each goes, and whether its value is a number or YAML. */
const ENVIRONMENT: Readonly<Record<string, { path: readonly string[]; yaml?: true; file?: true }>> = {
  MODE: { path: ["mode"] },
  CENTRAL_URL: { path: ["central", "url"] },
  API_KEY: { path: ["central", "apiKey"] },
  API_KEY_FILE: { path: ["central", "apiKeyFile"], file: true },
  DATA_DIR: { path: ["dataDir"], file: true },
  MAX_GB: { path: ["maxGb"], yaml: true },
  BATCH: { path: ["batch"] },
  FLUSH_MS: { path: ["flushMs"], yaml: true },
  LISTEN_HOST: { path: ["listen", "host"] },
  LISTEN_PORT: { path: ["listen", "port"], yaml: true },
  HEARTBEAT_MS: { path: ["heartbeatMs"], yaml: true },
  LOG_LEVEL: { path: ["logLevel"] },
  CAMERAS: { path: ["cameras"], yaml: true },
};

type Settings = Record<string, unknown>;
const isSettings = (value: unknown): value is Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const fail = (problems: readonly string[]): never => {
  const lines = problems.map((problem) => `  - ${problem}`);
  throw new FatalError(["The collector's settings need attention:", ...lines].join("\n"), EXIT_CONFIG);
};

const readYaml = (what: string, source: string): unknown => {
  try {
    return parseYaml(source) as unknown;
  } catch (error) {
    return fail([`${what} is not YAML: ${reasonOf(error).split("\n", 1)[0] ?? ""}`]);
  }
};

const readText = (what: string, path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return fail([`${what} cannot be read: ${reasonOf(error)}`]);
  }
};

/** Puts a value at a path of names, making what is missing on the way. */
const assign = (settings: Settings, [name = "", ...rest]: readonly string[], value: unknown): Settings => {
  const inner = settings[name];
  return { ...settings, [name]: rest.length === 0 ? value : assign(isSettings(inner) ? inner : {}, rest, value) };
};

/** `cameras[2].token` for a path of zod, counted from one as people do. */
const nameOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part, place) => (typeof part === "number" ? ` ${part + 1}` : `${place > 0 ? "." : ""}${String(part)}`))
    .join("");

/** The library's own messages in plain words; ours are plain already. */
const plainMessage = (issue: z.core.$ZodIssue): string => {
  if (!/^(Invalid|Too)/.test(issue.message)) return issue.message;
  if (issue.code === "invalid_value") return `must be one of ${issue.values.join(", ")}`;
  if (issue.code === "too_big") return `must be at most ${issue.maximum}`;
  if (issue.code === "too_small") return `must be at least ${issue.minimum}`;
  if (issue.code === "invalid_type") return `must be of type ${issue.expected}`;
  return `is wrong: ${issue.message}`;
};

const sentencesOf = (error: z.ZodError): string[] =>
  error.issues.flatMap((issue) => {
    const name = nameOf(issue.path);
    if (issue.code !== "unrecognized_keys") return [`${name} ${plainMessage(issue)}.`];
    return issue.keys.map((key) => `${nameOf([...issue.path, key])} is not a setting.`);
  });

/** A central server behind `https://host/` is the same as `https://host`. */
const withoutSlash = (url: string) => url.replace(/\/+$/, "");

/**
 * Reads the settings of a process.
 * @param args the arguments after the script; `--config PATH`
 * @param env the environment; COLLECTOR_CONFIG names the file when the arguments do not
 * @throws FatalError with exit code 78 and every mistake in its message
 */
export const readConfig = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config => {
  const { values } = parseArguments(args);
  const path = values.config ?? env["COLLECTOR_CONFIG"];
  const base = path === undefined ? process.cwd() : dirname(resolve(path));
  const document = path === undefined ? {} : (readYaml(path, readText("The settings file", path)) ?? {});
  if (!isSettings(document)) return fail([`${path} does not hold settings.`]);

  let settings = document;
  for (const [name, { path: place, yaml, file }] of Object.entries(ENVIRONMENT)) {
    const value = env[name];
    if (value === undefined || value === "") continue;
    settings = assign(settings, place, yaml ? readYaml(name, value) : file ? resolve(value) : value);
  }
  const parsed = configSchema.safeParse(settings);
  const problems = parsed.success ? [] : sentencesOf(parsed.error);
  const key = readApiKey(isSettings(settings["central"]) ? settings["central"] : {}, base);
  if (!key.ok) problems.push(key.problem);
  if (!parsed.success || !key.ok) return fail(problems);

  const { central, batch, flushMs, maxGb, dataDir, cameras, ...rest } = parsed.data;
  return {
    ...rest,
    central: { url: withoutSlash(central.url), apiKey: key.apiKey },
    batch: { ...BATCHES[batch], ...(flushMs === undefined ? {} : { intervalMs: flushMs }) },
    dataDir: resolve(base, dataDir),
    maxBytes: maxGb === undefined ? null : Math.round(maxGb * 1e9),
    cameras: cameras.map((camera) =>
      camera.adapter === "folder" ? { ...camera, path: resolve(base, camera.path) } : camera,
    ),
  };
};

/** This process's environment with what another one is to have besides; what is set already stays. */
export const environmentWith = (
  more: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string | undefined> => ({ ...more, ...env });

/** Where this process's files were compiled for it alone (start-small.ts); null when they were not. */
export const readCompiledFolder = (env: Readonly<Record<string, string | undefined>> = process.env): string | null =>
  env["COMPILED_IN"] ?? null;

/** What systemd says to a service of the kind `notify` (sd_notify(3), sd_watchdog_enabled(3)); null without it. */
export const readSupervision = (
  env: Readonly<Record<string, string | undefined>> = process.env,
): Supervision | null => {
  const socket = env["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") return null;
  const watchdogMs = Number(env["WATCHDOG_USEC"] ?? Number.NaN) / 1_000;
  return { socket, watchdogMs: Number.isFinite(watchdogMs) && watchdogMs > 0 ? watchdogMs : null };
};

const parseArguments = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: { config: { type: "string" } }, strict: true });
  } catch (error) {
    return fail([reasonOf(error)]);
  }
};

type KeyResult = { ok: true; apiKey: string } | { ok: false; problem: string };

/** The key from the settings or from its file. It is looked at even when other settings are wrong: all mistakes at once. */
const readApiKey = ({ apiKey, apiKeyFile }: Settings, base: string): KeyResult => {
  let key = typeof apiKey === "string" ? apiKey : "";
  if (key === "" && typeof apiKeyFile === "string" && apiKeyFile !== "") {
    try {
      key = readFileSync(resolve(base, apiKeyFile), "utf8").trim();
    } catch (error) {
      return { ok: false, problem: `central.apiKeyFile cannot be read: ${reasonOf(error)}.` };
    }
  }
  if (key === "") return { ok: false, problem: "central.apiKey or central.apiKeyFile is missing." };
  // alpr_ and 32 random bytes in base64url; a key that was cut while it was copied is found here.
  if (!/^alpr_[\w-]{43}$/.test(key)) {
    return { ok: false, problem: "The API key must be alpr_ and 43 more characters, as central showed it." };
  }
  return { ok: true, apiKey: key };
};
