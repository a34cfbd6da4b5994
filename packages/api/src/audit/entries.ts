/**
 * Reading the access log, newest first.
 * Rule: an entry is shown as it was written, and no filter leaves anybody's entries out for being somebody's.
 */
import { type LogEntryView, type LogOutcome, type Role, foldPlate, normalizePlate } from "@chaverim/contracts";
import type { Queryable } from "@chaverim/db/open";
import { AppError } from "../failure.ts";

export type LogFilters = {
  /** However it is typed, look-alikes included; entries that hold it only among what was asked for are found as well. */
  plate?: string | undefined;
  userId?: string | undefined;
  action?: string | undefined;
  outcome?: LogOutcome | undefined;
  /** From this moment. */
  from?: Date | undefined;
  /** Before this moment. */
  to?: Date | undefined;
};

type EntryRow = Omit<LogEntryView, "at" | "purpose" | "offline"> & {
  at: Date;
  role: Role | null;
  purposeCode: string | null;
  purposeText: string | null;
  caseNumber: string | null;
  deviceAt: Date | null;
};

const entryColumns = (
  sql: Queryable,
) => sql`l.id::float8 as id, l.at, l.request_id as "requestId", l.user_id as "userId",
  l.user_name as "userName", l.organisation, l.role, l.device, l.ip, l.action, l.plate, l.filters,
  l.purpose_code as "purposeCode", l.purpose_text as "purposeText", l.case_number as "caseNumber",
  l.result_count as "resultCount", l.recipient, l.outcome, l.failure, l.policy_version as "policyVersion",
  case when l.offline then l.device_at end as "deviceAt", encode(l.hash, 'hex') as hash`;

const rowToView = ({ at, purposeCode, purposeText, caseNumber, deviceAt, ...row }: EntryRow): LogEntryView => ({
  ...row,
  at: at.toISOString(),
  purpose: purposeCode === null ? null : { code: purposeCode, text: purposeText, caseNumber },
  offline: deviceAt && { deviceAt: deviceAt.toISOString() },
});

/**
 * Entries that name the plate, or one that looks like it, in their own column (access_log_plate), or only among what was
 * asked for (access_log_filters_plate); there a pattern names no plate.
 */
const ofPlate = (sql: Queryable, typed: string) => {
  const plate = normalizePlate(typed);
  if (plate === "") throw new AppError("invalid", "Type at least one letter (A–Z) or digit of the plate.");
  const folded = foldPlate(plate);
  return sql`and (fold_plate(l.plate) = ${folded} or (l.plate is null and l.filters ? 'plate'
    and fold_plate(upper(regexp_replace(l.filters ->> 'plate', '[^A-Za-z0-9]', '', 'g'))) = ${folded}
    and l.filters ->> 'plate' !~ '[?*？＊]' and l.filters ->> 'way' is distinct from 'contains'))`;
};

/**
 * Reads one page.
 * @param before the cursor of the page before
 * @returns the entries, and the cursor of the next page, null at the end
 * @throws AppError `invalid` for a plate without a letter or digit
 */
export const readEntries = async (
  sql: Queryable,
  { plate, userId, action, outcome, from, to }: LogFilters,
  before: number | undefined,
  limit: number,
): Promise<{ entries: LogEntryView[]; cursor: number | null }> => {
  const rows = await sql<EntryRow[]>`
    select ${entryColumns(sql)} from access_log l where true
      ${before === undefined ? sql`` : sql`and l.id < ${before}`}
      ${plate === undefined ? sql`` : ofPlate(sql, plate)}
      ${userId === undefined ? sql`` : sql`and l.user_id = ${userId}`}
      ${action === undefined ? sql`` : sql`and l.action = ${action}`}
      ${outcome === undefined ? sql`` : sql`and l.outcome = ${outcome}`}
      ${from === undefined ? sql`` : sql`and l.at >= ${from}`}
      ${to === undefined ? sql`` : sql`and l.at < ${to}`}
    order by l.id desc limit ${limit + 1}`;
  const entries = rows.slice(0, limit).map(rowToView);
  return { entries, cursor: rows.length > limit ? (entries.at(-1)?.id ?? null) : null };
};

/** The entries with these ids. */
export const readEntriesById = async (
  sql: Queryable,
  ids: readonly number[],
): Promise<ReadonlyMap<number, LogEntryView>> => {
  const rows = await sql<EntryRow[]>`
    select ${entryColumns(sql)} from access_log l where l.id = any(${[...ids]}::bigint[])`;
  return new Map(rows.map((row) => [row.id, rowToView(row)]));
};
