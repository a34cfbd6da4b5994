/**
 * How a plate is written where it stands for itself.
 * Rule: as a camera read it, never with characters of another plate.
 */
import type { DetectionView } from "@chaverim/contracts";

/** A plate as its newest reading writes it; that one may be of another plate and corrected to this one. */
export const writtenAs = (plate: string, latest: DetectionView | null): string =>
  latest?.plate.normalized === plate ? (latest.plate.text ?? plate) : plate;
