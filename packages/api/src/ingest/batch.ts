/**
 * What a batch is on its way through ingest: as it came, sorted, and stored.
 * Rule: types alone, so that the transaction and the answer speak of the same things.
 */
import type { KnownCamera } from "../collectors/cameras.ts";
import type { DetectionKey } from "../notify/live.ts";
import type { JudgedElement, StoredIntegrity } from "./check-signatures.ts";
import type { CheckedElement, ElementImages } from "./match-images.ts";
import type { Quarantined } from "./quarantine.ts";
import type { BadElement } from "./read-batch.ts";

export type Batch = {
  collector: { id: string };
  checked: readonly CheckedElement[];
  /** The store's version by SHA-256 of each image; settles when all of them are durable, or cannot be. */
  versions: Promise<ReadonlyMap<string, string | null>>;
  receivedAt: Date;
  /** When it came out of quarantine; alerts on it are judged late from then. */
  releasedAt?: Date;
};

/** A payload that is stored, or that came earlier in the same batch (then without a key). */
export type KnownPayload = {
  id: string;
  collectorId: string;
  payloadSha256: Buffer;
  receivedAt: Date;
  epoch: number;
  seq: number | null;
  key: DetectionKey | null;
};
export type Good = { element: JudgedElement; images: ElementImages };
export type Fresh = Good & {
  plate: string;
  camera: KnownCamera;
  detectedAt: Date;
  suspect: boolean;
  /** Made by an administrator's test of the camera: nothing that it saw. */
  isTest: boolean;
};

export type Sorted = {
  fresh: Good[];
  repeats: (Good & { known: KnownPayload })[];
  bad: { element: BadElement; images: ElementImages }[];
};

export type Outcome = Sorted & {
  fresh: Fresh[];
  duplicates: Map<string, string>;
  /** What is stored of each repeat. */
  held: Map<string, { integrity: StoredIntegrity; roles: Set<string> }>;
  /** What quarantine holds of each bad element, by its index. */
  quarantined: Map<number, Quarantined>;
};
