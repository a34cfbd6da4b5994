/**
 * Adds entries to the access log.
 * Rule: whoever asks for a look or an act waits for its entry; when the log cannot be written, nothing is shown or done.
 */
import { createHash } from "node:crypto";
import {
  type Investigation,
  type LogOutcome,
  type OtherAction,
  type ProcedureName,
  type RouteName,
  accessOf,
  hasWildcards,
  isBackground,
  normalizePlate,
  searchFiltersSchema,
} from "@chaverim/contracts";
import type { Database, Queryable } from "@chaverim/db/open";
import { AppError, isDatabaseAway } from "../failure.ts";
import type { Log } from "../log.ts";
import type { Policy, PolicyInForce } from "../policy/policy.ts";
import type { Session } from "../sessions/port.ts";

export type LogAction = ProcedureName | RouteName | OtherAction;

export type Who = Pick<Session, "deviceId" | "device" | "user" | "investigation">;

export type LogEntry = {
  requestId: string;
  /** Null for an act of the operator's command, or a failed sign-in of somebody unknown. */
  who: Who | null;
  ip: string | null;
  action: LogAction;
  plate: string | null;
  filters: Record<string, unknown>;
  outcome: LogOutcome;
  failure?: string;
  /** Ids of what was shown, in order; left out where nothing is shown. */
  shown?: readonly string[];
  recipient?: string | null;
  /** A look at what a device had kept: the device's own id for it, and its own time. */
  offline?: { id: string; deviceAt: Date };
};

/** A value of a filter is kept up to here: a pasted page is not an access record. */
const TEXT_MAX = 500;

/** A plain value as a filter can hold it; undefined for anything else. */
export const toCell = (value: unknown): string | number | boolean | null | undefined => {
  // PostgreSQL takes neither NUL nor half a character; cutting may leave a half one.
  if (typeof value === "string") return value.slice(0, TEXT_MAX).toWellFormed().replaceAll("\u0000", "\ufffd");
  return typeof value === "number" || typeof value === "boolean" || value === null ? value : undefined;
};

/** More of a list are never asked for. */
const LIST_MAX = 100;

/** The plain values of a list as one text; anything else as `toCell` has it. */
const toListedCell = (value: unknown): unknown => {
  if (!Array.isArray(value)) return toCell(value);
  const cells = value.slice(0, LIST_MAX).map(toCell);
  return toCell(cells.filter((cell) => cell !== undefined && cell !== null).join(","));
};

/** What is written down of an object in an input: what the server understands of it, whatever else is sent with it. */
const FIELDS: Readonly<Record<string, readonly string[]>> = { filters: Object.keys(searchFiltersSchema.shape) };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

type Cell = [name: string, cell: unknown];

/** The named fields of `given`, each made a cell. */
const cellsOf = (given: unknown, names: readonly string[], make: (value: unknown, name: string) => Cell[]): Cell[] =>
  isObject(given) ? names.flatMap((name) => (Object.hasOwn(given, name) ? make(given[name], name) : [])) : [];

/**
 * The fields of an input that the access table names. Those of an object have dotted names (`filters.area`), their lists are
 * one text; whatever lies deeper is left out.
 */
export const recordsOf = (action: ProcedureName | RouteName, input: unknown): Record<string, unknown> => {
  const cells = cellsOf(input, accessOf(action).records ?? [], (value, name) => {
    const fields = FIELDS[name];
    if (!fields) return [[name, toCell(value)]];
    return cellsOf(value, fields, (within, field) => [[`${name}.${field}`, toListedCell(within)]]);
  });
  return Object.fromEntries(cells.filter(([, cell]) => cell !== undefined));
};

/**
 * What somebody looks for, where it was stated for this: never for what screens ask by themselves. A look that is told
 * afterwards was taken for it when it was open by then.
 */
const purposeOf = ({ who, action, filters, offline }: LogEntry): Investigation | null => {
  const open = who?.investigation ?? null;
  if (offline) return open && Date.parse(open.openedAt) <= offline.deviceAt.getTime() ? open : null;
  return isBackground(action, filters) ? null : open;
};

