/**
 * The access log as a file, for whoever has a right to it outside the platform.
 * Rule: a spreadsheet that opens the file runs nothing of what people typed.
 */
import type { LogEntryView } from "@chaverim/contracts";

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

/** A cell that begins so is a formula to a spreadsheet (OWASP, "CSV injection"); full-width signs count to some. */
const FORMULA = /^["\s]*[=+\-@＝＋－＠]|^[\t\r\n]/;
/** Where a spreadsheet with another separator, which knows nothing of our quotes, begins a cell with a formula. */
const INNER_FORMULA = /([;\t\r\n]["\s]*)(?=[=+\-@＝＋－＠])/g;

/** One cell by RFC 4180, always quoted; what would be a formula gets an apostrophe, which spreadsheets show as text. */
const toCell = (value: string | number | null): string => {
  const text = String(value ?? "").replaceAll(INNER_FORMULA, "$1'");
  return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
};

const COLUMNS: Record<string, (entry: LogEntryView) => string | number | null> = {
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

const toCsv = (entries: readonly LogEntryView[]): string => {
  const lines = [
    Object.keys(COLUMNS).map(toCell),
    ...entries.map((entry) => Object.values(COLUMNS).map((read) => toCell(read(entry)))),
  ];
  // The byte order mark is how spreadsheets know UTF-8.
  return `\ufeff${lines.map((cells) => `${cells.join(",")}\r\n`).join("")}`;
};

/** Writes the file. JSON names recipient and filters beside the entries; a CSV of rows alone has no place for them. */
export const exportEntries = (
  format: "csv" | "json",
  entries: readonly LogEntryView[],
  about: ExportAbout,
): LogExport => ({
  filename: `access-log-${about.exportedAt.toISOString().slice(0, 10)}.${format}`,
  mime: format === "csv" ? "text/csv;charset=utf-8" : "application/json",
  text: format === "csv" ? toCsv(entries) : `${JSON.stringify({ ...about, entries }, null, 2)}\n`,
  entries: entries.length,
  truncated: about.truncated,
});
