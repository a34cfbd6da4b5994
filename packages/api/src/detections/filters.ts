/**
 * The filters of searches and lists, as conditions on detections `d`.
 * Rule: said once; each is a parameter of the statement, never its text.
 */
import type { SearchFilters } from "@chaverim/contracts";
import type { Queryable } from "@chaverim/db/open";

/** Whether any filter has to be asked of the detections; without one the dictionary alone answers. */
export const hasFilters = (filters: SearchFilters): boolean =>
  Object.values(filters).some((value) => value !== undefined);

/** `%` and `_` of typed words mean themselves. */
const contains = (word: string): string => `%${word.replaceAll(/[\\%_]/g, "\\$&")}%`;

/** The condition for cameras `c`. */
export const cameraFits = (sql: Queryable, { cameraIds, area }: SearchFilters) => sql`
  ${cameraIds === undefined ? sql`true` : sql`c.id = any(${cameraIds}::uuid[])`}
  and ${area === undefined ? sql`true` : sql`c.area = ${area}`}`;

/** Every word is in the make, the model, the colour or the type. */
const vehicleFits = (sql: Queryable, text: string) =>
  text
    .trim()
    .split(/\s+/)
    .map(
      (
        word,
      ) => sql`concat_ws(' ', d.vehicle ->> 'make', d.vehicle ->> 'model', d.vehicle ->> 'color', d.vehicle ->> 'type')
        ilike ${contains(word)}`,
    )
    .reduce((all, one) => sql`${all} and ${one}`);

/** The condition for detections `d` themselves, beside their camera. */
export const detectionFits = (sql: Queryable, filters: SearchFilters) => {
  const { from, to, listed, minConfidence, direction, vehicle } = filters;
  return sql`
    ${from === undefined ? sql`true` : sql`d.detected_at >= ${from}::timestamptz`}
    and ${to === undefined ? sql`true` : sql`d.detected_at < ${to}::timestamptz`}
    and ${minConfidence === undefined ? sql`true` : sql`d.confidence >= ${minConfidence}`}
    and ${direction === undefined ? sql`true` : sql`d.vehicle ->> 'direction' = ${direction}`}
    and ${vehicle === undefined || vehicle.trim() === "" ? sql`true` : vehicleFits(sql, vehicle)}
    and ${
      listed === undefined
        ? sql`true`
        : sql`(${listed} = exists (select 1 from watchlist_entries e
            where e.normalized = d.plate and e.removed_at is null and e.expires_at > now()))`
    }`;
};
