/**
 * A vehicle in a few words.
 * Rule: only what the camera said, in its own words.
 */
import type { DetectionView } from "@chaverim/contracts";
import { t } from "../i18n/words.ts";

/** `white Toyota van`; empty when the camera said nothing. */
export const vehicleLabel = (detection: DetectionView): string =>
  [detection.vehicle?.color, detection.vehicle?.make, detection.vehicle?.model, detection.vehicle?.type]
    .filter((word) => word !== null && word !== undefined && word !== "")
    .join(" ");

/** Cameras say where a car goes as seen from themselves, or as a compass point. */
export const directionLabel = (direction: string): string => {
  if (direction === "forward") return t("alert.approaching");
  return direction === "reverse" ? t("alert.leaving") : t("alert.heading", { direction });
};
