/**
 * How far a person sees: a viewer the own area alone, there the detections of 24 hours and of 72 hours the alerts of
 * lists marked for the field; others everything.
 * Rule: every query that shows people detections, images, alerts or lists takes its limits from here.
 */
import { type User, VIEWER_ALERTS_MS, VIEWER_REACH_MS } from "@chaverim/contracts";
import type { Queryable } from "@chaverim/db/open";

/** What decides how far somebody sees. */
export type Looker = Pick<User, "role" | "area">;

/** Null is everything. */
export type Reach = {
  /** Detections from then on. */
  since: Date;
  /** Alerts from then on, whenever their detections were. */
  alertsSince: Date;
  /** Detections of this area's cameras, and alerts on them; null is every area. */
  area: string | null;
} | null;

/** What a person reaches now. A role that is not named here reaches as little as a viewer. */
export const reachOf = ({ role, area }: Looker): Reach =>
  role === "admin" || role === "operator"
    ? null
    : { since: new Date(Date.now() - VIEWER_REACH_MS), alertsSince: new Date(Date.now() - VIEWER_ALERTS_MS), area };

/** Says the same of a row that was read for everybody. */
export const isInReach = (reach: Reach, row: { detectedAt: Date; area: string | null }): boolean =>
  reach === null || (row.detectedAt >= reach.since && (reach.area === null || row.area === reach.area));

/** The condition for the times of detections `d`. */
export const timeInReach = (sql: Queryable, reach: Reach) =>
  reach === null ? sql`true` : sql`d.detected_at >= ${reach.since}`;

/** The condition for cameras `c`. */
export const cameraInReach = (sql: Queryable, reach: Reach) =>
  reach === null || reach.area === null ? sql`true` : sql`c.area = ${reach.area}`;

/** The condition for detections `d`. */
export const detectionInReach = (sql: Queryable, reach: Reach) =>
  reach === null || reach.area === null
    ? timeInReach(sql, reach)
    : sql`${timeInReach(sql, reach)}
        and exists (select 1 from cameras c where c.id = d.camera_id and ${cameraInReach(sql, reach)})`;

/** The condition for watchlists `w`. */
export const listInReach = (sql: Queryable, reach: Reach) => (reach === null ? sql`true` : sql`w.field`);

/** Alerts `a` of lists that are marked for the field. */
const alertOfField = (sql: Queryable) => sql`exists (
  select 1 from watchlist_entries e join watchlists w on w.id = e.watchlist_id where e.id = a.entry_id and w.field)`;

/** The condition for alerts `a`. */
export const alertInReach = (sql: Queryable, reach: Reach) =>
  reach === null
    ? sql`true`
    : sql`(a.created_at >= ${reach.alertsSince} and ${alertOfField(sql)} and ${
        reach.area === null
          ? sql`true`
          : sql`exists (select 1 from detections ad join cameras c on c.id = ad.camera_id
              where ad.plate = a.plate and ad.detected_at = a.detected_at and ad.id = a.detection_id
                and ${cameraInReach(sql, reach)})`
      })`;

/** When the newest alert of a list marked for the field was raised on detection `d`; null without one. */
export const fieldAlertAt = (sql: Queryable) =>
  sql`(select max(a.created_at) from alerts a where a.detection_id = d.id and ${alertOfField(sql)})`;

/** Says of a row that was read for everybody whether there is an alert on it in reach. */
export const isAlertInReach = (reach: Reach, row: { fieldAlertAt: Date | null; area: string | null }): boolean =>
  reach === null ||
  (row.fieldAlertAt !== null &&
    row.fieldAlertAt >= reach.alertsSince &&
    (reach.area === null || row.area === reach.area));

/**
 * The condition for images `i` with their payloads `p`: plates of detections in reach, and everything of detections with
 * an alert in reach.
 */
export const imageInReach = (sql: Queryable, reach: Reach) =>
  reach === null
    ? sql`true`
    : sql`(exists (select 1 from alerts a where a.detection_id = i.detection_id and ${alertInReach(sql, reach)})
        or (i.role = 'crop' and exists (
          select 1 from detections d where d.plate = p.plate and d.detected_at = p.detected_at and d.id = p.id
            and ${detectionInReach(sql, reach)})))`;
