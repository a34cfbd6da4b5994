/**
 * Which watchlist entries a plate fits, each with its explanation.
 * Rule: pure, and O(1) per detection whatever the number of entries; patterns alone are tried one after the other, and few are
 * allowed.
 */
import {
  type MatchStrategy,
  type PlateMatch,
  type Priority,
  differencesOf,
  explainMatch,
  fitsPattern,
  foldPlate,
  isOneMistake,
  meetingPoints,
} from "@chaverim/contracts";

export type MatchEntry = {
  id: string;
  /** Normalised; of a pattern with its `?` and `*`. */
  plate: string;
  strategy: MatchStrategy;
  priority: Priority;
  expiresAtMs: number;
};

export type MatchIndex = {
  size: number;
  entriesByFold: ReadonlyMap<string, readonly MatchEntry[]>;
  /** Entries that forgive one mistake, by each text at which such a reading meets them. */
  nearByMeeting: ReadonlyMap<string, readonly MatchEntry[]>;
  patterns: readonly MatchEntry[];
};

const addTo = (map: Map<string, MatchEntry[]>, key: string, entry: MatchEntry): void => {
  const list = map.get(key);
  if (list) list.push(entry);
  else map.set(key, [entry]);
};

/** Builds the index over all active entries; about 1 µs an entry, some more for one that forgives a mistake. */
export const createMatchIndex = (entries: readonly MatchEntry[]): MatchIndex => {
  const entriesByFold = new Map<string, MatchEntry[]>();
  const nearByMeeting = new Map<string, MatchEntry[]>();
  const patterns: MatchEntry[] = [];
  for (const entry of entries) {
    if (entry.strategy === "pattern") {
      patterns.push(entry);
      continue;
    }
    const fold = foldPlate(entry.plate);
    addTo(entriesByFold, fold, entry);
    if (entry.strategy === "near") for (const meeting of meetingPoints(fold)) addTo(nearByMeeting, meeting, entry);
  }
  return { size: entries.length, entriesByFold, nearByMeeting, patterns };
};

type Fit = { entry: MatchEntry; match: PlateMatch };

/** Entries that the plate fits but for one mistake; those that it fits without one are found by their fold. */
const matchNear = ({ nearByMeeting }: MatchIndex, plate: string): Fit[] => {
  if (nearByMeeting.size === 0) return [];
  const fold = foldPlate(plate);
  const met = new Set([...meetingPoints(fold)].flatMap((meeting) => nearByMeeting.get(meeting) ?? []));
  return [...met]
    .filter((entry) => foldPlate(entry.plate) !== fold && isOneMistake(foldPlate(entry.plate), fold))
    .map((entry) => ({ entry, match: { kind: "near", differences: differencesOf(entry.plate, plate) } }));
};

/**
 * Finds the entries that a plate fits. An exact fit has the same fold, so one look-up finds both kinds.
 * @param plate normalised; the empty plate fits nothing
 */
export const matchPlate = (index: MatchIndex, plate: string, nowMs: number): Fit[] => {
  if (plate === "") return [];
  const found: Fit[] = [];
  for (const entry of index.entriesByFold.get(foldPlate(plate)) ?? []) {
    const match = explainMatch(entry.plate, plate);
    if (match && (match.kind === "exact" || entry.strategy !== "exact")) found.push({ entry, match });
  }
  found.push(...matchNear(index, plate));
  for (const entry of index.patterns) {
    if (fitsPattern(entry.plate, plate)) found.push({ entry, match: { kind: "pattern", differences: [] } });
  }
  return found.filter(({ entry }) => entry.expiresAtMs > nowMs);
};
