/**
 * Checks the access log against its own chain.
 * Rule: every hash is computed here again, from the text of the cells, and shares no code with the database that made it.
 */
import { createHash } from "node:crypto";
import type { LogVerification } from "@chaverim/contracts";
import type { Queryable } from "@chaverim/db/open";

/** Rows in memory at once: about a megabyte, and a query of a few milliseconds. */
const PAGE = 1000;
/** What stands before the first entry. */
const NOTHING = "00".repeat(32);
/** Below every id that a bigint can be. */
const BEFORE_ALL = "-9223372036854775808";

/** Text as PostgreSQL writes it, and bytes as hex. */
type Cell = string | null;

/** Reads on from an id: the two hashes, and then the cells in the order of `access_entry_hash` in migration 0002. */
const readPage = async (sql: Queryable, after: string): Promise<Cell[][]> =>
  await sql<Record<string, Cell>[]>`
    select encode(previous_hash, 'hex'), encode(hash, 'hex'),
      id::text, (at at time zone 'UTC')::text, request_id, user_id::text, user_name, organisation, role, session_id::text,
      device, ip, action, plate, filters::text, purpose_code, purpose_text, case_number, result_count::text,
      encode(result_ids_sha256, 'hex'), recipient, outcome, failure, policy_version::text, offline::text, offline_id::text,
      (device_at at time zone 'UTC')::text
    from access_log where access_log.id > ${after}::bigint order by access_log.id limit ${PAGE}`.values();

/** The places of `at` and `device_at` among the cells. */
const TIMES: ReadonlySet<number> = new Set([1, 24]);

/** Microseconds since 1970 of a time as PostgreSQL writes it in UTC; what is no such time stays as it is, and fits no hash. */
const toMicroseconds = (text: string): string => {
  const [, day, time, fraction = ""] = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  const ms = Date.parse(`${day}T${time}Z`);
  return Number.isNaN(ms) ? text : String(BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, "0")));
};

/** One netstring; `-` for null, which no length can be. */
const toNetstring = (cell: Cell, place: number): string => {
  if (cell === null) return "-,";
  const value = TIMES.has(place) ? toMicroseconds(cell) : cell;
  return `${Buffer.byteLength(value)}:${value},`;
};

const hashOf = ([previousHash, , ...cells]: readonly Cell[]): string =>
  createHash("sha256")
    .update(previousHash ?? "", "hex")
    .update(cells.map(toNetstring).join(""))
    .digest("hex");

/** What is wrong with `row`, when `before` is the entry before it; null when it is as it was written. */
const examine = (row: readonly Cell[], before: { id: number; hash: string }): LogVerification["broken"] => {
  const [previousHash, hash, idText] = row;
  const id = Number(idText);
  if (id > before.id + 1) return { id: before.id + 1, problem: "missing" };
  const isAsWritten = id === before.id + 1 && previousHash === before.hash && hash === hashOf(row);
  return isAsWritten ? null : { id, problem: "altered" };
};

/**
 * Walks the whole log, a page at a time, also while it grows.
 * @returns the first entry that is not as it was written; entries that were cut off at the end show only where an earlier
 * `head` was kept
 */
export const verifyLog = async (sql: Queryable): Promise<LogVerification> => {
  let entries = 0;
  let broken: LogVerification["broken"] = null;
  let head: LogVerification["head"] = null;
  let after = BEFORE_ALL;
  for (;;) {
    const page = await readPage(sql, after);
    for (const row of page) {
      broken ??= examine(row, head ?? { id: 0, hash: NOTHING });
      head = { id: Number(row[2]), hash: row[1] ?? "" };
    }
    entries += page.length;
    after = page.at(-1)?.[2] ?? after;
    if (page.length < PAGE) return { entries, broken, head };
  }
};
