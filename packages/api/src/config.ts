/**
 * What central reads from the environment; the README's table lists the same names.
 * Rule: process.env is read here alone, and all mistakes are listed at once.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { MapSource } from "@chaverim/contracts";
import * as z from "zod";

const flag = z.enum(["0", "1", "true", "false"]).transform((value) => value === "1" || value === "true");

const environmentSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: z.string().min(1).default("127.0.0.1"),
  DATA_DIR: z.string().min(1).default(".data/central"),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_OWNER_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  EVIDENCE_STORE: z.enum(["filesystem", "s3"]).default("filesystem"),
  S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  S3_BUCKET: z.string().default("chaverim-evidence"),
  S3_REGION: z.string().default("us-east-1"),
  S3_ACCESS_KEY: z.string().optional(),
  S3_SECRET_KEY: z.string().optional(),
  S3_SECRET_KEY_FILE: z.string().optional(),
  /** 30 days: the most common retention of detections without a hit, and the least that Object Lock enforces. */
  RETENTION_MIN_DAYS: z.coerce.number().int().min(1).max(3650).default(30),
  METRICS_TOKEN: z.string().min(16).optional(),
  /** The map's ground: `builtin` asks no network; the others need MAP_URL. */
  MAP_SOURCE: z.enum(["builtin", "pmtiles", "xyz"]).default("builtin"),
  MAP_URL: z.string().max(500).optional(),
  MAP_ATTRIBUTION: z.string().max(200).default(""),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  /** How many proxies stand in front and set X-Forwarded-For. */
  TRUST_PROXY: z.coerce.number().int().min(0).max(3).default(0),
  SIMULATED: flag.default(false),
});

type Mistake = { name: string; message: string };

/** An https address, or a path of this server's own origin. */
const isMapPlace = (place: string): boolean => /^\/(?!\/)/.test(place) || URL.parse(place)?.protocol === "https:";

/** What the variables have to say to each other; judged on the text, so that it is told beside every other mistake. */
const findContradictions = (given: Record<string, string | undefined>): Mistake[] => {
  const mistakes: Mistake[] = [];
  const refuse = (name: string, message: string) => void mistakes.push({ name, message });
  if (given["EVIDENCE_STORE"] === "s3") {
    if (!given["S3_ENDPOINT"])
      refuse("S3_ENDPOINT", "is needed with EVIDENCE_STORE=s3, e.g. https://objects.example.org");
    if (!given["S3_ACCESS_KEY"]) refuse("S3_ACCESS_KEY", "is needed with EVIDENCE_STORE=s3");
    if (!given["S3_SECRET_KEY"] && !given["S3_SECRET_KEY_FILE"])
      refuse("S3_SECRET_KEY", "or S3_SECRET_KEY_FILE is needed with EVIDENCE_STORE=s3");
  }
  if (given["MAP_SOURCE"] !== undefined && given["MAP_SOURCE"] !== "builtin") {
    if (!isMapPlace(given["MAP_URL"] ?? ""))
      refuse(
        "MAP_URL",
        "is needed with this MAP_SOURCE, https or a path here, e.g. https://tiles.example.org/{z}/{x}/{y}.png",
      );
    if (!given["MAP_ATTRIBUTION"]) refuse("MAP_ATTRIBUTION", "is needed with this MAP_SOURCE: whose map it is");
  }
  if (given["DATABASE_OWNER_URL"] && !given["DATABASE_URL"])
    refuse("DATABASE_OWNER_URL", "needs DATABASE_URL beside it: the login that central works with");
  const host = given["HOST"] ?? "127.0.0.1";
  const publicUrl = URL.parse(given["PUBLIC_URL"] ?? "");
  if (publicUrl && publicUrl.protocol !== "https:" && !isLoopback(publicUrl.hostname)) {
    refuse("PUBLIC_URL", "must be https: sign-in over plain http is accepted on this machine alone");
  }
  if (!given["PUBLIC_URL"] && !isLoopback(host))
    refuse("PUBLIC_URL", `is needed when HOST is ${host}: the https address that people type`);
  return mistakes;
};

export type Config = {
  port: number;
  host: string;
  dataDir: string;
  /** Null: http on loopback, with whatever port was bound. */
  publicUrl: string | null;
  /** Null: the embedded PostgreSQL under `dataDir`. */
  databaseUrl: string | null;
  /** The login that migrates; null: the one of `databaseUrl`, or the embedded database's own. */
  databaseOwnerUrl: string | null;
  evidence:
    | { store: "filesystem" }
    | {
        store: "s3";
        endpoint: string;
        bucket: string;
        region: string;
        accessKey: string;
        secretKey: string;
        retentionDays: number;
      };
  metricsToken: string | null;
  map: MapSource;
  logLevel: string;
  trustProxy: number;
  simulated: boolean;
};

/** What is wrong with the environment: one sentence a line. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/** Says whether a host name means this machine itself. */
export const isLoopback = (host: string): boolean => ["127.0.0.1", "localhost", "::1", "[::1]"].includes(host);

const readSecret = (value: string | undefined, path: string | undefined): string => {
  if (value) return value;
  try {
    return readFileSync(path ?? "", "utf8").trim();
  } catch (cause) {
    throw new ConfigError(`S3_SECRET_KEY_FILE cannot be read: ${path}`, { cause });
  }
};

/**
 * Reads and checks the environment.
 * @throws ConfigError that lists every mistake
 */
export const readConfig = (environment: NodeJS.ProcessEnv = process.env): Config => {
  // An empty variable, as compose files leave behind, means "not set".
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = environmentSchema.safeParse(given);
  const issues = parsed.error?.issues.map((issue) => ({ name: issue.path.join("."), message: issue.message })) ?? [];
  const mistakes = [...issues, ...findContradictions(given)];
  if (!parsed.success || mistakes.length > 0)
    throw new ConfigError(mistakes.map(({ name, message }) => `${name} ${message}`).join("\n"));
  const value = parsed.data;
  return {
    port: value.PORT,
    host: value.HOST,
    dataDir: resolve(value.DATA_DIR),
    publicUrl: value.PUBLIC_URL ? new URL(value.PUBLIC_URL).origin : null,
    databaseUrl: value.DATABASE_URL ?? null,
    databaseOwnerUrl: value.DATABASE_OWNER_URL ?? null,
    evidence:
      value.EVIDENCE_STORE === "filesystem"
        ? { store: "filesystem" }
        : {
            store: "s3",
            endpoint: value.S3_ENDPOINT ?? "",
            bucket: value.S3_BUCKET,
            region: value.S3_REGION,
            accessKey: value.S3_ACCESS_KEY ?? "",
            secretKey: readSecret(value.S3_SECRET_KEY, value.S3_SECRET_KEY_FILE),
            retentionDays: value.RETENTION_MIN_DAYS,
          },
    metricsToken: value.METRICS_TOKEN ?? null,
    map:
      value.MAP_SOURCE === "builtin"
        ? { kind: "builtin", attribution: value.MAP_ATTRIBUTION }
        : { kind: value.MAP_SOURCE, url: value.MAP_URL ?? "", attribution: value.MAP_ATTRIBUTION },
    logLevel: value.LOG_LEVEL,
    trustProxy: value.TRUST_PROXY,
    simulated: value.SIMULATED,
  };
};
