/**
 * The filters of searches and lists, as conditions on detections `d`.
 * Rule: said once, together with how far the person sees; each is a parameter of the statement, never its text.
 */
import type { SearchFilters } from "@chaverim/contracts";
import type { Queryable } from "@chaverim/db/open";
import { type Reach, cameraInReach, listInReach, timeInReach } from "./reach.ts";

/** Whether any filter has to be asked of the detections; without one the dictionary alone answers. */
export const hasFilters = (filters: SearchFilters): boolean =>
  Object.values(filters).some((value) => value !== undefined);

/** `%` and `_` of typed words mean themselves. */
const contains = (word: string): string => `%${word.replaceAll(/[\\%_]/g, "\\$&")}%`;

/** The condition for cameras `c`. */
export const cameraFits = (sql: Queryable, { cameraIds, area }: SearchFilters, reach: Reach) => sql`
  ${cameraIds === undefined ? sql`true` : sql`c.id = any(${cameraIds}::uuid[])`}
  and ${area === undefined ? sql`true` : sql`c.area = ${area}`} and ${cameraInReach(sql, reach)}`;

/** Every word is in the make, the model, the colour or the type. */
const vehicleFits = (sql: Queryable, text: string) =>
  text
    .split(/\s+/)
    .map(
      (
        word,
      ) => sql`concat_ws(' ', d.vehicle ->> 'make', d.vehicle ->> 'model', d.vehicle ->> 'color', d.vehicle ->> 'type')
        ilike ${contains(word)}`,
    )
    .reduce((all, one) => sql`${all} and ${one}`);

/** On a list in reach by its own plate or a look-alike; what an entry forgives beyond that rings, and is not meant here. */
const isListed = (sql: Queryable, reach: Reach) => sql`exists (
  select 1 from watchlist_entries e join watchlists w on w.id = e.watchlist_id
  where fold_plate(e.normalized) = fold_plate(d.plate) and (e.normalized = d.plate or e.match in ('look-alike', 'near'))
    and e.removed_at is null and e.expires_at > now() and ${listInReach(sql, reach)})`;

/** The condition for detections `d` themselves, beside their camera. */
export const detectionFits = (sql: Queryable, filters: SearchFilters, reach: Reach) => {
  const { from, to, listed, minConfidence, direction, vehicle } = filters;
  return sql`${timeInReach(sql, reach)}
    and ${from === undefined ? sql`true` : sql`d.detected_at >= ${from}::timestamptz`}
    and ${to === undefined ? sql`true` : sql`d.detected_at < ${to}::timestamptz`}
    and ${minConfidence === undefined ? sql`true` : sql`d.confidence >= ${minConfidence}`}
    and ${direction === undefined ? sql`true` : sql`d.vehicle ->> 'direction' = ${direction}`}
    and ${vehicle === undefined ? sql`true` : vehicleFits(sql, vehicle)}
    and ${listed === undefined ? sql`true` : sql`(${listed} = ${isListed(sql, reach)})`}`;
};

/** The whole condition for detections `d`, their cameras looked up once. */
export const detectionPasses = (sql: Queryable, filters: SearchFilters, reach: Reach) => {
  const isAnyCamera = filters.cameraIds === undefined && filters.area === undefined && (reach?.area ?? null) === null;
  const camera = isAnyCamera
    ? sql`true`
    : sql`d.camera_id = any(array(select c.id from cameras c where ${cameraFits(sql, filters, reach)}))`;
  return sql`${detectionFits(sql, filters, reach)} and ${camera}`;
};
