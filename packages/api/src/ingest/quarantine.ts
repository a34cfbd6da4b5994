/**
 * Quarantine: what could not be taken as fact, kept whole with its images.
 * Rule: never searchable, never dropped; the same bytes are kept once, and images that come later are kept beside them.
 */
import type { ImageRole, QuarantineReason } from "@chaverim/contracts";
import type { Queryable } from "@chaverim/db/open";
import { sha256 } from "../keys.ts";
import { type KeptImage, keptImages } from "../quarantine/list.ts";
import type { ElementImages } from "./match-images.ts";
import type { BadElement } from "./read-batch.ts";

export type Held = {
  element: Pick<BadElement, "index" | "id" | "raw" | "detail" | "declared"> & { reason: QuarantineReason };
  images: ElementImages;
};
type From = { collector: { id: string }; versions: ReadonlyMap<string, string | null>; receivedAt: Date };
/** What quarantine holds: since when, and which of the images that it may still bring it has not. */
export type Quarantined = { receivedAt: Date; missing: ImageRole[] };

/** Keeps declared images beside an element that was there before them; a detection that was released meanwhile gets them too. */
const addImages = async (sql: Queryable, id: string, receivedAt: Date, images: readonly KeptImage[]): Promise<void> => {
  await sql`
    insert into quarantine_images (quarantine_id, part, sha256, bytes, version_id, received_at)
    select ${id}, r.part, decode(r.sha256, 'hex'), r.bytes, r."versionId", ${receivedAt}
    from jsonb_to_recordset(${JSON.stringify(images)}::text::jsonb) as r(part text, sha256 text, bytes int, "versionId" text)
    on conflict do nothing`;
  await sql`
    insert into evidence_images (detection_id, role, sha256, bytes, version_id, received_at)
    select d.detection_id, i.part, i.sha256, i.bytes, i.version_id, i.received_at
    from quarantine_decisions d join quarantine_images i on i.quarantine_id = d.quarantine_id
    where d.quarantine_id = ${id} and d.decision = 'released' on conflict do nothing`;
};

/**
 * Keeps elements in quarantine.
 * @returns what is held of each element, by its index
 */
export const quarantine = async (
  sql: Queryable,
  from: From,
  held: readonly Held[],
): Promise<Map<number, Quarantined>> => {
  const quarantined = new Map<number, Quarantined>();
  const keep = async ({ element, images }: Held): Promise<void> => {
    const hash = sha256(element.raw);
    const sent = [...images].map(([role, image]) => ({
      part: role,
      sha256: image.sha256,
      bytes: image.bytes,
      versionId: from.versions.get(image.sha256) ?? null,
    }));
    await sql`insert into quarantine (collector_id, reason, detail, detection_id, raw, raw_sha256, images, received_at)
      values (${from.collector.id}, ${element.reason}, ${element.detail}, ${element.id}, ${element.raw}, ${hash},
        ${JSON.stringify(sent)}::text::jsonb, ${from.receivedAt})
      on conflict (collector_id, reason, raw_sha256) do nothing`;
    const [row] = await sql<{ id: string; receivedAt: Date; kept: KeptImage[] }[]>`
      select q.id, q.received_at as "receivedAt", ${keptImages(sql)} as kept from quarantine q
      where q.collector_id = ${from.collector.id} and q.reason = ${element.reason} and q.raw_sha256 = ${hash}`;
    if (!row) throw new Error("what was just quarantined is not there");
    const isIn = (some: readonly KeptImage[], { role, sha256: wanted }: BadElement["declared"][number]) =>
      some.some((image) => image.part === role && image.sha256 === wanted);
    const lacking = element.declared.filter((declared) => !isIn(row.kept, declared));
    const late = sent.filter(
      (image) => images.get(image.part)?.isJpeg && lacking.some((declared) => isIn([image], declared)),
    );
    if (late.length > 0) await addImages(sql, row.id, from.receivedAt, late);
    const missing = lacking.filter((declared) => !isIn(late, declared)).map(({ role }) => role);
    quarantined.set(element.index, { receivedAt: row.receivedAt, missing: [...new Set(missing)] });
  };
  // Sent one behind the other without waiting for each.
  await Promise.all(held.map(keep));
  return quarantined;
};
