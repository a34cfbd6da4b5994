/**
 * Spans and sizes as people say them.
 * Rule: one unit, rounded; whatever is exact stands somewhere else.
 */
import { language } from "../../settings.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const withUnit = (value: number, unit: string, unitDisplay: "long" | "short"): string =>
  new Intl.NumberFormat(language() === "he" ? "he" : "en-GB", {
    style: "unit",
    unit,
    unitDisplay,
    maximumFractionDigits: 0,
  }).format(value);

/** `12 seconds`, `4 minutes`, `41 hours`, `3 days`. */
export const durationLabel = (seconds: number): string => {
  if (seconds < 1.5 * MINUTE) return withUnit(Math.max(1, Math.round(seconds)), "second", "long");
  if (seconds < 1.5 * HOUR) return withUnit(seconds / MINUTE, "minute", "long");
  if (seconds < 2 * DAY) return withUnit(seconds / HOUR, "hour", "long");
  return withUnit(seconds / DAY, "day", "long");
};

/** `812 bytes`, `14 kB`, `3 MB`. */
export const bytesLabel = (bytes: number): string => {
  if (bytes < 1000) return withUnit(bytes, "byte", "long");
  return bytes < 1_000_000
    ? withUnit(bytes / 1000, "kilobyte", "short")
    : withUnit(bytes / 1_000_000, "megabyte", "short");
};
