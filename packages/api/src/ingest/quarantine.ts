/**
 * Quarantine: what could not be taken as fact, kept whole with its images.
 * Rule: never searchable, never dropped; the same bytes are kept once.
 */
import type { QuarantineReason } from "@chaverim/contracts";
import type { Queryable } from "@chaverim/db/open";
import { sha256 } from "../keys.ts";
import type { ElementImages } from "./match-images.ts";

export type Held = {
  element: { index: number; id: string | null; raw: Buffer; reason: QuarantineReason; detail: string };
  images: ElementImages;
};
type From = { collector: { id: string }; versions: ReadonlyMap<string, string | null>; receivedAt: Date };

/**
 * Keeps elements in quarantine.
 * @returns when the bytes of each element were first received, by the element's index
 */
export const quarantine = async (sql: Queryable, from: From, held: readonly Held[]): Promise<Map<number, Date>> => {
  const firstReceived = new Map<number, Date>();
  const keep = async ({ element, images }: Held): Promise<void> => {
    const hash = sha256(element.raw);
    const kept = [...images].map(([role, image]) => ({
      part: role,
      sha256: image.sha256,
      bytes: image.bytes,
      versionId: from.versions.get(image.sha256) ?? null,
    }));
    await sql`insert into quarantine (collector_id, reason, detail, detection_id, raw, raw_sha256, images, received_at)
      values (${from.collector.id}, ${element.reason}, ${element.detail}, ${element.id}, ${element.raw}, ${hash},
        ${JSON.stringify(kept)}::text::jsonb, ${from.receivedAt})
      on conflict (collector_id, reason, raw_sha256) do nothing`;
    const [row] = await sql<{ receivedAt: Date }[]>`select received_at as "receivedAt" from quarantine
      where collector_id = ${from.collector.id} and reason = ${element.reason} and raw_sha256 = ${hash}`;
    firstReceived.set(element.index, row?.receivedAt ?? from.receivedAt);
  };
  // Sent one behind the other without waiting for each.
  await Promise.all(held.map(keep));
  return firstReceived;
};
