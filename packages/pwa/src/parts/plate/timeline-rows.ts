/**
 * A plate's detections as rows: under the heading of their day, of one hour of the day, or counted by camera and day.
 * Rule: days are the person's own, hours the organisation's; a day that is not whole is never counted. Thousands of rows
 * take no calendar each: only a row of another day asks for it.
 */
import type { DetectionView } from "@chaverim/contracts";

/** The heading of a day; `count` is null while older rows of it may not have been loaded. */
export type DayRow = { dayStart: number; count: number | null };
export type TimelineRow = DayRow | DetectionView;
export const isDayRow = (row: TimelineRow): row is DayRow => "dayStart" in row;

/** Midnight at the beginning of the person's own day, milliseconds. */
export const dayStartOf = (at: string | number): number => new Date(at).setHours(0, 0, 0, 0);

/** The next midnight: a day of summer time has no 24 hours. */
export const nextDay = (dayStart: number): number => {
  const day = new Date(dayStart);
  return day.setDate(day.getDate() + 1);
};

/** Says on which day something was, as that day's midnight; quick where most are of the same day as the one before. */
export const dayTeller = (): ((at: string) => number) => {
  let [start, end] = [Number.NaN, Number.NaN];
  return (at) => {
    const time = Date.parse(at);
    if (!(time >= start && time < end)) {
      start = dayStartOf(at);
      end = new Date(start).setHours(24, 0, 0, 0);
    }
    return start;
  };
};

export type Grouped = { of: readonly DetectionView[]; isWhole: boolean; rows: readonly TimelineRow[] };

/** Whether a list begins with all of another. */
const goesOn = (all: readonly DetectionView[], before: readonly DetectionView[]): boolean =>
  before.length <= all.length && before.every((one, place) => one === all[place]);

/**
 * Each day's detections under its heading.
 * @param detections newest first
 * @param isWhole nothing older follows
 * @param before what was grouped last: where the detections go on from there, its rows stay and only new ones are added
 */
export const groupByDay = (detections: readonly DetectionView[], isWhole: boolean, before?: Grouped): Grouped => {
  const known = before !== undefined && !before.isWhole && goesOn(detections, before.of) ? before : undefined;
  const rows: TimelineRow[] = [...(known?.rows ?? [])];
  /** Where the heading of the oldest day stands. */
  let heading = rows.findLastIndex(isDayRow);
  const dayOf = dayTeller();
  let dayStart = heading < 0 ? undefined : (rows[heading] as DayRow).dayStart;
  /** The heading is a new one when its number comes to be known: what is drawn of the old one stays as it was. */
  const count = (isKnown: boolean): void => {
    if (dayStart !== undefined) rows[heading] = { dayStart, count: isKnown ? rows.length - heading - 1 : null };
  };
  for (let place = known?.of.length ?? 0; place < detections.length; place++) {
    const detection = detections[place] as DetectionView;
    const day = dayOf(detection.detectedAt);
    if (day !== dayStart) {
      count(true);
      dayStart = day;
      heading = rows.push({ dayStart, count: null }) - 1;
    }
    rows.push(detection);
  }
  if (isWhole) count(true);
  return { of: detections, isWhole, rows };
};

const hourFormats = new Map<string | undefined, Intl.DateTimeFormat>();
const hourFormat = (timeZone: string | undefined): Intl.DateTimeFormat => {
  const known = hourFormats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en", { hour: "2-digit", hourCycle: "h23", timeZone });
  hourFormats.set(timeZone, made);
  return made;
};
/** Hours begin at a multiple of this in every time zone. */
const QUARTER_MS = 15 * 60_000;

/** Says in which hour of a time zone's day something was, 0..23. */
export const hourTeller = (timeZone: string | undefined): ((at: string) => number) => {
  const hours = new Map<number, number>();
  return (at) => {
    const quarter = Math.floor(Date.parse(at) / QUARTER_MS);
    const known = hours.get(quarter);
    if (known !== undefined) return known;
    const hour = Number(hourFormat(timeZone).format(quarter * QUARTER_MS));
    hours.set(quarter, hour);
    return hour;
  };
};

/** First readings of one hour of the day: what the count of that hour stands for. */
export const ofHour = (detections: readonly DetectionView[], hour: number, hourOf: (at: string) => number) =>
  detections.filter(({ detectedAt, duplicateOf }) => duplicateOf === null && hourOf(detectedAt) === hour);

/** The most columns that are read at one glance. */
export const DAYS_SHOWN = 7;

export type CameraDays = {
  /** Oldest first; starts of days on which the plate was seen. */
  days: number[];
  cameras: { id: string; name: string; counts: number[] }[];
};

/** Counts by camera over the newest whole days, the camera with most first. @param detections newest first */
export const countByCamera = (detections: readonly DetectionView[], isWhole: boolean): CameraDays => {
  const days: number[] = [];
  /** Newest day first, as they come. */
  const cameras = new Map<string, CameraDays["cameras"][number]>();
  const dayOf = dayTeller();
  let isOlder = false;
  for (const { camera, detectedAt } of detections) {
    const day = dayOf(detectedAt);
    if (day !== days.at(-1)) {
      isOlder = days.length === DAYS_SHOWN;
      if (isOlder) break;
      days.push(day);
    }
    const row = cameras.get(camera.id) ?? { id: camera.id, name: camera.name, counts: [] };
    row.counts[days.length - 1] = (row.counts[days.length - 1] ?? 0) + 1;
    cameras.set(camera.id, row);
  }
  // The oldest day may go on where the detections end.
  if (!isWhole && !isOlder) days.pop();
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  const rows = [...cameras.values()].map((row) => ({
    ...row,
    counts: days.map((_day, place) => row.counts[place] ?? 0).toReversed(),
  }));
  return {
    days: days.toReversed(),
    cameras: rows.filter(({ counts }) => sum(counts) > 0).toSorted((a, b) => sum(b.counts) - sum(a.counts)),
  };
};
