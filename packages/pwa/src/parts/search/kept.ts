/**
 * A search in what this device keeps, while central is away.
 * Rule: finds by the same rules as central, among the newest detections alone, and never says more than that.
 */
import {
  type DetectionView,
  type PlateHit,
  type PlateMatch,
  type SearchFilters,
  differencesOf,
  editDistance,
  explainMatch,
  fitsPattern,
  foldPlate,
  rankOf,
  usualMistakes,
} from "@chaverim/contracts";
import type { Asked, Query } from "./question.ts";

/** How many mistakes the hard search forgives, there as here. */
const HARD_MISTAKES = 2;

const nearMatch = (typed: string, read: string): PlateMatch => ({
  kind: "near",
  differences: differencesOf(typed, read),
});

/** Says how a plate fits a query; null for not at all. */
const matcherOf = (query: Query): ((read: string) => PlateMatch | null) => {
  if (query.kind === "pattern")
    return (read) => (fitsPattern(query.pattern, read) ? { kind: "pattern", differences: [] } : null);
  const { plate, folded, way } = query;
  if (way === "exact") return (read) => (read === plate ? explainMatch(plate, read) : null);
  if (way === "look-alike") return (read) => explainMatch(plate, read);
  const near = way === "similar" ? usualMistakes(folded) : null;
  const isNear = (read: string) =>
    near?.has(foldPlate(read)) ?? editDistance(folded, foldPlate(read), HARD_MISTAKES) <= HARD_MISTAKES;
  return (read) => explainMatch(plate, read) ?? (isNear(read) ? nearMatch(plate, read) : null);
};

/** Whether a detection passes the filters; which plates are watched is not known here. */
const passes = ({ camera, detectedAt, plate, vehicle }: DetectionView, filters: SearchFilters): boolean => {
  const { cameraIds, area, from, to, minConfidence, direction, vehicle: words } = filters;
  const described = [vehicle?.make, vehicle?.model, vehicle?.color, vehicle?.type].join(" ").toLowerCase();
  return (
    (cameraIds?.includes(camera.id) ?? true) &&
    (area === undefined || camera.area === area) &&
    (from === undefined || Date.parse(detectedAt) >= Date.parse(from)) &&
    (to === undefined || Date.parse(detectedAt) < Date.parse(to)) &&
    (minConfidence === undefined || (plate.confidence ?? 0) >= minConfidence) &&
    (direction === undefined || vehicle?.direction === direction) &&
    (words ?? "")
      .toLowerCase()
      .split(/\s+/)
      .every((word) => described.includes(word))
  );
};

/** The detections that fit, newest first. */
export const findKept = (
  detections: readonly DetectionView[],
  { filters, unread }: Extract<Asked, { kind: "detections" }>,
): DetectionView[] =>
  detections.filter((detection) => passes(detection, filters) && (!unread || detection.plate.normalized === null));

/** What a detection is found by: what was read, and what a person says that it is. */
const platesOf = ({ plate, corrected }: DetectionView): Set<string> =>
  new Set([plate.normalized, corrected?.plate ?? null].filter((one) => one !== null));

/** Each plate with its detections, in their order. */
const byPlate = (detections: readonly DetectionView[]): Map<string, DetectionView[]> => {
  const found = new Map<string, DetectionView[]>();
  for (const detection of detections) {
    for (const plate of platesOf(detection)) {
      const known = found.get(plate);
      if (known === undefined) found.set(plate, [detection]);
      else known.push(detection);
    }
  }
  return found;
};

/** The plates that fit, the likeliest first. @param detections newest first */
export const searchKept = (
  detections: readonly DetectionView[],
  { understood, filters }: Extract<Asked, { kind: "plates" }>,
): PlateHit[] => {
  const match = matcherOf(understood);
  const hits = [...byPlate(detections)].flatMap(([plate, of]): PlateHit[] => {
    const fit = match(plate);
    const latest = fit === null ? undefined : of.find((detection) => passes(detection, filters));
    const [newest, oldest] = [of[0], of.at(-1)];
    if (fit === null || !latest || !newest || !oldest) return [];
    const [firstSeen, lastSeen] = [oldest.detectedAt, newest.detectedAt];
    return [{ plate, match: fit, sightings: of.length, firstSeen, lastSeen, latest, listed: null }];
  });
  const rank = ({ plate, sightings }: PlateHit) =>
    understood.kind === "plate" ? rankOf(understood.plate, plate, sightings) : 0;
  return hits.toSorted((a, b) => rank(a) - rank(b) || b.sightings - a.sightings || (a.plate < b.plate ? -1 : 1));
};