/**
 * Says whether a part of a plate is asked for, at a door that takes one. At any other, `?` and `*` are as good as dashes: what
 * is left is the plate that is looked at.
 */
const isPattern = (
  plate: string,
  { way, match }: Record<string, unknown>,
  action?: ProcedureName | RouteName,
): boolean => {
  const takesWays = action !== undefined && accessOf(action).records?.includes("way");
  return takesWays ? way === "contains" || hasWildcards(plate) : match === "pattern" && hasWildcards(plate);
};

/**
 * The plate among recorded fields, normalised, so that "who looked at this plate" finds it however it was typed. Null for a
 * pattern: what is left of it is a plate that nobody asked for.
 */
export const plateOf = (records: Record<string, unknown>, action?: ProcedureName | RouteName): string | null => {
  const { plate } = records;
  if (typeof plate !== "string" || isPattern(plate, records, action)) return null;
  return normalizePlate(plate) || null;
};

/**
 * The plate that is looked at: the one that was asked for; of a search for a part of plates, the only one that it showed, or
 * the one that was typed whole.
 */
const plateLookedAt = ({ action, plate, filters, shown }: LogEntry): string | null => {
  if (plate !== null || action !== "detections.search" || !shown) return plate;
  if (shown.length === 1) return shown[0] ?? null;
  const text = typeof filters["plate"] === "string" ? filters["plate"] : "";
  return !hasWildcards(text) && shown.includes(normalizePlate(text)) ? normalizePlate(text) : null;
};

/** Who gets what is exported, when the input names somebody. */
export const recipientOf = (records: Record<string, unknown>): string | null =>
  typeof records["recipient"] === "string" ? records["recipient"] : null;

/** SHA-256 over ids, one a line: proves later which rows an answer held, without keeping them. */
const hashOf = (ids: readonly string[]): Buffer => createHash("sha256").update(ids.join("\n")).digest();

/** Missing rights, a missing table: 5 s as for a database that is away, since somebody has to mend it. */
const unwritable = (cause: unknown): AppError =>
  new AppError("db_unavailable", "The access log cannot be written, so nothing is shown or done.", {
    retryAfterSeconds: 5,
    cause,
  });

/** Adds one entry with `sql`, which may be a transaction. A look that a device tells again is not written twice. */
export const insertEntry = async (
  sql: Queryable,
  { version, settings }: PolicyInForce,
  entry: LogEntry,
): Promise<void> => {
  const { who, shown, offline } = entry;
  const purpose = purposeOf(entry);
  const insertion = sql`
    insert into access_log (request_id, user_id, user_name, organisation, role, session_id, device, ip, action, plate, filters,
      purpose_code, purpose_text, case_number, result_count, result_ids_sha256, recipient, outcome, failure, policy_version,
      offline, offline_id, device_at)
    values (${entry.requestId}, ${who?.user.id ?? null}, ${who?.user.name ?? null}, ${settings.organisation},
      ${who?.user.role ?? null}, ${who?.deviceId ?? null}, ${who?.device ?? null}, ${entry.ip}, ${entry.action},
      ${plateLookedAt(entry)},
      ${JSON.stringify(entry.filters)}::text::jsonb, ${purpose?.code ?? null}, ${purpose?.text ?? null},
      ${purpose?.caseNumber ?? null}, ${shown?.length ?? null}, ${shown ? hashOf(shown) : null}, ${entry.recipient ?? null},
      ${entry.outcome}, ${entry.failure ?? null}, ${version},
      ${offline !== undefined}, ${offline?.id ?? null}, ${offline?.deviceAt ?? null})
    on conflict (offline_id) do nothing`;
  await insertion.catch((error: unknown) => {
    throw isDatabaseAway(error) ? error : unwritable(error);
  });
};

type Appending = { database: Database; policy: Policy; log?: Log };

/**
 * Adds one entry; resolves when it is committed.
 * @throws AppError db_unavailable when the log takes none
 */
export const appendEntry = async (central: Appending, entry: LogEntry): Promise<void> => {
  try {
    await insertEntry(central.database.sql, await central.policy.current(), entry);
  } catch (error) {
    central.log?.error({ error, action: entry.action }, "the access log was not written");
    throw error;
  }
};
