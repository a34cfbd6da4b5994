/**
 * Searches that somebody keeps for later.
 * Rule: each person's own; a removed one is only marked, because the access log names it.
 */
import type { SavedSearch, SearchFilters, SearchWay } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { AppError } from "../failure.ts";

/** More are not found again in a list. */
const SAVED_MAX = 100;

/** `plate` is empty for a search by filters alone. */
export type NewSearch = { name: string; plate: string; way: SearchWay; filters: SearchFilters; unread: boolean };

/** One person's, the newest first. */
export const listSaved = async (sql: Sql, userId: string): Promise<SavedSearch[]> => {
  const rows = await sql<(Omit<SavedSearch, "savedAt"> & { savedAt: Date })[]>`
    select id, name, text, way, filters - 'unread' as filters, filters @> '{"unread": true}' as unread, saved_at as "savedAt"
    from saved_searches
    where user_id = ${userId} and removed_at is null order by saved_at desc, id desc`;
  return rows.map((row) => ({ ...row, savedAt: row.savedAt.toISOString() }));
};

/** @throws AppError conflict when there are too many */
export const saveSearch = async (sql: Sql, userId: string, search: NewSearch): Promise<{ id: string }> => {
  const { name, plate, way, filters, unread } = search;
  const narrowed = JSON.stringify({ ...filters, ...(unread ? { unread } : {}) });
  const [saved] = await sql<{ id: string }[]>`
    insert into saved_searches (user_id, name, text, way, filters)
    select ${userId}, ${name}, ${plate}, ${way}, ${narrowed}::text::jsonb
    where (select count(*) from saved_searches where user_id = ${userId} and removed_at is null) < ${SAVED_MAX}
    returning id`;
  if (!saved) throw new AppError("conflict", `There are ${SAVED_MAX} saved searches already. Remove one first.`);
  return saved;
};

/** @throws AppError not_found also for somebody else's */
export const removeSaved = async (sql: Sql, userId: string, id: string): Promise<void> => {
  const removed = await sql`
    update saved_searches set removed_at = coalesce(removed_at, now()) where id = ${id} and user_id = ${userId}`;
  if (removed.count === 0) throw new AppError("not_found", "There is no such saved search.");
};
