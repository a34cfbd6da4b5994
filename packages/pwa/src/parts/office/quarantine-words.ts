/**
 * Why something is in quarantine, in words.
 * Rule: what the collector wrote is never part of these words.
 */
import { QUARANTINE_REASONS, type QuarantineReason } from "@chaverim/contracts";
import { w } from "../../i18n/office.ts";

export const whyWords = (reason: QuarantineReason): string => w(`quarantine.why.${reason}`);

/** A reason that an address names; undefined for anything else. */
export const reasonOf = (text: string | undefined): QuarantineReason | undefined =>
  QUARANTINE_REASONS.find((reason) => reason === text);
