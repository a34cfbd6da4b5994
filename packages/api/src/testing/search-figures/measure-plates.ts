/**
 * What is asked about one plate: its timeline, its route, its page, what it was seen with; and the newest of all.
 * Rule: convoys that are planted have to be found, and pairs that met at two cameras alone must not be.
 */
import { readRecent } from "../../detections/recent.ts";
import { readTimeline } from "../../detections/timeline.ts";
import { readPlate } from "../../plates/read-plate.ts";
import { readRoute } from "../../plates/route.ts";
import { readSeenWith } from "../../plates/seen-with.ts";
import { ASKED, type Bench, EVERYTHING, PAGE, TIMELINE, WARM_UP, timeAll, withWarmUp } from "./figures.ts";
import {
  BUSY_PLATES,
  CONVOYS,
  NEIGHBOURS,
  busyPlate,
  convoyPlates,
  createRandom,
  neighbourPlates,
  plateOf,
  regularsOf,
} from "./traffic.ts";

/** A plate with a thousand sightings is dear to ask about. */
const ASKED_BUSY = 60;
/** Of the busiest regulars each seventh. */
const STEP = 7;

/** More sightings than a page of the timeline has. */
export const busyPlates = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => busyPlate(index % BUSY_PLATES));

/** In turns one of the busiest regulars and any. */
export const regularPlates = ({ rows, seed }: Bench, count: number): string[] => {
  const random = createRandom(seed);
  const regulars = regularsOf(rows);
  return Array.from({ length: count }, (_, index) =>
    plateOf(index % 2 === 0 ? (index * STEP) % regulars : Math.floor(regulars * random())),
  );
};

const pairs = (count: number, plates: (index: number) => [string, string]) =>
  Array.from({ length: count }, (_, index) => plates(index));

const measureSeenWith = async ({ sql, figures }: Bench): Promise<void> => {
  const convoys = pairs(CONVOYS, convoyPlates);
  const neighbours = pairs(NEIGHBOURS, neighbourPlates);
  const seenWith = ([plate]: [string, string]) => readSeenWith(sql, { plate });
  const near = await timeAll(neighbours, [], seenWith);
  const timed = await timeAll(convoys, [], seenWith);
  figures.timed("seen-with", timed);
  const reported = (asked: readonly [string, string][], answers: (typeof timed)["answers"]) =>
    asked.filter(([, tail], place) => answers[place]?.some(({ plate }) => plate === tail)).length;
  figures.share("seen-with", "recall", reported(convoys, timed.answers), convoys.length);
  figures.share("seen-with", "false companions", reported(neighbours, near.answers), neighbours.length);
  const busy = withWarmUp(busyPlates(ASKED_BUSY + WARM_UP));
  const timedBusy = await timeAll(busy.items, busy.warmUp, (plate) => readSeenWith(sql, { plate }));
  figures.timed("seen-with, busy", timedBusy);
};

export const measurePlates = async (bench: Bench): Promise<void> => {
  const { central, sql, figures } = bench;
  const { settings } = await central.policy.current();
  const busy = withWarmUp(busyPlates(ASKED + WARM_UP));
  const regular = withWarmUp(regularPlates(bench, ASKED + WARM_UP));
  const both = withWarmUp(
    busyPlates((ASKED + WARM_UP) / 2).flatMap((plate, place) => [plate, regular.items[place] ?? plate]),
  );
  const measure = async <Answer>(
    name: string,
    { items, warmUp }: typeof busy,
    run: (plate: string) => Promise<Answer>,
  ): Promise<void> => {
    figures.timed(name, await timeAll(items, warmUp, run));
    // Most of what a first look takes is reading pages from the disk.
    figures.timed(`${name}, again`, await timeAll(items, [], run));
  };
  await measure("timeline", busy, (plate) => readTimeline(sql, { plate, limit: TIMELINE }, EVERYTHING));
  await measure("timeline, look-alikes", busy, (plate) =>
    readTimeline(sql, { plate, lookAlikes: true, limit: TIMELINE }, EVERYTHING),
  );
  await measure("route", regular, (plate) => readRoute(sql, { plate }, EVERYTHING));
  await measure("plate page", both, (plate) => readPlate(sql, plate, EVERYTHING, settings.timeZone));
  await measureSeenWith(bench);
  await measure("live-feed", busy, () => readRecent(sql, { limit: PAGE }, EVERYTHING));
};
