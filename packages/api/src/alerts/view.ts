/**
 * Alerts as screens show them, read by id or by change number, as far as whoever asks reaches.
 * Rule: an alert carries everything that deciding on it needs, so that a phone can show it from its own copy.
 */
import type { AlertOutcome, AlertView, PlateMatch, Priority } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { type Looker, alertInReach, reachOf } from "../detections/reach.ts";
import { type DetectionRow, detectionColumns, detectionJoins, detectionToView } from "../detections/view.ts";

/** What stands in place of a name when a thing was done with the operator's command. */
export const CONSOLE_NAME = "Server console";

type AlertRow = Omit<DetectionRow, "id"> & {
  alertId: string;
  id: string;
  change: number;
  state: AlertView["state"];
  priority: Priority;
  match: PlateMatch;
  late: boolean;
  createdAt: Date;
  watchlistId: string;
  watchlistName: string;
  entryId: string;
  entryPlate: string;
  reason: string;
  entryVehicle: string | null;
  addedAt: Date;
  addedBy: string | null;
  acknowledgedBy: string | null;
  acknowledgedAt: Date | null;
  resolvedBy: string | null;
  resolvedAt: Date | null;
  outcome: AlertOutcome | null;
};

const alertRows = (sql: Sql, looker: Looker) => sql`
  select a.id as "alertId", a.change::float8 as change, a.state, a.priority, a.match, a.late, a.created_at as "createdAt",
    w.id as "watchlistId", w.name as "watchlistName", e.id as "entryId", e.plate as "entryPlate", e.reason,
    e.vehicle as "entryVehicle", e.added_at as "addedAt", adder.name as "addedBy",
    acknowledger.name as "acknowledgedBy", a.acknowledged_at as "acknowledgedAt",
    resolver.name as "resolvedBy", a.resolved_at as "resolvedAt", a.outcome, ${detectionColumns(sql)}
  from alerts a
  join watchlist_entries e on e.id = a.entry_id
  join watchlists w on w.id = e.watchlist_id
  left join users adder on adder.id = e.added_by
  left join users acknowledger on acknowledger.id = a.acknowledged_by
  left join users resolver on resolver.id = a.resolved_by
  join detections d on d.plate = a.plate and d.detected_at = a.detected_at and d.id = a.detection_id
  ${detectionJoins(sql)}
  where ${alertInReach(sql, reachOf(looker))}`;

const rowToView = (row: AlertRow, looker: Looker): AlertView => ({
  id: row.alertId,
  change: row.change,
  state: row.state,
  priority: row.priority,
  watchlist: { id: row.watchlistId, name: row.watchlistName },
  entry: {
    id: row.entryId,
    plate: row.entryPlate,
    reason: row.reason,
    vehicle: row.entryVehicle,
    addedAt: row.addedAt.toISOString(),
    addedBy: row.addedBy ?? CONSOLE_NAME,
  },
  detection: detectionToView(row, looker),
  match: row.match,
  late: row.late,
  createdAt: row.createdAt.toISOString(),
  acknowledged: row.acknowledgedAt
    ? { by: row.acknowledgedBy ?? CONSOLE_NAME, at: row.acknowledgedAt.toISOString() }
    : null,
  resolved:
    row.resolvedAt && row.outcome
      ? { by: row.resolvedBy ?? CONSOLE_NAME, at: row.resolvedAt.toISOString(), outcome: row.outcome }
      : null,
});

/** The newest alerts, newest change first. */
const readNewest = async (sql: Sql, limit: number, looker: Looker): Promise<AlertView[]> => {
  const rows = await sql<AlertRow[]>`${alertRows(sql, looker)} order by a.change desc limit ${limit}`;
  return rows.map((row) => rowToView(row, looker));
};

/** When a list was last marked for the field, or taken from it: a change number, 0 for never. */
const readMarked = async (sql: Sql): Promise<number> => {
  const [row] = await sql<
    { marked: number }[]
  >`select coalesce(max(field_change), 0)::float8 as marked from watchlists`;
  return row?.marked ?? 0;
};

/**
 * The newest alerts for somebody who holds none.
 * @returns the alerts, newest change first, and the cursor from which to go on: of what is in reach alone, so that it does
 * not move with alerts that they may not know of
 */
export const readFirstAlerts = async (
  sql: Sql,
  limit: number,
  looker: Looker,
): Promise<{ alerts: AlertView[]; cursor: number }> => {
  const marked = await readMarked(sql);
  const alerts = await readNewest(sql, limit, looker);
  return { alerts, cursor: Math.max(marked, alerts[0]?.change ?? 0) };
};

/**
 * Says whether somebody can hold this cursor: something in their reach has changed as late as that. False when central was
 * restored from a backup that does not know it, or when what it stands for has left their reach.
 */
export const isKnownCursor = async (sql: Sql, cursor: number, looker: Looker): Promise<boolean> => {
  if (cursor === 0) return true;
  const [row] = await sql<{ known: boolean }[]>`
    select exists (select 1 from alerts a where a.change >= ${cursor} and ${alertInReach(sql, reachOf(looker))})
      or exists (select 1 from watchlists where field_change >= ${cursor}) as known`;
  return row?.known ?? false;
};

/**
 * Alerts that changed after `cursor`, oldest change first.
 * @returns null when whoever holds this cursor has to forget all alerts and begin anew: lists were marked for the field or
 * taken from it since, for somebody who sees those alone
 */
export const readAlertsSince = async (
  sql: Sql,
  cursor: number,
  limit: number,
  looker: Looker,
): Promise<AlertView[] | null> => {
  const rows = await sql<
    AlertRow[]
  >`${alertRows(sql, looker)} and a.change > ${cursor} order by a.change limit ${limit}`;
  // Read after the alerts: a mark that is not known yet was not in force for them either, and is found the next time.
  if (reachOf(looker) !== null && cursor < (await readMarked(sql))) return null;
  return rows.map((row) => rowToView(row, looker));
};

/** One alert in reach, or null. */
export const readAlert = async (sql: Sql, id: string, looker: Looker): Promise<AlertView | null> => {
  const [row] = await sql<AlertRow[]>`${alertRows(sql, looker)} and a.id = ${id}`;
  return row ? rowToView(row, looker) : null;
};
