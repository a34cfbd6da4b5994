/**
 * What is in quarantine, newest first, and one element of it as text.
 * Rule: foreign bytes are shown as text alone, with everything that could disguise them made visible.
 */
import type { QuarantineReason, QuarantineView } from "@chaverim/contracts";
import type { Queryable, Sql } from "@chaverim/db/open";
import { AppError } from "../failure.ts";

const PAGE = 50;
/** As much as one element may have; a whole body is up to 32 MB, and its beginning says what it is. */
const TEXT_BYTES = 64 * 1024;

type Row = Omit<QuarantineView, "collector" | "receivedAt" | "decided"> & {
  collectorId: string;
  collectorName: string;
  receivedAt: Date;
  decision: "kept" | "released" | null;
  decidedBy: string | null;
  decidedAt: Date | null;
  note: string | null;
};

/** An image that came with an element, or later for it, as quarantine keeps it. */
export type KeptImage = { part: string; sha256: string; bytes: number; versionId: string | null };

/** The `KeptImage`s of an element `quarantine q`, as a jsonb array. */
export const keptImages = (sql: Queryable) => sql`
  (q.images || coalesce((select jsonb_agg(jsonb_build_object(
    'part', i.part, 'sha256', encode(i.sha256, 'hex'), 'bytes', i.bytes, 'versionId', i.version_id) order by i.part)
    from quarantine_images i where i.quarantine_id = q.id), '[]'))`;

const columns = (sql: Queryable) => sql`
  q.id, q.collector_id as "collectorId", c.name as "collectorName", q.reason, q.detail, q.detection_id as "detectionId",
  length(q.raw) as bytes, jsonb_array_length(${keptImages(sql)}) as images, q.received_at as "receivedAt",
  d.decision, u.name as "decidedBy", d.decided_at as "decidedAt", d.note`;
const joins = (sql: Queryable) => sql`
  join collectors c on c.id = q.collector_id
  left join quarantine_decisions d on d.quarantine_id = q.id left join users u on u.id = d.decided_by`;

const toView = (row: Row): QuarantineView => ({
  id: row.id,
  collector: { id: row.collectorId, name: row.collectorName },
  reason: row.reason,
  detail: row.detail,
  detectionId: row.detectionId,
  bytes: row.bytes,
  images: row.images,
  receivedAt: row.receivedAt.toISOString(),
  decided:
    row.decision && row.decidedAt
      ? { decision: row.decision, by: row.decidedBy ?? "", at: row.decidedAt.toISOString(), note: row.note }
      : null,
});

export type QuarantineQuery = {
  reason?: QuarantineReason | undefined;
  cursor?: string | undefined;
  /** True: what nobody has decided about; false: what somebody has. */
  open?: boolean | undefined;
};

const CURSOR = /^([\d:.TZ-]+)_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

const readCursor = (cursor: string): { at: Date; id: string } => {
  const parts = CURSOR.exec(cursor);
  const at = new Date(parts?.[1] ?? "");
  if (!parts?.[2] || Number.isNaN(at.getTime()))
    throw new AppError("invalid", "This page of the list is not known. Start again from the newest.");
  return { at, id: parts[2] };
};

/** One page. @throws AppError invalid for a cursor that is none */
export const listQuarantine = async (
  sql: Sql,
  { reason, cursor, open }: QuarantineQuery,
): Promise<{ items: QuarantineView[]; cursor: string | null }> => {
  const before = cursor === undefined ? null : readCursor(cursor);
  const rows = await sql<Row[]>`
    select ${columns(sql)} from quarantine q ${joins(sql)}
    where ${reason === undefined ? sql`true` : sql`q.reason = ${reason}`}
      and ${open === undefined ? sql`true` : open ? sql`d.quarantine_id is null` : sql`d.quarantine_id is not null`}
      and ${before ? sql`(q.received_at, q.id) < (${before.at}, ${before.id}::uuid)` : sql`true`}
    order by q.received_at desc, q.id desc limit ${PAGE + 1}`;
  const items = rows.slice(0, PAGE).map(toView);
  const last = items.at(-1);
  return { items, cursor: rows.length > PAGE && last ? `${last.receivedAt}_${last.id}` : null };
};

/** Control and format characters but line feed and tab: what moves the cursor, hides text or turns its direction. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The beginning of foreign bytes as text: nothing in it is invisible, and what is no UTF-8 shows as U+FFFD. */
const toVisibleText = (raw: Buffer): string =>
  new TextDecoder("utf-8", { ignoreBOM: true })
    .decode(raw.subarray(0, TEXT_BYTES))
    .replaceAll(HIDDEN, (character) =>
      character === "\n" || character === "\t"
        ? character
        : `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
    );

export type QuarantineItem = {
  view: QuarantineView;
  text: string;
  images: Omit<KeptImage, "versionId">[];
};

/** One element. @throws AppError not_found */
export const readQuarantined = async (sql: Sql, id: string): Promise<QuarantineItem> => {
  const [row] = await sql<(Row & { head: Buffer; kept: KeptImage[] })[]>`
    select ${columns(sql)}, substring(q.raw for ${TEXT_BYTES}) as head, ${keptImages(sql)} as kept
    from quarantine q ${joins(sql)} where q.id = ${id}`;
  if (!row) throw new AppError("not_found", "There is nothing in quarantine with this id.");
  return {
    view: toView(row),
    text: toVisibleText(row.head),
    images: row.kept.map(({ part, sha256, bytes }) => ({ part, sha256, bytes })),
  };
};
