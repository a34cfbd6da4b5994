/**
 * Whether the collector's own device signed what came in its name.
 * Rule: once a device is known to sign, only what it signed is a fact; the rest is kept in quarantine, never dropped.
 */
import type { KeyObject } from "node:crypto";
import { isSignedBy } from "../collectors/device-key.ts";
import { type BadElement, type GoodElement, isGood, toBad } from "./read-batch.ts";

/** How a detection is stored as a fact: `bad_signature` by an administrator's decision alone. */
export type StoredIntegrity = "ok" | "unsigned" | "bad_signature" | "gap";
export type JudgedElement = GoodElement & { integrity: StoredIntegrity };

const judge = async (element: GoodElement, deviceKey: KeyObject | null): Promise<JudgedElement | BadElement> => {
  if (!deviceKey) return { ...element, integrity: "unsigned" };
  if (element.signature === null)
    return toBad(element, "unsigned", "is not signed, and the device of this collector signs");
  const isSigned = await isSignedBy(deviceKey, "payload", element.payload, element.signature);
  return isSigned
    ? { ...element, integrity: "ok" }
    : toBad(element, "bad_signature", "the signature is not this device's over this payload");
};

/** @param deviceKey null for a collector whose device is not known: what it sends is taken unsigned */
export const checkSignatures = (
  elements: readonly (GoodElement | BadElement)[],
  deviceKey: KeyObject | null,
): Promise<(JudgedElement | BadElement)[]> =>
  Promise.all(elements.map(async (element) => (isGood(element) ? judge(element, deviceKey) : element)));
