/**
 * What counts as a look for something in the access log, and what of it is one look: the page of a plate opens several doors.
 * Rule: read from the access table, so that no door for looks goes uncounted.
 */
import { PROCEDURES, ROUTES, type AccessEntry } from "@chaverim/contracts";
import type { Queryable } from "@chaverim/db/open";

const actionsWhere = (holds: (entry: AccessEntry) => boolean): readonly string[] =>
  Object.entries<AccessEntry>({ ...PROCEDURES, ...ROUTES }).flatMap(([name, entry]) => (holds(entry) ? [name] : []));

/** Every action that shows something. */
export const LOOKS = actionsWhere(({ logs }) => logs === "look");

/** Every action by which somebody looks for something, and says what for. */
const PURPOSEFUL_LOOKS = actionsWhere(({ logs, purpose }) => logs === "look" && purpose === true);

/** Every action by which data leaves as a file. */
export const EXPORTS = actionsWhere(({ limit }) => limit === "export");

/** Says of the entry `l` whether somebody looked for something and was answered. */
export const isLook = (sql: Queryable) =>
  sql`(l.action = any(${PURPOSEFUL_LOOKS as string[]}::text[]) and l.outcome = 'ok' and l.user_id is not null)`;

/**
 * What makes entries `l` one visit: the person, the minute, and the plate in whatever spelling; without a plate all that was
 * asked for, whichever page of it.
 */
export const visitOf = (sql: Queryable) =>
  sql`l.user_id, date_trunc('minute', l.at), coalesce(fold_plate(l.plate), (l.filters - 'cursor')::text)`;
