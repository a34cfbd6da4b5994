/**
 * Alerts as screens show them, read by id or by change number.
 * Rule: an alert carries everything that deciding on it needs, so that a phone can show it from its own copy.
 */
import type { AlertOutcome, AlertView, PlateMatch, Priority, Role } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
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

const alertRows = (sql: Sql) => sql`
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
  ${detectionJoins(sql)}`;

const rowToView = (row: AlertRow, role: Role): AlertView => ({
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
  detection: detectionToView(row, role),
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
export const readNewestAlerts = async (sql: Sql, limit: number, role: Role): Promise<AlertView[]> => {
  const rows = await sql<AlertRow[]>`${alertRows(sql)} order by a.change desc limit ${limit}`;
  return rows.map((row) => rowToView(row, role));
};

/** The highest change number that is committed; 0 when there is no alert. */
export const readNewestChange = async (sql: Sql): Promise<number> => {
  const [row] = await sql<{ change: number | null }[]>`select max(change)::float8 as change from alerts`;
  return row?.change ?? 0;
};

/** Alerts that changed after `change`, oldest change first. */
export const readAlertsSince = async (sql: Sql, change: number, limit: number, role: Role): Promise<AlertView[]> => {
  const rows = await sql<AlertRow[]>`${alertRows(sql)} where a.change > ${change} order by a.change limit ${limit}`;
  return rows.map((row) => rowToView(row, role));
};

/** One alert, or null. */
export const readAlert = async (sql: Sql, id: string, role: Role): Promise<AlertView | null> => {
  const [row] = await sql<AlertRow[]>`${alertRows(sql)} where a.id = ${id}`;
  return row ? rowToView(row, role) : null;
};
