/**
 * What the address of a plate's page says.
 * Rule: one plate, what of its timeline is shown, and which other it is compared with; the rest is not understood.
 */
import { normalizePlate } from "@chaverim/contracts";
import { minuteOf } from "../search/question.ts";
import { nextDay } from "./timeline-rows.ts";

export type PlateName = "plate" | "looks" | "camera" | "hour" | "from" | "to" | "view" | "part" | "with";
export type PlateState = Readonly<Partial<Record<PlateName, string>>>;
export type PlateChange = Readonly<Partial<Record<PlateName, string | undefined>>>;

/** The parts of the page that the phone shows one at a time. */
export const PARTS = ["timeline", "cameras", "together", "said"] as const;
export type Part = (typeof PARTS)[number];
export const partOf = (state: PlateState): Part => PARTS.find((part) => part === state.part) ?? "timeline";

/** The plate; by its name alone, or any other fragment would be looked up as one. */
export const plateOf = (state: PlateState): string => normalizePlate(state.plate ?? "");

/** 0..23, or null. */
export const hourOf = (state: PlateState): number | null => {
  const hour = !state.hour ? Number.NaN : Number(state.hour);
  return Number.isInteger(hour) && hour >= 0 && hour < 24 ? hour : null;
};

/** Nothing of the timeline is left out. */
export const EVERYTHING: PlateChange = {
  camera: undefined,
  hour: undefined,
  from: undefined,
  to: undefined,
  view: undefined,
  part: undefined,
};

/** One day at one camera. */
export const dayAtCamera = (camera: string, dayStart: number): PlateChange => ({
  ...EVERYTHING,
  camera,
  from: minuteOf(dayStart),
  to: minuteOf(nextDay(dayStart)),
});

const MINUTE_MS = 60_000;
/** The minutes around one reading at one camera. */
export const momentAtCamera = (camera: string, at: string): PlateChange => ({
  ...EVERYTHING,
  camera,
  from: minuteOf(Date.parse(at) - MINUTE_MS),
  to: minuteOf(Date.parse(at) + 2 * MINUTE_MS),
});
