/**
 * Watchlists and their entries: reading, adding, removing and restoring.
 * Rule: an entry is never deleted, only marked as removed, so that an alert can always say why it rang.
 */
import {
  type EntryView,
  ENTRY_DAYS_DEFAULT,
  type AddEntry,
  type Priority,
  type WatchlistView,
  foldPlate,
  readEntryPlate,
} from "@chaverim/contracts";
import type { Queryable, Sql } from "@chaverim/db/open";
import { lockAlertChanges } from "../alerts/answer.ts";
import { announceWatchlists } from "../alerts/engine.ts";
import { CONSOLE_NAME } from "../alerts/view.ts";
import { type Looker, listInReach, reachOf } from "../detections/reach.ts";
import { AppError } from "../failure.ts";
import { announceAlerts } from "../notify/live.ts";

type EntryRow = Omit<EntryView, "addedAt" | "expiresAt" | "addedBy"> & {
  addedAt: Date;
  expiresAt: Date;
  addedBy: string | null;
};

const entryColumns = (sql: Sql) => sql`e.id, e.watchlist_id as "watchlistId", e.plate, e.reason, e.vehicle, e.match,
  e.added_at as "addedAt", e.expires_at as "expiresAt", u.name as "addedBy"`;

const rowToView = (row: EntryRow): EntryView => ({
  ...row,
  addedAt: row.addedAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  addedBy: row.addedBy ?? CONSOLE_NAME,
});

/** The watchlists in reach with their active entries, most urgent first, newest entry first. */
export const readWatchlists = async (sql: Sql, looker: Looker): Promise<WatchlistView[]> => {
  const lists = await sql<
    { id: string; name: string; priority: Priority; field: boolean }[]
  >`select w.id, w.name, w.priority, w.field from watchlists w where ${listInReach(sql, reachOf(looker))}
    order by w.priority, w.name`;
  const entries = await sql<
    EntryRow[]
  >`select ${entryColumns(sql)} from watchlist_entries e left join users u on u.id = e.added_by
    where e.watchlist_id = any(${lists.map(({ id }) => id)}::uuid[]) and e.removed_at is null and e.expires_at > now()
    order by e.added_at desc`;
  const byList = Map.groupBy(entries, (entry) => entry.watchlistId);
  return lists.map((list) => ({ ...list, entries: (byList.get(list.id) ?? []).map(rowToView) }));
};

/** @throws AppError `conflict` when a list has that name, in any case */
export const createWatchlist = async (
  sql: Sql,
  list: { name: string; priority: Priority; field: boolean },
): Promise<WatchlistView> => {
  const [made] = await sql<
    { id: string }[]
  >`insert into watchlists (name, priority, field) values (${list.name}, ${list.priority}, ${list.field})
    on conflict do nothing returning id`;
  if (!made) throw new AppError("conflict", `There is already a list called ${list.name}.`);
  return { id: made.id, ...list, entries: [] };
};

/**
 * Marks a list for the field, or takes it from there. The change number it gets tells the devices of everybody who sees
 * marked lists alone that the alerts which they hold are no longer the ones that they may see.
 * @throws AppError not_found
 */
export const setListField = (sql: Sql, id: string, field: boolean): Promise<void> =>
  sql.begin(async (transaction) => {
    await lockAlertChanges(transaction);
    const marked = await transaction`update watchlists set field = ${field},
      field_change = case when field = ${field} then field_change else nextval('alert_changes') end where id = ${id}`;
    if (marked.count === 0) throw new AppError("not_found", "There is no such list.");
    await announceAlerts(transaction);
  });

/** Each detection is tried on each of them. */
const PATTERNS_MAX = 200;

/** @throws AppError conflict */
const assertRoomForPattern = async (sql: Queryable): Promise<void> => {
  const [row] = await sql<{ patterns: number }[]>`
    select count(*)::int as patterns from watchlist_entries where match = 'pattern' and removed_at is null and expires_at > now()`;
  if ((row?.patterns ?? 0) >= PATTERNS_MAX)
    throw new AppError("conflict", `${PATTERNS_MAX} patterns are watched already. Remove one first.`);
};

/**
 * Adds an entry; the engine knows it as soon as this commits.
 * @param userId null when it is added with the operator's command
 * @returns the entry, and the active entries that the same car could already match
 */
export const addEntry = (
  sql: Sql,
  entry: AddEntry,
  userId: string | null,
): Promise<{ entry: EntryView; alreadyListed: EntryView[] }> =>
  sql.begin(async (transaction) => {
    const match = entry.match ?? "look-alike";
    const normalized = readEntryPlate(entry.plate, match);
    if (normalized === null) throw new AppError("invalid", "This cannot be watched: too many plates fit.");
    if (match === "pattern") await assertRoomForPattern(transaction);
    const expiresAt = entry.expiresAt
      ? new Date(entry.expiresAt)
      : new Date(Date.now() + ENTRY_DAYS_DEFAULT * 86_400_000);
    if (expiresAt.getTime() <= Date.now())
      throw new AppError("invalid", "The expiry lies in the past. Choose a later day.");
    const active = await transaction<(EntryRow & { normalized: string })[]>`
      select ${entryColumns(sql)}, e.normalized from watchlist_entries e left join users u on u.id = e.added_by
      where length(e.normalized) = ${normalized.length} and e.removed_at is null and e.expires_at > now()`;
    const folded = foldPlate(normalized);
    const alreadyListed = active
      .filter((other) => foldPlate(other.normalized) === folded)
      .map(({ normalized: _, ...row }) => rowToView(row));
    const added = await transaction<{ id: string }[]>`
      insert into watchlist_entries (watchlist_id, plate, normalized, reason, vehicle, match, added_by, expires_at)
      select w.id, ${entry.plate}, ${normalized}, ${entry.reason}, ${entry.vehicle || null}, ${match}, ${userId}, ${expiresAt}
      from watchlists w where w.id = ${entry.watchlistId} returning id`;
    if (!added[0]) throw new AppError("not_found", "There is no such list.");
    const [row] = await transaction<
      EntryRow[]
    >`select ${entryColumns(sql)} from watchlist_entries e left join users u on u.id = e.added_by
      where e.id = ${added[0].id}`;
    if (!row) throw new AppError("not_found", "There is no such entry.");
    await announceWatchlists(transaction);
    return { entry: rowToView(row), alreadyListed };
  });

/** Marks an entry as removed, or as active again. */
export const setEntryRemoved = (sql: Sql, id: string, userId: string, removed: boolean): Promise<void> =>
  sql.begin(async (transaction) => {
    if (!removed) {
      const [entry] = await transaction<{ match: string }[]>`
        select match from watchlist_entries where id = ${id} and removed_at is not null`;
      if (entry?.match === "pattern") await assertRoomForPattern(transaction);
    }
    const changed = await transaction`update watchlist_entries
      set removed_at = ${removed ? transaction`coalesce(removed_at, now())` : null}, removed_by = ${removed ? userId : null}
      where id = ${id}`;
    if (changed.count === 0) throw new AppError("not_found", "There is no such entry.");
    await announceWatchlists(transaction);
  });
