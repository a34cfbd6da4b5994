/**
 * What central checks and opens beside its database.
 * Rule: a data directory of which a part is missing is told in one sentence, before anything is served.
 */
import { join } from "node:path";
import type { Database } from "@chaverim/db/open";
import { type Config, ConfigError } from "../config.ts";
import { openEvidenceStore } from "../evidence/open-store.ts";
import type { EvidenceStore } from "../evidence/store.ts";
import type { CentralKeys } from "../keys.ts";
import type { Log } from "../log.ts";

/** Where the filesystem store keeps its objects. */
export const evidenceDirectory = (config: Config): string => join(config.dataDir, "evidence");

/** Opens the evidence store that the configuration names. */
export const openEvidence = (config: Config, log: Log): Promise<EvidenceStore> =>
  openEvidenceStore(
    config.evidence.store === "filesystem"
      ? { store: "filesystem", directory: evidenceDirectory(config), log }
      : { ...config.evidence, spoolDirectory: join(config.dataDir, "spool"), log },
  );

/**
 * Makes sure that the key files belong to this database.
 * @throws ConfigError when the authenticators' secrets cannot be opened with them
 */
export const assertKeysFit = async ({ sql }: Database, keys: CentralKeys): Promise<void> => {
  const [user] = await sql<{ secret: Buffer }[]>`select totp_secret as secret from users limit 1`;
  if (!user) return;
  try {
    keys.unseal(user.secret);
  } catch (cause) {
    throw new ConfigError(
      "The key files in DATA_DIR/keys do not belong to this database: restore that directory from the same backup.",
      { cause },
    );
  }
};
