/**
 * Evidence in an S3 bucket with Object Lock: `ab/<sha256>`, every version locked in COMPLIANCE mode for the retention.
 * Rule: only what a self-test has proved is called tamper-resistant, and a commit ends with the server confirming each version.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import http from "node:http";
import https from "node:https";
import { pipeline } from "node:stream/promises";
import { Client, RETENTION_MODES, RETENTION_VALIDITY_UNITS, S3Error } from "minio";
import type { Log } from "../log.ts";
import { mapBounded } from "./map-bounded.ts";
import { openStaging } from "./staging.ts";
import { DiskFullError, objectPath, StoreUnavailableError } from "./store.ts";
import type { EvidenceStore, StagedObject, StoredObject } from "./store.ts";

export type S3StoreOptions = {
  /** `https://host[:port]`; plain http is for a server on the same machine. */
  endpoint: string;
  /** Created with Object Lock when it does not exist. */
  bucket: string;
  accessKey: string;
  secretKey: string;
  region: string;
  /** A local directory of this process alone, for bytes on their way. */
  spoolDirectory: string;
  /** The least number of whole days for which nobody, not even the account's owner, can delete a version. */
  retentionDays: number;
  log: Pick<Log, "info" | "warn" | "error">;
  /** A request that has not been answered by then has failed. Default 15 s: 8 MB, the largest image, at 4.5 Mbit/s. */
  requestTimeoutMs?: number;
};

/** Objects on their way at once, each with up to four requests: the figure that minio's own tools use for small objects is 4 to 8. */
const PARALLEL = 8;
const DAY_MS = 86_400_000;
/** The two clocks may differ by 15 min before S3 refuses a signature; a lock this much shorter than asked for is accepted. */
const LOCK_TOLERANCE_MS = 3_600_000;
/** The self-test needs a lock that outlives the test itself. */
const CANARY_LOCK_LEFT_MS = 60_000;
/** Not a SHA-256, so it can never be the name of evidence. */
const CANARY = "canary/object-lock";

const NOT_FOUND = new Set([
  "NotFound",
  "NoSuchKey",
  "NoSuchVersion",
  "NoSuchBucket",
  "ObjectLockConfigurationNotFoundError",
  "NoSuchObjectLockConfiguration",
]);
const FULL = new Set(["QuotaExceeded", "XMinioStorageFull"]);

const isNotFound = (error: unknown): boolean => error instanceof S3Error && NOT_FOUND.has(error.code ?? "");

/** Turns whatever the object store or the way to it answers into the store's errors; "not found" becomes null. */
const ask = async <T>(request: Promise<T>): Promise<T | null> => {
  try {
    return await request;
  } catch (cause) {
    if (isNotFound(cause)) return null;
    if (cause instanceof S3Error && FULL.has(cause.code ?? ""))
      throw new DiskFullError("The object store is full.", { cause });
    throw new StoreUnavailableError("The object store does not answer as it should.", { cause });
  }
};

/** As `ask`, where an answer is owed. */
const demand = async <T>(request: Promise<T>, what: string): Promise<T> => {
  const answer = await ask(request);
  if (answer === null) throw new StoreUnavailableError(`The object store does not know ${what}.`);
  return answer;
};

/**
 * Node's http(s) with the two deadlines that the client lacks: a silent connection ends, and so does a request that only drips.
 * Downloads have the first alone, since a slow reader may take its time.
 */
const createTransport = (base: typeof http | typeof https, timeoutMs: number): Pick<typeof http, "request"> => ({
  request: (...args: unknown[]) => {
    const [options, onResponse] = args as [http.RequestOptions, (response: http.IncomingMessage) => void];
    const deadline = options.method === "GET" ? {} : { signal: AbortSignal.timeout(timeoutMs) };
    const request = base.request({ ...options, ...deadline }, onResponse);
    request.setTimeout(timeoutMs, () => request.destroy(new Error(`The object store was silent for ${timeoutMs} ms.`)));
    return request;
  },
});

type Bucket = { client: Client; name: string; retentionDays: number; log: S3StoreOptions["log"] };

