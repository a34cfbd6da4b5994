/**
 * Whose key it is, asked by every request of a collector.
 * Rule: a key that works is remembered for 30 s at most and forgotten as soon as any key changes, in whichever process;
 * a key that has ended leaves an entry in the access log when it is used.
 */
import type { KeyObject } from "node:crypto";
import type { RouteName } from "@chaverim/contracts";
import type { Database } from "@chaverim/db/open";
import { appendEntry } from "../audit/append.ts";
import { AppError } from "../failure.ts";
import { sha256 } from "../keys.ts";
import type { Log } from "../log.ts";
import type { Policy } from "../policy/policy.ts";
import { readDeviceKey } from "./device-key.ts";
import { IMPORT_SCOPE, KEYS_CHANNEL } from "./keys.ts";

/** `alpr_` and 32 random bytes in base64url. */
const KEY = /^alpr_[A-Za-z0-9_-]{43}$/;
/** access.md. It saves two questions to the database per batch; the news of a change makes it short, not this number. */
const REMEMBERED_MS = 30_000;
/** "Last used" is for people: a minute is near enough. */
const NOTED_EVERY_MS = 60_000;

/** What a key must be good for at each route; one of these is enough. */
const SCOPES = {
  "POST /api/v1/detections/batch": ["ingest", IMPORT_SCOPE],
  "POST /api/v1/heartbeat": ["heartbeat"],
  "POST /api/v1/commands/:commandId/ack": ["heartbeat"],
} as const satisfies Partial<Record<RouteName, readonly string[]>>;

export type CollectorIdentity = {
  id: string;
  name: string;
  /** The key that it came with. */
  keyId: string;
  /** With which its device signs; null while that is not known, and for what another system is brought in from. */
  deviceKey: KeyObject | null;
};

type KeyUse = {
  route: keyof typeof SCOPES;
  /** As it came in the header. */
  key: string | undefined;
  ip: string;
  requestId: string;
};

export type CollectorKeys = AsyncDisposable & {
  /** Finds the collector of a key and notes that it was used. @throws AppError key_unknown | key_revoked | scope */
  identify: (use: KeyUse) => Promise<CollectorIdentity>;
  /** Forgets what is remembered: called when a key, also a device's, was changed in this process, which need not wait for the news. */
  forget: () => void;
};

type Key = {
  id: string;
  prefix: string;
  collectorId: string;
  collectorName: string;
  scopes: string[];
  deviceKey: KeyObject | null;
  isRevoked: boolean;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  lastUsedIp: string | null;
};

const isExpired = ({ expiresAt }: Key): boolean => expiresAt !== null && expiresAt.getTime() <= Date.now();

const unknown = () =>
  new AppError("key_unknown", "This key is not known here. Keep the detections and claim the collector again.");
const ended = (key: Key) =>
  new AppError(
    "key_revoked",
    key.isRevoked
      ? "This key was revoked. Keep the detections and ask an administrator for a new key."
      : "This key was replaced by a newer one and has run out. Keep the detections and put the newer key in its place.",
  );

/** Opens the check of keys; one connection listens for changes. */
export const openCollectorKeys = async (central: {
  database: Database;
  policy: Policy;
  log: Log;
}): Promise<CollectorKeys> => {
  const { sql } = central.database;
  const remembered = new Map<string, { key: Key; untilMs: number }>();
  let changes = 0;
  const forget = (): void => {
    changes++;
    remembered.clear();
  };

  const find = async (text: string): Promise<Key | null> => {
    const hash = sha256(text);
    const name = hash.toString("base64");
    const held = remembered.get(name);
    if (held && performance.now() < held.untilMs) return held.key;
    const before = changes;
    const [row] = await sql<(Omit<Key, "deviceKey"> & { deviceKey: Buffer | null })[]>`
      select k.id, k.prefix, c.id as "collectorId", c.name as "collectorName", k.scopes,
        c.device_key as "deviceKey", (k.revoked_at is not null or c.revoked_at is not null) as "isRevoked", k.expires_at as "expiresAt",
        k.last_used_at as "lastUsedAt", k.last_used_ip as "lastUsedIp"
      from collector_keys k join collectors c on c.id = k.collector_id where k.key_hash = ${hash}`;
    const key = row ? { ...row, deviceKey: row.deviceKey && readDeviceKey(row.deviceKey) } : null;
    // An answer that was under way while a key changed may be older than the change.
    if (key && !key.isRevoked && before === changes)
      remembered.set(name, { key, untilMs: performance.now() + REMEMBERED_MS });
    return key;
  };

  const noteUse = async (key: Key, ip: string): Promise<void> => {
    const now = new Date();
    if (key.lastUsedIp === ip && key.lastUsedAt && now.getTime() - key.lastUsedAt.getTime() < NOTED_EVERY_MS) return;
    await sql`update collector_keys set last_used_at = now(), last_used_ip = ${ip} where id = ${key.id}`;
    key.lastUsedAt = now;
    key.lastUsedIp = ip;
  };

  /** One entry for the first use after the end, and one in ten minutes of trying on. */
  const noteRefused = async (key: Key, { route, ip, requestId }: KeyUse): Promise<void> => {
    const noted = await sql`
      update collector_keys k set last_used_at = now(), last_used_ip = ${ip} from collectors c
      where k.id = ${key.id} and c.id = k.collector_id and (k.last_used_at is null
        or k.last_used_at < now() - interval '10 minutes'
        or k.last_used_at < least(k.revoked_at, c.revoked_at, k.expires_at))`;
    if (noted.count === 0) return;
    await appendEntry(central, {
      requestId,
      who: null,
      ip,
      action: route,
      plate: null,
      filters: { collectorId: key.collectorId, collector: key.collectorName, prefix: key.prefix },
      outcome: "denied",
      failure: "key_revoked",
    });
  };

  // Also after a lost connection: news may have gone with it.
  const listening = await sql.listen(KEYS_CHANNEL, forget, forget);
  return {
    identify: async (use) => {
      const key = use.key && KEY.test(use.key) ? await find(use.key) : null;
      if (!key) throw unknown();
      if (key.isRevoked || isExpired(key)) {
        await noteRefused(key, use);
        throw ended(key);
      }
      const scopes: readonly string[] = SCOPES[use.route];
      if (!key.scopes.some((scope) => scopes.includes(scope)))
        throw new AppError(
          "scope",
          `This key is not for this (${scopes[0]}). Keep what you have and ask an administrator.`,
        );
      await noteUse(key, use.ip);
      // What is brought in with such a key was never the device's word, signed or not.
      const deviceKey = key.scopes.includes(IMPORT_SCOPE) ? null : key.deviceKey;
      return { id: key.collectorId, name: key.collectorName, keyId: key.id, deviceKey };
    },
    forget,
    [Symbol.asyncDispose]: () => listening.unlisten(),
  };
};
