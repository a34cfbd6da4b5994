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
  isBackground,
  normalizePlate,
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
export const toCell = (value: unknown): unknown => {
  // PostgreSQL takes neither NUL nor half a character; cutting may leave a half one.
  if (typeof value === "string") return value.slice(0, TEXT_MAX).toWellFormed().replaceAll("\u0000", "\ufffd");
  return typeof value === "number" || typeof value === "boolean" || value === null ? value : undefined;
};

/** The fields of an input that the access table names; anything that is not a plain value is left out. */
export const recordsOf = (action: ProcedureName | RouteName, input: unknown): Record<string, unknown> => {
  if (typeof input !== "object" || input === null) return {};
  const given = input as Record<string, unknown>;
  const cells: Record<string, unknown> = {};
  for (const name of accessOf(action).records ?? []) {
    const cell = Object.hasOwn(given, name) ? toCell(given[name]) : undefined;
    if (cell !== undefined) cells[name] = cell;
  }
  return cells;
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

/** The plate among recorded fields, normalised, so that "who looked at this plate" finds it however it was typed. */
export const plateOf = (records: Record<string, unknown>): string | null =>
  typeof records["plate"] === "string" ? normalizePlate(records["plate"]) || null : null;

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
      ${who?.user.role ?? null}, ${who?.deviceId ?? null}, ${who?.device ?? null}, ${entry.ip}, ${entry.action}, ${entry.plate},
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
