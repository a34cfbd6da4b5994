/**
 * Which watchlist entries a plate fits: exact and look-alike, each with its explanation.
 * Rule: pure and O(1) per detection, whatever the number of entries.
 */
import { type MatchStrategy, type PlateMatch, type Priority, explainMatch, foldPlate } from "@chaverim/contracts";

export type MatchEntry = {
  id: string;
  /** Normalised. */
  plate: string;
  strategy: MatchStrategy;
  priority: Priority;
  expiresAtMs: number;
};

export type MatchIndex = { size: number; entriesByFold: ReadonlyMap<string, readonly MatchEntry[]> };

/** Builds the index over all active entries; about 1 µs an entry. */
export const createMatchIndex = (entries: readonly MatchEntry[]): MatchIndex => {
  const entriesByFold = new Map<string, MatchEntry[]>();
  for (const entry of entries) {
    const fold = foldPlate(entry.plate);
    const list = entriesByFold.get(fold);
    if (list) list.push(entry);
    else entriesByFold.set(fold, [entry]);
  }
  return { size: entries.length, entriesByFold };
};

/**
 * Finds the entries that a plate fits. An exact fit has the same fold, so one look-up finds both kinds.
 * @param plate normalised; the empty plate fits nothing
 */
export const matchPlate = (
  index: MatchIndex,
  plate: string,
  nowMs: number,
): { entry: MatchEntry; match: PlateMatch }[] => {
  const found: { entry: MatchEntry; match: PlateMatch }[] = [];
  if (plate === "") return found;
  for (const entry of index.entriesByFold.get(foldPlate(plate)) ?? []) {
    if (entry.expiresAtMs <= nowMs) continue;
    const match = explainMatch(entry.plate, plate);
    if (match && (match.kind === "exact" || entry.strategy === "look-alike")) found.push({ entry, match });
  }
  return found;
};
