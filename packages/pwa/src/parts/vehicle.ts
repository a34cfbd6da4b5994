/**
 * A vehicle in a few words.
 * Rule: only what the camera said, in its own words.
 */
import type { DetectionView } from "@chaverim/contracts";

/** `white Toyota van`; empty when the camera said nothing. */
export const vehicleLabel = (detection: DetectionView): string =>
  [detection.vehicle?.color, detection.vehicle?.make, detection.vehicle?.model, detection.vehicle?.type]
    .filter((word) => word !== null && word !== undefined && word !== "")
    .join(" ");
