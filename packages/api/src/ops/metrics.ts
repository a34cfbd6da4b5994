/**
 * What central counts, in Prometheus' text format.
 * Rule: labels are small fixed sets; a plate is never a label.
 */
import { HEALTH_KINDS, type Priority } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

/** Seconds; fine around the 100 ms that a batch may take. */
const BATCH_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5];
/** Seconds; fine below the 5 s within which a phone must ring. */
const ALERT_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 15, 60];

export type Metrics = {
  detection: (status: string) => void;
  batch: (seconds: number) => void;
  alert: (priority: Priority, late: boolean, seconds: number) => void;
  /** The whole page, in text format. */
  render: () => Promise<string>;
  contentType: string;
};

/** Counters of this process, and gauges that are read from the database when the page is asked for. */
export const createMetrics = (sql: Sql): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const detections = new Counter({
    name: "alpr_detections_total",
    help: "Detections received, by result",
    labelNames: ["status"],
    registers,
  });
  const batches = new Histogram({
    name: "alpr_ingest_batch_seconds",
    help: "Time to store one batch",
    buckets: BATCH_BUCKETS,
    registers,
  });
  const alerts = new Counter({
    name: "alpr_alerts_total",
    help: "Alerts raised",
    labelNames: ["priority", "late"],
    registers,
  });
  const latency = new Histogram({
    name: "alpr_alert_latency_seconds",
    help: "From the detection's receipt to its alert, without late detections",
    buckets: ALERT_BUCKETS,
    registers,
  });
  const outbox = new Gauge({ name: "alpr_outbox_depth", help: "Jobs that wait", registers });
  const lastSeen = new Gauge({
    name: "alpr_collector_last_seen_seconds",
    help: "Seconds since a collector was heard of",
    labelNames: ["collector"],
    registers,
  });
  const health = new Gauge({
    name: "alpr_health_alerts",
    help: "What is wrong with collectors and cameras now, by kind",
    labelNames: ["kind"],
    registers,
  });
  const quarantined = new Gauge({
    name: "alpr_quarantine_undecided",
    help: "Elements in quarantine that nobody has decided about",
    registers,
  });
  // Every series exists from the start, so that "no alert yet" is 0 and not absent.
  for (const status of ["stored", "duplicate", "quarantined", "retransmit"]) detections.inc({ status }, 0);
  for (const priority of [1, 2, 3]) alerts.inc({ priority, late: "false" }, 0);
  return {
    detection: (status) => detections.inc({ status }),
    batch: (seconds) => batches.observe(seconds),
    alert: (priority, late, seconds) => {
      alerts.inc({ priority, late: String(late) });
      if (!late) latency.observe(seconds);
    },
    render: async () => {
      const [depth] = await sql<{ depth: number }[]>`select count(*)::int as depth from outbox`;
      outbox.set(depth?.depth ?? 0);
      const collectors = await sql<{ name: string; seconds: number }[]>`
        select name, extract(epoch from now() - last_seen_at)::float8 as seconds from collectors
        where last_seen_at is not null and revoked_at is null`;
      const open = await sql<{ kind: string; count: number }[]>`
        select kind, count(*)::int as count from health_alerts where resolved_at is null group by kind`;
      for (const kind of HEALTH_KINDS) health.set({ kind }, open.find((row) => row.kind === kind)?.count ?? 0);
      const [undecided] = await sql<{ count: number }[]>`
        select count(*)::int as count from quarantine q
        where not exists (select 1 from quarantine_decisions d where d.quarantine_id = q.id)`;
      quarantined.set(undecided?.count ?? 0);
      lastSeen.reset();
      for (const { name, seconds } of collectors) lastSeen.set({ collector: name }, seconds);
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
};
