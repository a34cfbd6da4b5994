/**
 * Brings the image parts of a batch to their elements and checks them against what was declared.
 * Rule: bytes that differ from their declaration are asked for twice more, then kept in quarantine; never dropped.
 */
import type { ImageRole, QuarantineReason } from "@chaverim/contracts";
import type { StagedObject } from "../evidence/store.ts";
import { AppError } from "../failure.ts";
import type { JudgedElement } from "./check-signatures.ts";
import { type BadElement, isGood, toBad } from "./read-batch.ts";

export type ElementImages = Map<ImageRole, StagedObject>;
export type CheckedElement =
  | { kind: "good"; element: JudgedElement; images: ElementImages }
  | { kind: "bad"; element: BadElement; images: ElementImages }
  | { kind: "retransmit"; element: JudgedElement; wanted: string[] };

const PART = /^image_(\d{1,4})_(full|crop)$/;
/** wire.md: asked for twice, kept in quarantine the third time. */
const RETRANSMITS = 2;
/** Elements that are remembered as sent wrongly; a restart forgets them, which only costs another try. */
const REMEMBERED = 10_000;

export type RetransmitCount = {
  next: (collectorId: string, id: string) => number;
  forget: (collectorId: string, id: string) => void;
};

export const createRetransmitCount = (): RetransmitCount => {
  const counts = new Map<string, number>();
  return {
    next: (collectorId, id) => {
      const key = `${collectorId} ${id}`;
      const count = (counts.get(key) ?? 0) + 1;
      counts.delete(key);
      counts.set(key, count);
      const oldest = counts.keys().next().value;
      if (counts.size > REMEMBERED && oldest !== undefined) counts.delete(oldest);
      return count;
    },
    forget: (collectorId, id) => void counts.delete(`${collectorId} ${id}`),
  };
};

const imagesByIndex = (parts: ReadonlyMap<string, StagedObject>, elements: number): Map<number, ElementImages> => {
  const byIndex = new Map<number, ElementImages>();
  for (const [name, image] of parts) {
    const [, index, role] = PART.exec(name) ?? [];
    if (index === undefined || Number(index) >= elements) {
      throw new AppError(
        "invalid",
        `Part ${JSON.stringify(name.slice(0, 40))} belongs to no element. Images are named image_{n}_full and image_{n}_crop.`,
      );
    }
    const images = byIndex.get(Number(index)) ?? new Map<ImageRole, StagedObject>();
    byIndex.set(Number(index), images.set(role as ImageRole, image));
  }
  return byIndex;
};

const checkGood = (
  element: JudgedElement,
  images: ElementImages,
  collectorId: string,
  counts: RetransmitCount,
): CheckedElement => {
  const declared = new Map(element.detection.images.map((image) => [image.role, image.sha256]));
  const undeclared = [...images.keys()].filter((role) => !declared.has(role));
  const differing = [...images].filter(([role, image]) => declared.has(role) && declared.get(role) !== image.sha256);
  const notJpeg = [...images].filter(([, image]) => !image.isJpeg).map(([role]) => role);
  const bad = (reason: QuarantineReason, detail: string): CheckedElement => ({
    kind: "bad",
    element: toBad(element, reason, detail),
    images,
  });
  if (undeclared.length > 0)
    return bad("schema", `image ${undeclared.join(" and ")} was sent but is not declared in images`);
  if (differing.length > 0) {
    if (counts.next(collectorId, element.detection.id) <= RETRANSMITS) {
      return { kind: "retransmit", element, wanted: differing.map(([role]) => declared.get(role) ?? "") };
    }
    counts.forget(collectorId, element.detection.id);
    return bad("bad_hash", `image ${differing.map(([role]) => role).join(" and ")} differs from the declared SHA-256`);
  }
  if (notJpeg.length > 0) return bad("not_jpeg", `image ${notJpeg.join(" and ")} is no JPEG`);
  return { kind: "good", element, images };
};

/**
 * Checks every element with the images that came for it.
 * @throws AppError invalid for a part that belongs to no element
 */
export const matchImages = (
  elements: readonly (JudgedElement | BadElement)[],
  parts: ReadonlyMap<string, StagedObject>,
  collectorId: string,
  counts: RetransmitCount,
): CheckedElement[] => {
  const byIndex = imagesByIndex(parts, elements.length);
  return elements.map((element): CheckedElement => {
    const images: ElementImages = byIndex.get(element.index) ?? new Map<ImageRole, StagedObject>();
    return isGood(element) ? checkGood(element, images, collectorId, counts) : { kind: "bad", element, images };
  });
};
