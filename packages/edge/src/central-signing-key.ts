/**
 * Central's signing keys, as this collector heard of them first.
 * Rule: what central names at first contact counts, for good; a key that it names later is believed only when whoever looks after
 * the device says so, with a file. Commands are obeyed under the first key alone.
 */
import { createPublicKey, verify } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { commandText, signedBytes, type Command } from "@chaverim/contracts";
import * as z from "zod";
import { readJson, type Central } from "./central.ts";
import type { Log } from "./log.ts";

const KEYS_TIMEOUT_MS = 10_000;

const keysSchema = z.object({ keys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })).max(100) });

type PinStore = { getMeta: (key: string) => string | null; pinMeta: (key: string, value: string) => void };

const KEY_PREFIX = "receiptKey:";
const metaKey = (keyId: string) => `${KEY_PREFIX}${keyId}`;
/** Of the keys that central ever named, the first: whoever gets at central's address later commands nothing. */
const COMMAND_KEY = "commandKey";

/** Notes that say who central is, and those that count what that one said: a number of its commands, its epoch. */
const OF_CENTRAL = [COMMAND_KEY, KEY_PREFIX, "collectorId", "commands", "centralEpoch"];
const TRUST_ANEW_FILE = "trust-central-anew";

/**
 * Forgets who central is where a file `trust-central-anew` lies in the data folder, and removes that file: central has another signing
 * key. The next one that answers counts.
 */
export const forgetCentralIfAsked = (
  dataDir: string,
  store: { dropMeta: (prefix: string) => void },
  log: Log,
): void => {
  const path = join(dataDir, TRUST_ANEW_FILE);
  if (!existsSync(path)) return;
  for (const prefix of OF_CENTRAL) store.dropMeta(prefix);
  rmSync(path);
  log.warn("central's keys were forgotten, as asked; those of the central that answers next count");
};

/** The pinned key of this name: Ed25519, base64 of SPKI DER; null when central never named it. */
export const pinnedKey = (store: PinStore, keyId: string): string | null => store.getMeta(metaKey(keyId));

/** The key under which commands are obeyed; null while central has not been heard. */
export const commandKey = (store: PinStore): string | null => store.getMeta(COMMAND_KEY);

/** Asks central for its signing keys and pins them; nothing once that has been done. */
export const pinKeys = async (store: PinStore, central: Central): Promise<void> => {
  if (commandKey(store) !== null) return;
  const answer = await central({ method: "GET", path: "/api/v1/keys", timeoutMs: KEYS_TIMEOUT_MS });
  const parsed = keysSchema.safeParse(answer.kind === "answered" ? readJson(answer.text) : undefined);
  for (const { keyId, publicKey } of parsed.data?.keys ?? []) {
    store.pinMeta(metaKey(keyId), publicKey);
    store.pinMeta(COMMAND_KEY, pinnedKey(store, keyId) ?? publicKey);
  }
};

/**
 * Says whether a signature is of this key.
 * @param publicKey Ed25519, base64 of SPKI DER
 * @param signature base64
 */
export const isSignedBy = (publicKey: string, bytes: Uint8Array, signature: string): boolean => {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
    return verify(null, bytes, key, Buffer.from(signature, "base64"));
  } catch (error) {
    // A key or a signature of another shape: not valid, whatever the library says about it.
    if (error instanceof Error) return false;
    throw error;
  }
};

/** Says whether central signed this command for this collector. */
export const isCommandSigned = (publicKey: string, collectorId: string, command: Command): boolean =>
  isSignedBy(publicKey, signedBytes("command", commandText(collectorId, command)), command.signature);