/** The lock that a bucket gives to every new version by default. */
type DefaultLock = { mode?: RETENTION_MODES; unit?: RETENTION_VALIDITY_UNITS; validity?: number };

/** Creates the bucket with Object Lock, or sees to it that the default lock of an existing one is long enough. */
const prepareBucket = async ({ client, name, retentionDays, log }: Bucket, region: string): Promise<void> => {
  if (!(await demand(client.bucketExists(name), "the bucket"))) {
    await demand(client.makeBucket(name, region, { ObjectLocking: true }), "the bucket");
  }
  // The client declares the next two calls as void; they are promises.
  const lock = await ask(client.getObjectLockConfig(name) as unknown as Promise<DefaultLock>);
  if (lock === null) {
    log.warn({ bucket: name }, "the bucket was created without Object Lock and cannot be given it later");
    return;
  }
  const lockedDays = (lock.validity ?? 0) * (lock.unit === RETENTION_VALIDITY_UNITS.YEARS ? 365 : 1);
  if (lock.mode === RETENTION_MODES.COMPLIANCE && lockedDays >= retentionDays) return;
  const rule = { mode: RETENTION_MODES.COMPLIANCE, unit: RETENTION_VALIDITY_UNITS.DAYS, validity: retentionDays };
  await demand(client.setObjectLockConfig(name, rule) as unknown as Promise<void>, "the bucket");
  log.info({ bucket: name, retentionDays }, "new evidence in the bucket is locked by default");
};

/** Until when a version is locked in COMPLIANCE mode, in milliseconds since 1970; 0 when it is not. */
const lockedUntil = async ({ client, name }: Bucket, key: string, versionId: string): Promise<number> => {
  const retention = await ask(client.getObjectRetention(name, key, { versionId }));
  if (retention?.mode !== RETENTION_MODES.COMPLIANCE) return 0;
  return Date.parse(retention.retainUntilDate ?? "") || 0;
};

/**
 * Tries to delete a locked version, as an intruder with our own key would. The lock is the bucket's default rule, the one
 * that protects evidence; the canary of an earlier start is used again while its lock lasts.
 * @returns null when the server refused and the version is still there, else what was wrong
 */
const findLockFault = async (bucket: Bucket): Promise<string | null> => {
  const { client, name } = bucket;
  const isLocked = async (versionId: string | null) =>
    versionId !== null && (await lockedUntil(bucket, CANARY, versionId)) > Date.now() + CANARY_LOCK_LEFT_MS;
  let versionId = (await ask(client.statObject(name, CANARY)))?.versionId ?? null;
  if (!(await isLocked(versionId)))
    versionId = (await demand(client.putObject(name, CANARY, "canary"), "the bucket")).versionId;
  if (versionId === null) return "the server keeps no versions";
  if (!(await isLocked(versionId))) return "a new version is not locked in COMPLIANCE mode";
  try {
    await client.removeObject(name, CANARY, { versionId, governanceBypass: true });
    return "the server deleted a locked version";
  } catch (cause) {
    if (!(cause instanceof S3Error))
      throw new StoreUnavailableError("The object store does not answer as it should.", { cause });
  }
  // Some servers answer with an error and delete all the same.
  return (await ask(client.statObject(name, CANARY, { versionId }))) === null ? "a locked version is gone" : null;
};

/** The newest version of an object if it truly has the staged bytes: any key with write access can lay another on top. */
const findIntact = async (
  { client, name, log }: Bucket,
  key: string,
  staged: StagedObject,
): Promise<StoredObject | null> => {
  const stat = await ask(client.statObject(name, key));
  if (stat === null) return null;
  const { versionId = null } = stat;
  const stored = await ask(client.getObject(name, key, versionId === null ? {} : { versionId }));
  const hash = createHash("sha256");
  if (stored !== null) await demand(pipeline(stored, hash), "the object");
  if (hash.digest("hex") === staged.sha256) return { sha256: staged.sha256, versionId };
  log.error(
    { sha256: staged.sha256, versionId },
    "the newest version of an evidence object has other bytes; the right ones are stored anew",
  );
  return null;
};

