/**
 * The access log as a file, for whoever has a right to it outside the platform.
 * Rule: the file says who made it for whom, and from what.
 */
import type { LogEntryView } from "@chaverim/contracts";
import { type Columns, toCsv } from "../csv.ts";

export type LogExport = { filename: string; mime: string; text: string; entries: number; truncated: boolean };

export type ExportAbout = {
  organisation: string;
  /** Who asked for the file. */
  exportedBy: string;
  /** Who gets it. */
  recipient: string;
  exportedAt: Date;
  filters: Record<string, unknown>;
  /** There were more entries than one file takes. */
  truncated: boolean;
};

const COLUMNS: Columns<LogEntryView> = {
  id: ({ id }) => id,
  at: ({ at }) => at,
  user: ({ userName }) => userName,
  user_id: ({ userId }) => userId,
  role: ({ role }) => role,
  organisation: ({ organisation }) => organisation,
  action: ({ action }) => action,
  plate: ({ plate }) => plate,
  filters: ({ filters }) => JSON.stringify(filters),
  purpose_code: ({ purpose }) => purpose?.code ?? null,
  purpose_text: ({ purpose }) => purpose?.text ?? null,
  case_number: ({ purpose }) => purpose?.caseNumber ?? null,
  result_count: ({ resultCount }) => resultCount,
  recipient: ({ recipient }) => recipient,
  outcome: ({ outcome }) => outcome,
  failure: ({ failure }) => failure,
  device: ({ device }) => device,
  ip: ({ ip }) => ip,
  request_id: ({ requestId }) => requestId,
  policy_version: ({ policyVersion }) => policyVersion,
  offline_at_device: ({ offline }) => offline?.deviceAt ?? null,
  hash: ({ hash }) => hash,
};

/** Writes the file. JSON names recipient and filters beside the entries; a CSV of rows alone has no place for them. */
export const exportEntries = (
  format: "csv" | "json",
  entries: readonly LogEntryView[],
  about: ExportAbout,
): LogExport => ({
  filename: `access-log-${about.exportedAt.toISOString().slice(0, 10)}.${format}`,
  mime: format === "csv" ? "text/csv;charset=utf-8" : "application/json",
  text: format === "csv" ? toCsv(COLUMNS, entries) : `${JSON.stringify({ ...about, entries }, null, 2)}\n`,
  entries: entries.length,
  truncated: about.truncated,
});
