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
  distance,
  explainMatch,
  fitsPattern,
  foldPlate,
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
    near?.has(foldPlate(read)) ?? differencesOf(folded, foldPlate(read)).length <= HARD_MISTAKES;
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

/** The plates that fit, the likeliest first. @param detections newest first */
export const searchKept = (
  detections: readonly DetectionView[],
  { understood, filters }: Extract<Asked, { kind: "plates" }>,
): PlateHit[] => {
  const match = matcherOf(understood);
  const hits = new Map<string, PlateHit>();
  for (const detection of detections) {
    const plate = detection.plate.normalized;
    const known = plate === null ? undefined : hits.get(plate);
    if (known !== undefined) {
      known.sightings++;
      known.firstSeen = detection.detectedAt;
    } else if (plate !== null) {
      const fit = match(plate);
      const { detectedAt } = detection;
      if (fit === null || !detections.some((other) => other.plate.normalized === plate && passes(other, filters)))
        continue;
      hits.set(plate, {
        plate,
        match: fit,
        sightings: 1,
        firstSeen: detectedAt,
        lastSeen: detectedAt,
        latest: detection,
        listed: null,
      });
    }
  }
  const cost = ({ plate }: PlateHit) => (understood.kind === "plate" ? distance(understood.plate, plate) : 0);
  return [...hits.values()].toSorted((a, b) => cost(a) - cost(b) || b.sightings - a.sightings);
};
