/**
 * Reviews of looks: reading them, and deciding them.
 * Rule: nobody decides about his own looks, and a decision stands.
 */
import type { ReviewOutcome, ReviewView } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { AppError } from "../failure.ts";
import { readEntriesById } from "./entries.ts";

/** Looks that a review shows; the access log has the rest. */
const SHOWN = 50;
/** Reviews in one answer: open ones are worked off, and of the decided the newest are asked for. */
const PAGE = 200;

type Row = Omit<ReviewView, "user" | "entries" | "createdAt" | "assignedTo" | "decided"> & {
  userId: string;
  userName: string;
  entryIds: number[];
  createdAt: Date;
  assignedId: string | null;
  assignedName: string | null;
  decidedBy: string | null;
  decidedAt: Date | null;
  outcome: ReviewOutcome | null;
  note: string | null;
};

const reviewRows = (sql: Sql) => sql`
  select r.id, r.kind, r.plate, r.period, r.user_id as "userId", u.name as "userName", r.created_at as "createdAt",
    r.entry_ids[:${SHOWN}::int]::float8[] as "entryIds", cardinality(r.entry_ids) as "entryCount",
    a.id as "assignedId", a.name as "assignedName", d.name as "decidedBy", r.decided_at as "decidedAt", r.outcome, r.note
  from reviews r join users u on u.id = r.user_id
  left join users a on a.id = r.assigned_to left join users d on d.id = r.decided_by`;

const withEntries = async (sql: Sql, rows: readonly Row[]): Promise<ReviewView[]> => {
  const entries = await readEntriesById(
    sql,
    rows.flatMap(({ entryIds }) => entryIds),
  );
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    user: { id: row.userId, name: row.userName },
    plate: row.plate,
    period: row.period,
    entries: row.entryIds.flatMap((id) => entries.get(id) ?? []),
    entryCount: row.entryCount,
    createdAt: row.createdAt.toISOString(),
    assignedTo:
      row.assignedId !== null && row.assignedName !== null ? { id: row.assignedId, name: row.assignedName } : null,
    decided:
      row.decidedAt && row.outcome && row.decidedBy !== null
        ? { by: row.decidedBy, at: row.decidedAt.toISOString(), outcome: row.outcome, note: row.note }
        : null,
  }));
};

/** Open reviews, oldest first, or decided ones, newest decision first. */
export const readReviews = async (sql: Sql, state: "open" | "decided"): Promise<ReviewView[]> => {
  const which =
    state === "open"
      ? sql`where r.decided_at is null order by r.created_at, r.id`
      : sql`where r.decided_at is not null order by r.decided_at desc, r.id`;
  return withEntries(sql, await sql<Row[]>`${reviewRows(sql)} ${which} limit ${PAGE}`);
};

/**
 * Decides an open review.
 * @throws AppError not_found; forbidden for one's own looks; conflict when somebody has decided it
 */
export const decideReview = async (
  sql: Sql,
  review: { id: string; outcome: ReviewOutcome; note: string | null },
  userId: string,
): Promise<ReviewView> => {
  const [row] = await sql<{ userId: string }[]>`select user_id as "userId" from reviews where id = ${review.id}`;
  if (!row) throw new AppError("not_found", "There is no such review.");
  if (row.userId === userId)
    throw new AppError("forbidden", "These are your own looks. Another administrator decides about them.");
  const decided =
    await sql`update reviews set outcome = ${review.outcome}, note = ${review.note}, decided_by = ${userId},
    decided_at = now() where id = ${review.id} and decided_at is null`;
  if (decided.count === 0) throw new AppError("conflict", "Somebody has decided this review already.");
  const [view] = await withEntries(sql, await sql<Row[]>`${reviewRows(sql)} where r.id = ${review.id}`);
  if (!view) throw new AppError("not_found", "There is no such review.");
  return view;
};
