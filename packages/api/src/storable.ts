/**
 * Whether foreign JSON can be kept by PostgreSQL.
 * Rule: asked before anything foreign reaches a text or jsonb column, or is written as JSON again.
 */

/** Nesting deeper than this is an attack on the reader, not a message. */
const DEPTH_MAX = 12;

/** PostgreSQL's text and jsonb take neither NUL nor half a surrogate pair; unknown fields may hide either. */
export const isStorable = (value: unknown, depth = 0): boolean => {
  if (depth > DEPTH_MAX) return false;
  if (typeof value === "string") return value.isWellFormed() && !value.includes("\u0000");
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth + 1));
  if (value !== null && typeof value === "object") {
    return Object.entries(value).every(([key, item]) => isStorable(key) && isStorable(item, depth + 1));
  }
  return true;
};
