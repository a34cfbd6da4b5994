/**
 * Why a plate fits, in words.
 * Rule: says which character was taken for which, never just "similar".
 */
import type { PlateMatch } from "@chaverim/contracts";
import { t } from "../i18n/words.ts";

/** `8 read as B`, or null for an exact match. */
export const readAs = (match: PlateMatch): string | null => {
  const [first, ...others] = match.differences;
  if (first === undefined) return null;
  return others.length === 0
    ? t("match.readAs", first)
    : t("match.readAsMore", { listed: first.listed, read: first.read, count: others.length });
};

/** `Reading 86 % sure.` */
export const sureness = (confidence: number | null): string =>
  confidence === null ? t("match.sureUnknown") : t("match.sure", { percent: Math.round(confidence * 100) });
