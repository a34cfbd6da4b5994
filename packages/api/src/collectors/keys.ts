/**
 * Collectors' API keys: made, hashed, checked, revoked.
 * Rule: a key is shown once and stored as SHA-256; a key never reads anything.
 */
import { randomBytes } from "node:crypto";
import type { Sql } from "@chaverim/db/open";
import { AppError } from "../failure.ts";
import { sha256 } from "../keys.ts";

/** `alpr_` and 32 random bytes in base64url. */
const KEY = /^alpr_[A-Za-z0-9_-]{43}$/;
/** Shown in lists, so that a person can tell two keys apart. */
const PREFIX_LENGTH = 10;

export type CollectorIdentity = { id: string; name: string };

type KeyRow = CollectorIdentity & { revoked: boolean };

/**
 * Finds the collector of a key and notes that it was used (at most once a minute).
 * @throws AppError key_unknown | key_revoked
 */
export const identifyCollector = async (sql: Sql, key: string | undefined, ip: string): Promise<CollectorIdentity> => {
  const unknown = () =>
    new AppError("key_unknown", "This key is not known here. Keep the detections and claim the collector again.");
  if (!key || !KEY.test(key)) throw unknown();
  const hash = sha256(key);
  const [row] = await sql<KeyRow[]>`
    select c.id, c.name, (k.revoked_at is not null or c.revoked_at is not null) as revoked
    from collector_keys k join collectors c on c.id = k.collector_id where k.key_hash = ${hash}`;
  if (!row) throw unknown();
  if (row.revoked)
    throw new AppError(
      "key_revoked",
      "This key was revoked. Keep the detections and ask an administrator for a new key.",
    );
  await sql`update collector_keys set last_used_at = now(), last_used_ip = ${ip}
    where key_hash = ${hash} and (last_used_at is null or last_used_at < now() - interval '1 minute' or last_used_ip is distinct from ${ip})`;
  return { id: row.id, name: row.name };
};

/**
 * Registers a collector with its first key.
 * @returns the key in clear, which exists nowhere else
 * @throws AppError conflict when the name is taken
 */
export const addCollector = (sql: Sql, name: string): Promise<{ id: string; apiKey: string }> =>
  sql.begin(async (transaction) => {
    const [collector] = await transaction<
      { id: string }[]
    >`insert into collectors (name) values (${name}) on conflict do nothing returning id`;
    if (!collector) throw new AppError("conflict", `There is already a collector called ${name}.`);
    const apiKey = `alpr_${randomBytes(32).toString("base64url")}`;
    await transaction`insert into collector_keys (key_hash, collector_id, prefix)
      values (${sha256(apiKey)}, ${collector.id}, ${apiKey.slice(0, PREFIX_LENGTH)})`;
    return { id: collector.id, apiKey };
  });

/** Revokes a collector and all its keys; what it sent stays. */
export const revokeCollector = async (sql: Sql, id: string, reason: string): Promise<void> => {
  const revoked =
    await sql`update collectors set revoked_at = coalesce(revoked_at, now()), revoked_reason = coalesce(revoked_reason, ${reason})
    where id = ${id}`;
  if (revoked.count === 0) throw new AppError("not_found", "There is no collector with this id.");
};
