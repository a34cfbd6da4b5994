/**
 * The ticking now, and times as people read them.
 * Rule: absolute times are the fact, ages stand beside them; ages count by central's clock, since a phone's may be wrong.
 */
import { createSignal } from "solid-js";
import { t } from "./i18n/words.ts";
import { language } from "./settings.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A smaller difference than this is the network, not a wrong clock. */
const OFFSET_NOISE_MS = 2 * SECOND;

let offsetMs = 0;
const [now, setNow] = createSignal(Date.now());
/** Milliseconds by central's clock, moving once a second. */
export { now };

/** The same clock, read at this instant. */
export const currentMs = (): number => Date.now() + offsetMs;

setInterval(() => setNow(currentMs()), SECOND);
document.addEventListener("visibilitychange", () => setNow(currentMs()));

/** Takes central's clock as the right one. @param serverTime ISO 8601 */
export const trustServerTime = (serverTime: string): void => {
  const difference = Date.parse(serverTime) - Date.now();
  offsetMs = Math.abs(difference) > OFFSET_NOISE_MS ? difference : 0;
  setNow(currentMs());
};

type Shape = "time" | "seconds" | "weekday" | "date" | "day";
const SHAPES: Readonly<Record<Shape, Intl.DateTimeFormatOptions>> = {
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  seconds: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  weekday: { weekday: "short" },
  date: { day: "numeric", month: "short" },
  day: { weekday: "short", day: "numeric", month: "short" },
};
const formatters = new Map<string, Intl.DateTimeFormat>();

const format = (shape: Shape, at: number): string => {
  // en-GB: day before month and 24 hours, as on a radio log.
  const locale = language() === "he" ? "he" : "en-GB";
  const key = `${locale} ${shape}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat(locale, SHAPES[shape]);
    formatters.set(key, formatter);
  }
  return formatter.format(at);
};

/** `23:41` */
export const clockTime = (at: string | number): string => format("time", new Date(at).getTime());
/** `23:41:07` */
export const clockSeconds = (at: string | number): string => format("seconds", new Date(at).getTime());
/** `Sun 22 Nov` */
export const dayLabel = (at: string | number): string => format("day", new Date(at).getTime());
/** `22 Nov` */
export const dateLabel = (at: string | number): string => format("date", new Date(at).getTime());

const daysBefore = (at: number, reference: number): number =>
  Math.round((new Date(reference).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / DAY);

/** Today `23:41`, this week `Sat 20:11`, before that `14 Nov 20:11`. */
export const momentLabel = (at: string | number, seconds = false): string => {
  const ms = new Date(at).getTime();
  const time = format(seconds ? "seconds" : "time", ms);
  const days = daysBefore(ms, now());
  if (days === 0) return time;
  return `${format(days > 0 && days < 7 ? "weekday" : "date", ms)} ${time}`;
};

/** How long ago, in the largest unit that fits: `38 s ago`, `3 min ago`, `2 h ago`, `5 days ago`. */
export const ageLabel = (at: string | number): string => {
  const ms = now() - new Date(at).getTime();
  if (ms < SECOND) return t("age.future");
  if (ms < MINUTE) return t("age.seconds", { count: Math.floor(ms / SECOND) });
  if (ms < HOUR) return t("age.minutes", { count: Math.floor(ms / MINUTE) });
  if (ms < DAY) return t("age.hours", { count: Math.floor(ms / HOUR) });
  return new Intl.RelativeTimeFormat(language(), { numeric: "always" }).format(-Math.floor(ms / DAY), "day");
};

/** A short span: `0.4 s`, `12 s`, `3 min`. */
export const spanLabel = (ms: number): string => {
  const seconds = Math.max(0, ms) / SECOND;
  if (seconds < 10) return t("live.seconds", { count: seconds.toFixed(1) });
  if (seconds < 120) return t("live.seconds", { count: Math.round(seconds) });
  return t("live.minutes", { count: Math.round(seconds / 60) });
};
