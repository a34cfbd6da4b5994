/**
 * Which device speaks in a collector's name, by the key that it signs with.
 * Rule: the first device is taken at its word; another one only with an API key that it alone has used, which somebody gave it.
 */
import type { Transaction } from "@chaverim/db/open";
import { isSignedBy, readDeviceKey } from "./device-key.ts";
import { openHealthAlert, resolveHealthAlert } from "./health-alerts.ts";
import { announceKeys } from "./keys.ts";
import { sha256 } from "../keys.ts";

/** `unsigned`: its device is not known. `stranger`: not the one that is known. */
export type Speaker = "unsigned" | "known" | "new" | "stranger";

export type Spoken = {
  collectorId: string;
  /** The API key that it came with. */
  keyId: string;
  /** The exact text, and its signature in base64. */
  text: string;
  signature: string | null;
  /** SPKI, DER, base64: the key that it says is its own. */
  deviceKey: string | null;
};

const isSigned = async (der: Buffer, { text, signature }: Spoken): Promise<boolean> => {
  const key = readDeviceKey(der);
  return key !== null && signature !== null && isSignedBy(key, "heartbeat", text, signature);
};

/** What people compare: enough of the hash to tell two devices apart. */
const nameOf = (der: Buffer): string => sha256(der).toString("hex").slice(0, 16);

const takeKey = async (transaction: Transaction, { collectorId }: Spoken, der: Buffer): Promise<void> => {
  await transaction`update collectors set device_key = ${der}, device_key_at = clock_timestamp() where id = ${collectorId}`;
  await resolveHealthAlert(transaction, collectorId, "device_changed");
  await announceKeys(transaction);
};

/**
 * Recognises the device behind a heartbeat, and takes over a new one's key where that is allowed.
 * The caller holds the collector's row.
 */
export const recogniseDevice = async (transaction: Transaction, spoken: Spoken): Promise<Speaker> => {
  const { collectorId, keyId } = spoken;
  const [row] = await transaction<{ known: Buffer | null; isFreshKey: boolean }[]>`
    select c.device_key as known, k.created_at > c.device_key_at as "isFreshKey"
    from collectors c, collector_keys k where c.id = ${collectorId} and k.id = ${keyId}`;
  const known = row?.known ?? null;
  if (known && (await isSigned(known, spoken))) {
    // This API key is the known device's from now on: it cannot bring in another one any more.
    if (row?.isFreshKey) {
      await transaction`update collectors set device_key_at = clock_timestamp() where id = ${collectorId}`;
    }
    return "known";
  }
  const offered = spoken.deviceKey === null ? null : Buffer.from(spoken.deviceKey, "base64");
  const isProven = offered !== null && (await isSigned(offered, spoken));
  if (offered && isProven && (!known || row?.isFreshKey)) {
    await takeKey(transaction, spoken, offered);
    return "new";
  }
  if (!known) return "unsigned";
  await openHealthAlert(transaction, collectorId, "device_changed", {
    known: nameOf(known),
    offered: offered && isProven ? nameOf(offered) : null,
    at: new Date().toISOString(),
  });
  return "stranger";
};
