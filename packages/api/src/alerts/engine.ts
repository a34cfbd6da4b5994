/**
 * Turns committed detections into alerts and tells the screens.
 * Rule: at most one alert per detection and entry, whatever crashes; duplicates, history and unapproved cameras stay silent.
 */
import { LATE_AFTER_MS, type Priority } from "@chaverim/contracts";
import type { Database, Transaction } from "@chaverim/db/open";
import { type OutboxWorker, openOutboxWorker } from "../jobs.ts";
import type { Log } from "../log.ts";
import { type DetectionKey, announceAlerts, announceDetections } from "../notify/live.ts";
import type { Metrics } from "../ops/metrics.ts";
import { lockAlertChanges } from "./answer.ts";
import { type MatchIndex, createMatchIndex, matchPlate } from "./matcher.ts";

export const DETECTIONS_TOPIC = "detections";
const WATCHLISTS_CHANNEL = "watchlists";
/** The owner's rule: refreshed at once on change and at least this often. */
const REFRESH_MS = 60_000;

/** What ingest hands over: keys, and what the engine needs to decide without reading. */
export type StoredDetection = {
  key: DetectionKey;
  /** Duplicates and history that a camera sent late from its own memory never alert. */
  silent: boolean;
  approved: boolean;
  receivedAtMs: number;
  /** Stored before; now images of it have come. */
  lateImages?: boolean;
};

/** Tells every engine that entries changed, when the transaction commits. */
export const announceWatchlists = async (transaction: Transaction): Promise<void> => {
  await transaction`select pg_notify(${WATCHLISTS_CHANNEL}, '')`;
};

type EntryRow = { id: string; plate: string; strategy: "exact" | "look-alike"; priority: Priority; expiresAt: Date };

const readIndex = async (sql: Database["sql"]): Promise<MatchIndex> => {
  const rows = await sql<EntryRow[]>`
    select e.id, e.normalized as plate, e.match as strategy, w.priority, e.expires_at as "expiresAt"
    from watchlist_entries e join watchlists w on w.id = e.watchlist_id
    where e.removed_at is null and e.expires_at > now()`;
  return createMatchIndex(rows.map(({ expiresAt, ...entry }) => ({ ...entry, expiresAtMs: expiresAt.getTime() })));
};

type NewAlert = {
  detection_id: string;
  plate: string;
  detected_at: string;
  entry_id: string;
  priority: Priority;
  match: unknown;
  late: boolean;
};

const findAlerts = (index: MatchIndex, stored: readonly StoredDetection[], nowMs: number): NewAlert[] =>
  stored.flatMap(({ key: [plate, detectedAtMs, id], silent, approved, receivedAtMs }) =>
    silent || !approved
      ? []
      : matchPlate(index, plate, nowMs).map(({ entry, match }) => ({
          detection_id: id,
          plate,
          detected_at: new Date(detectedAtMs).toISOString(),
          entry_id: entry.id,
          priority: entry.priority,
          match,
          late: receivedAtMs - detectedAtMs > LATE_AFTER_MS,
        })),
  );

const writeAlerts = async (
  transaction: Transaction,
  found: readonly NewAlert[],
): Promise<{ priority: Priority; late: boolean }[]> => {
  if (found.length === 0) return [];
  await lockAlertChanges(transaction);
  const written = await transaction<{ priority: Priority; late: boolean }[]>`
    insert into alerts (change, detection_id, plate, detected_at, entry_id, priority, match, late)
    select nextval('alert_changes'), r.* from jsonb_to_recordset(${JSON.stringify(found)}::text::jsonb)
      as r(detection_id uuid, plate text, detected_at timestamptz, entry_id uuid, priority smallint, match jsonb, late boolean)
    on conflict (detection_id, entry_id) do nothing returning priority, late`;
  if (written.length > 0) await announceAlerts(transaction);
  return [...written];
};

/** An alert whose picture has come is a changed alert: phones that hold it fetch it again. */
const touchAlerts = async (transaction: Transaction, stored: readonly StoredDetection[]): Promise<void> => {
  const ids = stored.flatMap(({ key: [, , id], lateImages }) => (lateImages ? [id] : []));
  if (ids.length === 0) return;
  await lockAlertChanges(transaction);
  const touched =
    await transaction`update alerts set change = nextval('alert_changes') where detection_id = any(${ids}::uuid[])`;
  if (touched.count > 0) await announceAlerts(transaction);
};

/** Starts the engine: one worker on the outbox with the watchlists in memory. */
export const openAlertEngine = async (database: Database, log: Log, metrics: Metrics): Promise<OutboxWorker> => {
  let index = await readIndex(database.sql);
  let refreshing: Promise<void> = Promise.resolve();
  const refresh = () => {
    // One after the other, so that a slow older answer never replaces a newer one.
    refreshing = refreshing
      .then(async () => {
        index = await readIndex(database.sql);
      })
      .catch((error: unknown) =>
        log.warn({ error }, "watchlists could not be refreshed; the last known ones stay in force"),
      );
    return refreshing;
  };
  const timer = setInterval(() => void refresh(), REFRESH_MS);
  const listening = await database.sql.listen(
    WATCHLISTS_CHANNEL,
    () => void refresh(),
    () => void refresh(),
  );
  const worker = await openOutboxWorker(
    database,
    DETECTIONS_TOPIC,
    async (transaction, payloads) => {
      const stored = (payloads as StoredDetection[][]).flat();
      await refreshing;
      await touchAlerts(transaction, stored);
      const written = await writeAlerts(transaction, findAlerts(index, stored, Date.now()));
      await announceDetections(
        transaction,
        stored.map(({ key }) => key),
      );
      const oldestMs = Math.min(...stored.map(({ receivedAtMs }) => receivedAtMs));
      return () => {
        for (const { priority, late } of written) metrics.alert(priority, late, (Date.now() - oldestMs) / 1000);
      };
    },
    log,
  );
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await worker[Symbol.asyncDispose]();
      await listening.unlisten();
    },
  };
};
