/**
 * How long a person's training counts.
 * Rule: the same last day as central counts; searching closes on the day after it.
 */
import { momentLabel, now } from "../clock.ts";
import { language } from "../settings.ts";

const DAY_MS = 24 * 3_600_000;
/** A month ahead there is time to plan the next training. */
const SOON_DAYS = 30;

export type Training = { state: "none" | "ended" | "soon" | "valid"; until: string | null };

/**
 * Judges a training.
 * @param trainedOn YYYY-MM-DD
 * @param nowMs milliseconds
 */
export const trainingOf = (trainedOn: string | null, validDays: number, nowMs: number): Training => {
  if (trainedOn === null) return { state: "none", until: null };
  const last = new Date(Date.parse(trainedOn) + validDays * DAY_MS).toISOString().slice(0, 10);
  const today = new Date(nowMs).toISOString().slice(0, 10);
  if (last < today) return { state: "ended", until: last };
  const soon = new Date(nowMs + SOON_DAYS * DAY_MS).toISOString().slice(0, 10);
  return { state: last <= soon ? "soon" : "valid", until: last };
};

/** `12 Mar 2027`: a training of last year is told from one of this year. @param day YYYY-MM-DD or a time */
export const dayOfYear = (day: string): string =>
  new Intl.DateTimeFormat(language() === "he" ? "he" : "en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    // A bare day has no time zone; a time is shown in the person's own.
    ...(day.length === 10 ? { timeZone: "UTC" } : {}),
  }).format(new Date(day));

/** A time that may lie months back: within this year as elsewhere, before that with its year. */
export const longMoment = (at: string): string =>
  new Date(at).getFullYear() === new Date(now()).getFullYear() ? momentLabel(at) : dayOfYear(at);
