/**
 * The Ed25519 key of a collector's device, and whether a text was signed with it.
 * Rule: a key or a signature of any other form is no key and no signature, never an error.
 */
import { type KeyObject, createPublicKey, verify } from "node:crypto";
import { promisify } from "node:util";
import { type SignedType, signedBytes } from "@chaverim/contracts";

const verifyAside = promisify(verify);
/** RFC 8032. */
const SIGNATURE_BYTES = 64;

/** @param der SPKI; null for anything that is not an Ed25519 key */
export const readDeviceKey = (der: Buffer): KeyObject | null => {
  try {
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    return key.asymmetricKeyType === "ed25519" ? key : null;
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
};

/**
 * Verifies beside the event loop: one check takes about 0.1 ms, and a batch has fifty.
 * @param signature base64
 */
export const isSignedBy = (key: KeyObject, type: SignedType, body: string, signature: string): Promise<boolean> => {
  const bytes = Buffer.from(signature, "base64");
  if (bytes.length !== SIGNATURE_BYTES) return Promise.resolve(false);
  return verifyAside(null, signedBytes(type, body), key, bytes);
};
