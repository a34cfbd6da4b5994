/**
 * Prints benchmark figures: one JSON object a line, or the same as a table row.
 * Rule: a ratio has the unit `ratio` and names both sides in its case.
 */
export type Figure = {
  case: string;
  metric: string;
  value: number;
  unit: string;
  n?: number;
  context?: Record<string, unknown>;
};
export type Report = (figure: Figure) => void;

/** @param json print JSON lines instead of table rows */
export const createReport =
  (bench: string, json: boolean): Report =>
  (figure) => {
    const value = Number(figure.value.toPrecision(4));
    if (json) {
      process.stdout.write(`${JSON.stringify({ bench, ...figure, value })}\n`);
      return;
    }
    const context = figure.context
      ? `  ${Object.entries(figure.context)
          .map(([key, item]) => `${key}=${String(item)}`)
          .join(" ")}`
      : "";
    process.stdout.write(
      `${figure.case.padEnd(52)} ${figure.metric.padEnd(12)} ${String(value).padStart(10)} ${figure.unit}${context}\n`,
    );
  };

/** The value below which a share of the sorted samples lies. */
export const percentile = (samples: readonly number[], share: number): number => {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};
