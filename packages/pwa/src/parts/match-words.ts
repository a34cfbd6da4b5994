/**
 * Why a plate fits, in words.
 * Rule: says which character was taken for which, never just "similar".
 */
import { type PlateDifference, type PlateMatch, kindOfDifference } from "@chaverim/contracts";
import { t } from "../i18n/words.ts";
import { isRtl } from "../settings.ts";

/** `8 read as B`, `5↔6 often confused`, `one missing: 4` */
export const differenceWords = (difference: PlateDifference): string =>
  t(`match.${kindOfDifference(difference)}`, difference);

/** All of it in one phrase, or null for an exact match. */
export const readAs = (match: PlateMatch): string | null => {
  if (match.kind === "pattern") return t("match.pattern");
  const [first, ...others] = match.differences;
  if (first === undefined) return null;
  const words = differenceWords(first);
  return others.length === 0 ? words : t("match.more", { first: words, count: others.length });
};

/** What follows the phrase where there is room to say what to make of it; null for an exact match. */
export const whatToMakeOf = (match: PlateMatch): string | null => {
  if (match.kind === "look-alike") return t("match.lookAlikesLong");
  return match.kind === "near" ? t("match.nearLong") : null;
};

/** `86 %`, in one piece: alone, the sign would wander to the other side of the number in Hebrew. */
export const percentLabel = (share: number): string => `${Math.round(share * 100)}${isRtl() ? "" : "\u00a0"}%`;

/** `Reading 86 % sure.` */
export const sureness = (confidence: number | null): string =>
  confidence === null ? t("match.sureUnknown") : t("match.sure", { percent: percentLabel(confidence) });
