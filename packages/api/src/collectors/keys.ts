/**
 * Collectors and their API keys: made, rotated, revoked.
 * Rule: a key is shown once and stored as SHA-256, a key never reads anything, and every server hears of each change.
 */
import { randomBytes } from "node:crypto";
import type { Sql, Transaction } from "@chaverim/db/open";
import { AppError } from "../failure.ts";
import { sha256 } from "../keys.ts";
import { resolveHealthAlert } from "./health-alerts.ts";

/** Tells every process that remembers keys that one has changed. */
export const KEYS_CHANNEL = "collector_keys";
/** Shown in lists, so that a person can tell two keys apart. */
const PREFIX_LENGTH = 10;
/** How long the key before a rotation still works: a site may be reached tomorrow. */
const OVERLAP_HOURS = 24;

/** Of a key that brings in detections which the collector's device did not sign: the archive of another system. */
export const IMPORT_SCOPE = "import";
/** An archive of years is there within a day; nobody forgets such a key in a script. */
const IMPORT_HOURS = 24;

/** Tells every process, when the transaction commits. */
export const announceKeys = async (transaction: Transaction): Promise<void> => {
  await transaction`select pg_notify(${KEYS_CHANNEL}, '')`;
};

/** What central knows of a key. */
export type NewKey = { hash: Buffer; prefix: string };

const makeKey = (): { apiKey: string; key: NewKey } => {
  const apiKey = `alpr_${randomBytes(32).toString("base64url")}`;
  return { apiKey, key: { hash: sha256(apiKey), prefix: apiKey.slice(0, PREFIX_LENGTH) } };
};

/**
 * @param userId null when it is done with the operator's command, here and below
 * @throws AppError conflict for a key that exists
 */
const insertKey = async (
  transaction: Transaction,
  collectorId: string,
  { hash, prefix }: NewKey,
  userId: string | null,
): Promise<void> => {
  // The time of the insertion, not of the transaction, which may have waited: the newest key is the one made last.
  const inserted = await transaction`insert into collector_keys (key_hash, collector_id, prefix, created_at, created_by)
    values (${hash}, ${collectorId}, ${prefix}, clock_timestamp(), ${userId}) on conflict do nothing`;
  if (inserted.count === 0) throw new AppError("conflict", "This key exists already. Make another one.");
};

/**
 * Registers a collector with its first key.
 * @returns the key in clear, which exists nowhere else
 * @throws AppError conflict when a collector that is not revoked has the name
 */
export const addCollector = (sql: Sql, name: string, userId: string | null): Promise<{ id: string; apiKey: string }> =>
  sql.begin(async (transaction) => {
    const [collector] = await transaction<
      { id: string }[]
    >`insert into collectors (name) values (${name}) on conflict do nothing returning id`;
    if (!collector) throw new AppError("conflict", `There is already a collector called ${name}.`);
    const { apiKey, key } = makeKey();
    await insertKey(transaction, collector.id, key, userId);
    return { id: collector.id, apiKey };
  });

/**
 * Gives a collector a further key. The one before it goes on for a day, and the one before that ends: two work at most.
 * @returns how long the old one works; null when there was none
 * @throws AppError not_found | conflict
 */
export const addKey = async (
  transaction: Transaction,
  collectorId: string,
  key: NewKey,
  userId: string | null,
): Promise<Date | null> => {
  const [collector] = await transaction`
    select 1 from collectors where id = ${collectorId} and revoked_at is null for update`;
  if (!collector) throw new AppError("not_found", "There is no such collector, or it was revoked.");
  const [newest, ...older] = await transaction<{ id: string }[]>`
    select id from collector_keys
    where collector_id = ${collectorId} and revoked_at is null and (expires_at is null or expires_at > now())
      and not ${IMPORT_SCOPE} = any(scopes)
    order by created_at desc`;
  await transaction`
    update collector_keys set revoked_at = now(), revoked_by = ${userId}, revoked_reason = 'Two newer keys were made.'
    where id = any(${older.map(({ id }) => id)}::uuid[])`;
  const [old] = await transaction<{ until: Date }[]>`
    update collector_keys set expires_at = least(expires_at, now() + make_interval(hours => ${OVERLAP_HOURS}))
    where id = ${newest?.id ?? null} returning expires_at as until`;
  await insertKey(transaction, collectorId, key, userId);
  // What there was to do about another device is done; if it comes again, that is told again.
  await resolveHealthAlert(transaction, collectorId, "device_changed");
  await announceKeys(transaction);
  return old?.until ?? null;
};

/**
 * Makes a new key for a collector.
 * @returns the key in clear, which exists nowhere else, and how long the old one works; null when there was none
 * @throws AppError not_found
 */
export const rotateKey = (
  sql: Sql,
  collectorId: string,
  userId: string | null,
): Promise<{ apiKey: string; oldKeyUntil: string | null }> =>
  sql.begin(async (transaction) => {
    const { apiKey, key } = makeKey();
    const until = await addKey(transaction, collectorId, key, userId);
    return { apiKey, oldKeyUntil: until?.toISOString() ?? null };
  });

/**
 * Makes a key that brings in detections of another system under a collector's cameras: they are stored as unsigned, whether or
 * not the collector's device signs. It is good for nothing else, and for a day.
 * @throws AppError not_found
 */
export const addImportKey = (
  sql: Sql,
  collectorId: string,
  userId: string | null,
): Promise<{ apiKey: string; until: string }> =>
  sql.begin(async (transaction) => {
    const [collector] = await transaction`
      select 1 from collectors where id = ${collectorId} and revoked_at is null for update`;
    if (!collector) throw new AppError("not_found", "There is no such collector, or it was revoked.");
    const { apiKey, key } = makeKey();
    const until = new Date(Date.now() + IMPORT_HOURS * 3_600_000);
    await transaction`
      insert into collector_keys (key_hash, collector_id, prefix, scopes, created_at, created_by, expires_at)
      values (${key.hash}, ${collectorId}, ${key.prefix}, ${[IMPORT_SCOPE]}, clock_timestamp(), ${userId}, ${until})`;
    return { apiKey, until: until.toISOString() };
  });

/** Ends one key at once; the first reason stays. @throws AppError not_found */
export const revokeKey = (sql: Sql, keyId: string, reason: string, userId: string | null): Promise<void> =>
  sql.begin(async (transaction) => {
    const [key] = await transaction<{ collectorId: string }[]>`
      select collector_id as "collectorId" from collector_keys where id = ${keyId}`;
    if (!key) throw new AppError("not_found", "There is no such key.");
    await transaction`
      update collector_keys set revoked_at = now(), revoked_by = ${userId}, revoked_reason = ${reason}
      where id = ${keyId} and revoked_at is null`;
    await resolveHealthAlert(transaction, key.collectorId, "device_changed");
    await announceKeys(transaction);
  });

/** Ends a collector and all its keys at once; what it sent stays, and its name is free. @throws AppError not_found */
export const revokeCollector = (sql: Sql, id: string, reason: string, userId: string | null): Promise<void> =>
  sql.begin(async (transaction) => {
    const revoked = await transaction`
      update collectors set revoked_at = coalesce(revoked_at, now()), revoked_reason = coalesce(revoked_reason, ${reason})
      where id = ${id}`;
    if (revoked.count === 0) throw new AppError("not_found", "There is no collector with this id.");
    await transaction`
      update collector_keys set revoked_at = now(), revoked_by = ${userId}, revoked_reason = ${reason}
      where collector_id = ${id} and revoked_at is null`;
    await announceKeys(transaction);
  });
