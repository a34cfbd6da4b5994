/**
 * The API keys that a collector may show to central: the one of its settings, and those that it made itself.
 * Rule: a key that it made is kept sealed, and none is thrown away while central may still want it.
 */
import { createHash, randomBytes } from "node:crypto";
import * as z from "zod";
import { readJson, type ApiKeys } from "./central.ts";
import type { Vault } from "./vault.ts";

/** How long central goes on taking the key before a rotation. */
const OVERLAP_MS = 24 * 3_600_000;
/** Of a new key as of central's own: 256 bits that nobody guesses. */
const KEY_BYTES = 32;
/** As much of a key as is shown to people. */
const PREFIX_LENGTH = 10;

const META = "apiKeys";
const LABEL = "api-keys";

const ringSchema = z.object({
  /** SHA-256 of the key of the settings on which this stands: with another one there, all this is over. */
  settings: z.string(),
  current: z.string(),
  /** Made here, and not known to be taken by central yet. */
  pending: z.string().nullable(),
  previous: z.object({ key: z.string(), untilMs: z.number() }).nullable(),
});
type Ring = z.infer<typeof ringSchema>;

type KeyStore = { getMeta: (key: string) => string | null; setMeta: (key: string, value: string) => void };

export type KeyRing = ApiKeys & {
  /** Makes a key and keeps it beside the present one; says what central may know of it. */
  prepare: () => { sha256: string; prefix: string };
  /** Central has taken over the prepared key: it is shown from now on, the one before it is kept for a day. */
  change: (sha256: string) => void;
};

const sha256Of = (key: string): string => createHash("sha256").update(key).digest("hex");

/**
 * Opens the keys of a collector.
 * @param settingsKey the key that its settings name
 * @param nowMs central's time, milliseconds since 1970; null while it is not known
 */
export const openKeyRing = (
  settingsKey: string,
  store: KeyStore,
  vault: Pick<Vault, "seal" | "unseal">,
  nowMs: () => number | null,
): KeyRing => {
  const settings = sha256Of(settingsKey);
  const fresh: Ring = { settings, current: settingsKey, pending: null, previous: null };

  const read = (): Ring => {
    const sealed = store.getMeta(META);
    const opened = sealed === null ? null : vault.unseal("secret", Buffer.from(sealed, "base64"), LABEL);
    const ring = ringSchema.safeParse(opened === null ? undefined : readJson(opened.toString("utf8")));
    return ring.success && ring.data.settings === settings ? ring.data : fresh;
  };

  let ring = read();
  const keep = (next: Ring) => {
    const sealed = vault.seal("secret", Buffer.from(JSON.stringify(next)), LABEL);
    store.setMeta(META, sealed.toString("base64"));
    ring = next;
  };

  /** Forgets the key before the last change when its day is over. */
  const tidy = () => {
    const now = nowMs();
    if (now !== null && ring.previous !== null && ring.previous.untilMs <= now) keep({ ...ring, previous: null });
  };

  const changeTo = (key: string) => {
    // Without the time the old key stays until the next change: one key too many is no loss.
    const untilMs = (nowMs() ?? Number.MAX_SAFE_INTEGER - OVERLAP_MS) + OVERLAP_MS;
    keep({ ...ring, current: key, pending: null, previous: { key: ring.current, untilMs } });
  };

  return {
    current: () => {
      tidy();
      return ring.current;
    },
    othersThan: (tried) => {
      tidy();
      // The present one is among them when another request has changed it meanwhile.
      const keys = [ring.current, ring.pending, ring.previous?.key ?? null];
      return keys.filter((key) => key !== null).filter((key) => key !== tried);
    },
    noteTaken: (key) => {
      if (key === ring.current) return;
      if (key === ring.pending) return changeTo(key);
      // The key before: central has not taken the new one, or has taken it back. It stays, for central may know it again.
      if (key === ring.previous?.key) keep({ ...ring, current: key, pending: ring.current, previous: null });
    },
    prepare: () => {
      const key = `alpr_${randomBytes(KEY_BYTES).toString("base64url")}`;
      keep({ ...ring, pending: key });
      return { sha256: sha256Of(key), prefix: key.slice(0, PREFIX_LENGTH) };
    },
    change: (sha256) => {
      if (ring.pending !== null && sha256Of(ring.pending) === sha256) changeTo(ring.pending);
    },
  };
};
