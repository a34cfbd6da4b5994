/**
 * Measures what access control costs: a session's validation, an entry of the access log, and a read with both. Started by
 * scripts/bench/access.ts; prints one JSON figure a line.
 * Rule: a real central on its own embedded PostgreSQL, with years of sessions and entries in it; gone without a trace.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appendEntry } from "../audit/append.ts";
import { hashPassword } from "../auth/passwords.ts";
import type { Central } from "../central.ts";
import { readConfig } from "../config.ts";
import { silentLog } from "../log.ts";
import { openCentral } from "../open-central.ts";
import type { Session } from "../sessions/port.ts";

/** A large organisation: 500 people with four devices each. */
const PEOPLE = 500;
const DEVICES = 4;
/** The log of a busy month. */
const ENTRIES = 100_000;
/** Samples behind each percentile. */
const SAMPLES = 2000;
/** The first calls pay for plans and connections. */
const WARM_UP = 100;
const AT_ONCE = 8;

const print = (figure: Record<string, unknown>): void => void process.stdout.write(`${JSON.stringify(figure)}\n`);

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** Milliseconds of each run, sorted. */
const time = async (run: (index: number) => Promise<unknown>, count = SAMPLES): Promise<number[]> => {
  for (let index = 0; index < WARM_UP; index++) await run(index);
  const samples: number[] = [];
  for (let index = 0; index < count; index++) {
    const startedAt = performance.now();
    await run(index);
    samples.push(performance.now() - startedAt);
  }
  return samples.toSorted((a, b) => a - b);
};

const report = (name: string, sorted: readonly number[]): void => {
  for (const [metric, share] of [
    ["p50", 0.5],
    ["p95", 0.95],
    ["p99", 0.99],
  ] as const) {
    print({ case: name, metric, value: percentile(sorted, share), unit: "ms", n: sorted.length });
  }
};

const ratio = (name: string, above: readonly number[], below: readonly number[]): void =>
  print({ case: name, metric: "p50", value: percentile(above, 0.5) / percentile(below, 0.5), unit: "ratio" });

const seed = async (central: Central): Promise<string[]> => {
  const { sql } = central.database;
  const password = await hashPassword(randomUUID());
  const people = await sql<{ id: string }[]>`
    insert into users (email, name, role, trained_on, password_hash, totp_secret)
    select 'person-' || n || '@example.org', 'Person ' || n, 'operator', current_date, ${password}, ${central.keys.seal(Buffer.alloc(20))}
    from generate_series(1, ${PEOPLE}) n returning id`;
  const ids: string[] = [];
  for (const { id } of people) {
    for (let device = 0; device < DEVICES; device++) {
      const made = await central.sessions.create(id, {
        kind: "desktop",
        assurance: "password+totp",
        steppedUp: true,
        device: "Bench",
        ip: "127.0.0.1",
        userAgent: null,
      });
      ids.push(made.id);
    }
  }
  await sql`insert into access_log (request_id, organisation, action, filters, outcome, policy_version, offline, plate, user_id)
    select 'seed', 'Bench', 'detections.search', '{}'::jsonb, 'ok', 0, false, 'PLATE' || (n % 1000), ${people[0]?.id ?? null}
    from generate_series(1, ${ENTRIES}) n`;
  await sql`insert into plates (plate, folded, first_seen, last_seen, sightings)
    select 'BENCH' || n, 'BENCH' || n, now(), now(), 1 from generate_series(1, 10000) n`;
  return ids;
};

const entryOf = (who: Session | null) => ({
  requestId: randomUUID(),
  who,
  ip: "127.0.0.1",
  action: "detections.search" as const,
  plate: "BENCH1",
  filters: { plate: "BENCH1" },
  outcome: "ok" as const,
  shown: ["BENCH1"],
});

const measure = async (central: Central): Promise<void> => {
  const { sql } = central.database;
  const sessions = await seed(central);
  const at = (index: number) => sessions[(index * 7919) % sessions.length] ?? "";
  const round = await time(() => sql`select 1`);
  report("one round to the database", round);
  const validation = await time((index) => central.sessions.validate(at(index), false));
  report("session validation", validation);
  ratio("session validation / one round to the database", validation, round);
  const who = await central.sessions.validate(at(0), false);
  const plain = await time(
    () => sql`insert into throttles (key, failures, window_started_at) values (${randomUUID()}, 1, now())`,
  );
  report("a plain durable insert", plain);
  const entry = await time(() => appendEntry(central, entryOf(who)));
  report("access log overhead per read", entry);
  ratio("access log entry / a plain durable insert", entry, plain);
  const together = await time(
    () => Promise.all(Array.from({ length: AT_ONCE }, () => appendEntry(central, entryOf(who)))),
    250,
  );
  report(`${AT_ONCE} access log entries at once`, together);
};

const dataDir = await mkdtemp(join(tmpdir(), "chaverim-bench-access-"));
try {
  const config = { ...readConfig(), dataDir, port: 0 };
  await using opened = await openCentral(config, silentLog);
  await measure(opened.central);
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
