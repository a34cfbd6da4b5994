/**
 * What the address of the search asks for: plates that fit what was typed, detections by place and time, or nothing yet.
 * Rule: understood before anything is asked; times are the person's own, and what is not understood is not asked.
 */
import {
  SEARCH_WAYS,
  type SavedSearch,
  type SearchFilters,
  type SearchWay,
  type Understood,
  understand,
} from "@chaverim/contracts";

const NAMES = [
  "q",
  "way",
  "cameras",
  "area",
  "from",
  "to",
  "listed",
  "sure",
  "direction",
  "vehicle",
  "unread",
] as const;
export type SearchName = (typeof NAMES)[number];
/** As it stands in the fragment: `cameras` are ids with commas, times are `2026-11-22T23:41`, `sure` is a percentage. */
export type SearchState = Readonly<Partial<Record<SearchName, string | undefined>>>;
/** Some of it anew; undefined takes away. */
export type SearchChange = SearchState;

/** The filters, as names of the address. */
export const FILTER_NAMES = NAMES.filter((name) => name !== "q" && name !== "way");

export type Query = Exclude<Understood, { kind: "refused" }>;
export type Asked =
  | { kind: "nothing" }
  | { kind: "refused"; why: Extract<Understood, { kind: "refused" }>["why"] }
  | { kind: "plates"; understood: Query; text: string; way: SearchWay; filters: SearchFilters }
  | { kind: "detections"; filters: SearchFilters; unread: boolean };

/** A day or a minute in the person's own time zone as an instant. */
const instantOf = (text: string | undefined): string | undefined => {
  if (text === undefined || text === "") return undefined;
  const at = new Date(text.length === "2026-11-22".length ? `${text}T00:00` : text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
};

/** `2026-11-22T23:41` in the person's own time zone, as a field wants it. */
export const minuteOf = (at: string | number): string => {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
};

/** As `minuteOf`, with the seconds where there are any: nothing of an instant is lost. */
export const momentOf = (at: string): string => {
  const withinMs = Date.parse(at) % 60_000;
  if (withinMs === 0) return minuteOf(at);
  const seconds = (withinMs / 1000).toFixed(3).padStart(6, "0");
  return `${minuteOf(at)}:${seconds.replace(".000", "")}`;
};

/** The times of an address, for central; what is not understood is not asked. */
export const timesOf = (state: Pick<SearchState, "from" | "to">): Pick<SearchFilters, "from" | "to"> => {
  const [from, to] = [instantOf(state.from), instantOf(state.to)];
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
};

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const cameraIdsOf = (state: SearchState): string[] =>
  (state.cameras ?? "").split(",").filter((id) => UUID.test(id));

export const wayOf = (state: SearchState): SearchWay => SEARCH_WAYS.find((way) => way === state.way) ?? "similar";

export const filtersOf = (state: SearchState): SearchFilters => {
  const cameraIds = cameraIdsOf(state);
  const sure = Number(state.sure);
  return {
    ...(cameraIds.length > 0 ? { cameraIds } : {}),
    ...(state.area ? { area: state.area } : {}),
    ...timesOf(state),
    ...(state.listed === "yes" || state.listed === "no" ? { listed: state.listed === "yes" } : {}),
    ...(sure > 0 && sure <= 100 ? { minConfidence: sure / 100 } : {}),
    ...(state.direction ? { direction: state.direction } : {}),
    ...(state.vehicle ? { vehicle: state.vehicle } : {}),
  };
};

/** @param mayFind whether the person may ask without a plate */
export const askedOf = (state: SearchState, mayFind: boolean): Asked => {
  const text = state.q ?? "";
  const filters = filtersOf(state);
  if (text.trim() === "") {
    const unread = state.unread !== undefined;
    const isAsked = mayFind && (unread || Object.keys(filters).length > 0);
    return isAsked ? { kind: "detections", filters, unread } : { kind: "nothing" };
  }
  const way = wayOf(state);
  const understood = understand(text, way);
  if (understood.kind === "refused") return { kind: "refused", why: understood.why };
  return { kind: "plates", understood, text, way, filters };
};

/** `0.755` as `75.5`, without what the division of a fraction leaves. */
const percentOf = (share: number): string => String(Number((share * 100).toFixed(6)));

/** A search as it is kept, or handed to somebody. */
export type Kept = Pick<SavedSearch, "text" | "way" | "filters" | "unread">;

/** What to keep of a search, so that the same one can be opened again. */
export const keptOf = (asked: Extract<Asked, { kind: "plates" | "detections" }>): Kept =>
  asked.kind === "plates"
    ? { text: asked.text, way: asked.way, filters: asked.filters, unread: false }
    : { text: "", way: "similar", filters: asked.filters, unread: asked.unread };

/** The address of a saved search. */
export const stateOfSaved = ({ text, way, filters, unread }: Kept): SearchState => ({
  q: text || undefined,
  way: way === "similar" ? undefined : way,
  cameras: filters.cameraIds?.join(","),
  area: filters.area,
  from: filters.from && momentOf(filters.from),
  to: filters.to && momentOf(filters.to),
  listed: filters.listed === undefined ? undefined : filters.listed ? "yes" : "no",
  sure: filters.minConfidence === undefined ? undefined : percentOf(filters.minConfidence),
  direction: filters.direction,
  vehicle: filters.vehicle,
  unread: unread ? "1" : undefined,
});
