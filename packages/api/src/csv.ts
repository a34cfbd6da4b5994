/**
 * Tables as CSV (RFC 4180), for spreadsheets.
 * Rule: a spreadsheet that opens the file runs nothing of what people or cameras wrote.
 */

/** What each column says of a row. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string | number | null>>;

/** A cell that begins so is a formula to a spreadsheet (OWASP, "CSV injection"); full-width signs count to some. */
const FORMULA = /^["\s]*[=+\-@＝＋－＠]|^[\t\r\n]/;
/** Where a spreadsheet with another separator, which knows nothing of our quotes, begins a cell with a formula. */
const INNER_FORMULA = /([;\t\r\n]["\s]*)(?=[=+\-@＝＋－＠])/g;

/** One cell by RFC 4180, always quoted; what would be a formula gets an apostrophe, which spreadsheets show as text. */
const toCell = (value: string | number | null): string => {
  const text = String(value ?? "").replaceAll(INNER_FORMULA, "$1'");
  return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
};

/** The columns' names, then the rows. */
export const toCsv = <Row>(columns: Columns<Row>, rows: readonly Row[]): string => {
  const lines = [
    Object.keys(columns).map(toCell),
    ...rows.map((row) => Object.values(columns).map((read) => toCell(read(row)))),
  ];
  // The byte order mark is how spreadsheets know UTF-8.
  return `\ufeff${lines.map((cells) => `${cells.join(",")}\r\n`).join("")}`;
};
