/**
 * Which entries of watchlists a plate would ring.
 * Rule: decided by the same matcher that raises the alerts.
 */
import { type MatchStrategy, type PlateView, foldPlate } from "@chaverim/contracts";
import { createMatchIndex, matchPlate } from "../alerts/matcher.ts";
import type { Ask } from "../detections/ask-in-time.ts";
import { type Reach, listInReach } from "../detections/reach.ts";

type Entry = Omit<PlateView["entries"][number], "expiresAt"> & { expiresAt: Date };
type Row = Entry & { plate: string; strategy: MatchStrategy };

/**
 * Reads the entries in force that each of some normalised plates rings, the most urgent first.
 * @returns by plate; one that nobody watches has none
 */
export const readWatched = async (
  ask: Ask,
  plates: readonly string[],
  reach: Reach,
): Promise<(plate: string) => Entry[]> => {
  const rows = await ask(
    (on) => on<Row[]>`
      select e.id, w.name as list, w.priority, e.reason, e.expires_at as "expiresAt", e.normalized as plate, e.match as strategy
      from watchlist_entries e join watchlists w on w.id = e.watchlist_id
      where e.removed_at is null and e.expires_at > now() and ${listInReach(on, reach)}
        and (fold_plate(e.normalized) = any(${[...new Set(plates.map(foldPlate))]}::text[]) or e.match in ('near', 'pattern'))
      order by w.priority, e.added_at desc`,
  );
  const index = createMatchIndex(rows.map((row) => ({ ...row, expiresAtMs: row.expiresAt.getTime() })));
  return (plate) => {
    const fitting = new Set(matchPlate(index, plate, Date.now()).map(({ entry }) => entry.id));
    return rows.flatMap(({ plate: _plate, strategy: _strategy, ...entry }) => (fitting.has(entry.id) ? [entry] : []));
  };
};
