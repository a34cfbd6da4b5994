/**
 * Why a plate fits, in words.
 * Rule: says which character was taken for which, never just "similar".
 */
import type { PlateMatch } from "@chaverim/contracts";
import { t } from "../i18n/words.ts";
import { isRtl } from "../settings.ts";

/** `8 read as B`, or null for an exact match. */
export const readAs = (match: PlateMatch): string | null => {
  const [first, ...others] = match.differences;
  if (first === undefined) return null;
  return others.length === 0
    ? t("match.readAs", first)
    : t("match.readAsMore", { listed: first.listed, read: first.read, count: others.length });
};

/** `86 %`, in one piece: alone, the sign would wander to the other side of the number in Hebrew. */
export const percentLabel = (share: number): string => `${Math.round(share * 100)}${isRtl() ? "" : "\u00a0"}%`;

/** `Reading 86 % sure.` */
export const sureness = (confidence: number | null): string =>
  confidence === null ? t("match.sureUnknown") : t("match.sure", { percent: percentLabel(confidence) });
