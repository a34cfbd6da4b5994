/**
 * Watchlists and their entries as people see them.
 * Rule: an entry has a reason and an expiry, always.
 */
import * as z from "zod/mini";
import { PLATE_TEXT_MAX, normalizePlate } from "./plate.ts";
import { understand } from "./query.ts";

export const PRIORITIES = [1, 2, 3] as const;
export type Priority = (typeof PRIORITIES)[number];
export const prioritySchema = z.union([z.literal(1), z.literal(2), z.literal(3)]);

/** `near`: one mistake of any kind, for entries whose every hit a person looks at; `pattern`: `plate` holds `?` or `*`. */
export const MATCH_STRATEGIES = ["exact", "look-alike", "near", "pattern"] as const;
export type MatchStrategy = (typeof MATCH_STRATEGIES)[number];

/** An entry ends by itself after this many days unless another expiry is given. */
export const ENTRY_DAYS_DEFAULT = 30;

const line = (max: number) =>
  z.string().check(z.trim(), z.maxLength(max), z.regex(/^[^\u0000-\u001f\u007f]*$/, "contains a control character"));

/** What an entry matches by: the normalised plate, or the pattern; null when it cannot be watched. */
export const readEntryPlate = (plate: string, match: MatchStrategy): string | null => {
  if (match !== "pattern") return normalizePlate(plate).length >= 2 ? normalizePlate(plate) : null;
  const understood = understand(plate, "contains");
  return understood.kind === "pattern" ? understood.pattern : null;
};

// Pure: the phone knows entries without their schema.
export const addEntrySchema = /* @__PURE__ */ z
  .object({
    watchlistId: z.uuid(),
    plate: line(PLATE_TEXT_MAX),
    reason: line(500).check(z.minLength(3, "Say in a few words why this plate is watched.")),
    vehicle: z.optional(line(200)),
    match: z._default(z.enum(MATCH_STRATEGIES), "look-alike"),
    /** Default: 30 days from now. */
    expiresAt: z.optional(z.iso.datetime({ offset: true })),
  })
  .check(
    z.refine(({ plate, match }) => match === "pattern" || readEntryPlate(plate, match) !== null, {
      error: "A plate has at least two letters or digits.",
      path: ["plate"],
    }),
    z.refine(({ plate, match }) => match !== "pattern" || readEntryPlate(plate, match) !== null, {
      error: "Too many plates fit. Type three characters that stand together, or how the plate begins or ends.",
      path: ["plate"],
    }),
  );
export type AddEntry = z.input<typeof addEntrySchema>;

export const entryViewSchema = z.object({
  id: z.uuid(),
  watchlistId: z.uuid(),
  plate: z.string(),
  reason: z.string(),
  vehicle: z.nullable(z.string()),
  match: z.enum(MATCH_STRATEGIES),
  addedAt: z.string(),
  addedBy: z.string(),
  expiresAt: z.string(),
});
export type EntryView = z.infer<typeof entryViewSchema>;

export const watchlistViewSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  priority: prioritySchema,
  /** Viewers see the list and its alerts. */
  field: z.boolean(),
  entries: z.array(entryViewSchema),
});
export type WatchlistView = z.infer<typeof watchlistViewSchema>;
