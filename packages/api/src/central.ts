/**
 * What the rooms of central share: one plain record, made by main.ts and by the tests.
 * Rule: no behaviour here; each member is opened and closed by whoever made it.
 */
import type { Database } from "@chaverim/db/open";
import type { Limits } from "./auth/limits.ts";
import type { CollectorKeys } from "./collectors/identify.ts";
import type { Config } from "./config.ts";
import type { EvidenceStore } from "./evidence/store.ts";
import type { CentralKeys } from "./keys.ts";
import type { Log } from "./log.ts";
import type { Live } from "./notify/live.ts";
import type { Metrics } from "./ops/metrics.ts";
import type { Policy } from "./policy/policy.ts";
import type { Sessions } from "./sessions/port.ts";

export type Central = {
  config: Config;
  /** The address that people and collectors use; known once the port is bound. */
  origins: { publicUrl: string; allowed: ReadonlySet<string>; secure: boolean };
  log: Log;
  database: Database;
  store: EvidenceStore;
  keys: CentralKeys;
  sessions: Sessions;
  policy: Policy;
  limits: Limits;
  collectorKeys: CollectorKeys;
  live: Live;
  metrics: Metrics;
  /** Aborted when central is shutting down: new work is refused, what runs is finished. */
  closing: AbortSignal;
};