/** Stores one object and has the server confirm it: present, of the right size and, under a proven lock, locked long enough. */
const put = async (bucket: Bucket, staged: StagedObject, isLockProven: boolean): Promise<StoredObject> => {
  const { client, name, retentionDays } = bucket;
  const key = objectPath(staged.sha256);
  const held = await findIntact(bucket, key, staged);
  const versionId =
    held === null
      ? (await demand(client.putObject(name, key, createReadStream(staged.path), staged.bytes), "the bucket")).versionId
      : held.versionId;
  const wantedUntil = Date.now() + retentionDays * DAY_MS;
  const [stat, until] = await Promise.all([
    demand(client.statObject(name, key, versionId === null ? {} : { versionId }), "an object that it has just taken"),
    isLockProven && versionId !== null ? lockedUntil(bucket, key, versionId) : 0,
  ]);
  if (stat.size !== staged.bytes)
    throw new StoreUnavailableError("The object store kept another number of bytes than it was sent.");
  if (isLockProven) {
    if (versionId === null) throw new StoreUnavailableError("The object store no longer keeps versions.");
    if (until < wantedUntil - LOCK_TOLERANCE_MS) {
      const retainUntilDate = new Date(wantedUntil).toISOString();
      await demand(
        client.putObjectRetention(name, key, { mode: RETENTION_MODES.COMPLIANCE, retainUntilDate, versionId }),
        "the version",
      );
    }
  }
  return { sha256: staged.sha256, versionId };
};

/**
 * Opens the store: creates the bucket when it is missing, and runs the lock self-test.
 * @throws DiskFullError, StoreUnavailableError when the object store cannot be reached
 */
export const openS3Store = async (options: S3StoreOptions): Promise<EvidenceStore> => {
  const { log, retentionDays, requestTimeoutMs = 15_000 } = options;
  const url = new URL(options.endpoint);
  const isSecure = url.protocol === "https:";
  const agent = new (isSecure ? https : http).Agent({ keepAlive: true });
  const client = new Client({
    endPoint: url.hostname,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    useSSL: isSecure,
    accessKey: options.accessKey,
    secretKey: options.secretKey,
    region: options.region,
    transport: createTransport(isSecure ? https : http, requestTimeoutMs),
    transportAgent: agent,
    // The collector tries again; the client's own retry writes to the console and doubles the deadline.
    retryOptions: { disableRetry: true },
  });
  const bucket: Bucket = { client, name: options.bucket, retentionDays, log };
  const staging = await openStaging(options.spoolDirectory, false);
  let fault: string | null;
  try {
    await prepareBucket(bucket, options.region);
    fault = await findLockFault(bucket);
  } catch (error) {
    agent.destroy();
    throw error;
  }
  if (fault === null)
    log.info(
      { bucket: bucket.name },
      "the object store refused to delete a locked version: evidence is tamper-resistant",
    );
  else
    log.warn(
      { bucket: bucket.name, fault },
      "the object store failed the lock self-test: evidence is tamper-evident only",
    );

  // The same image in two requests at once is stored once: two versions would both be locked for years.
  const underWay = new Map<string, Promise<StoredObject>>();
  const putOnce = async (staged: StagedObject): Promise<StoredObject> => {
    const other = underWay.get(staged.sha256);
    if (other) return other;
    const own = put(bucket, staged, fault === null).finally(() => underWay.delete(staged.sha256));
    underWay.set(staged.sha256, own);
    return own;
  };

  return {
    kind: "s3",
    tamperResistant: fault === null,
    stage: staging.stage,
    commit: async (staged) => {
      try {
        return await mapBounded(staged, PARALLEL, putOnce);
      } finally {
        await Promise.allSettled(staged.map((object) => object.discard()));
      }
    },
    read: async (sha256, versionId) =>
      ask(client.getObject(bucket.name, objectPath(sha256), versionId === null ? {} : { versionId })),
    space: () => Promise.resolve(null),
    check: async () => {
      if (!(await demand(client.bucketExists(bucket.name), "the bucket")))
        throw new StoreUnavailableError("The evidence bucket is gone.");
    },
    [Symbol.asyncDispose]: async () => agent.destroy(),
  };
};
