/**
 * Lines whose other end vanished without a word, before and within a request, and lines that are closed one way only.
 * Rule: a collector gives each such connection up within its 30 seconds, and central frees its socket within 40.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../support/processes.ts";
import type { Fault, Silence } from "../support/proxy.ts";
import { share } from "./acts.ts";
import type { Experiment } from "./experiment.ts";

/** The collector's limit of 30 s; what one picture takes on the slowest line, 5 s, is added when it goes alone; and some for a busy machine. */
const EDGE_MS = 38_000;
/** Central's own limit of 40 s for a connection on which nothing moves, and some for a busy machine. */
const CENTRAL_MS = 44_000;
/** The head of a request and a part of its body. */
const WITHIN = 2000;

type Kind = [what: string, fault: Fault];
const KINDS: readonly [Kind, ...Kind[]] = [
  ["black hole within a request", { blackholeAfterBytes: WITHIN }],
  ["half-closed connection", { halfCloseAfterBytes: WITHIN }],
  ["black hole", { blackholeAfterBytes: 0 }],
];

const slowest = (silences: readonly Silence[], of: (silence: Silence) => number | null): number =>
  Math.max(...silences.map((silence) => of(silence) ?? Number.POSITIVE_INFINITY));

export const halfOpen: Experiment = {
  id: 17,
  title: "half-open connections",
  needs: [],
  waits: true,
  // A round takes as long as central's limit: the two lines have a kind each.
  quick: { detections: 200, rounds: 1, seconds: 0 },
  full: { detections: 3000, rounds: 4, seconds: 0 },
  run: async (stand, size) => {
    for (let round = 0; round < size.rounds; round++) {
      for (const [place, { name, proxy }] of stand.stations.entries()) {
        const [what, fault] = KINDS[(round + place) % KINDS.length] ?? KINDS[0];
        stand.fault(`${what} of ${name}`);
        proxy.set(fault);
        proxy.resetAll();
      }
      await stand.feed(share(size));
      const of = () => stand.stations.map(({ proxy }) => proxy.silences());
      const hasBatch = () => of().every((silences) => silences.some(({ sendsBatch }) => sendsBatch));
      await until("a batch of each is silenced", hasBatch, { withinMs: EDGE_MS });
      const silenced = of().flat();
      // The line is good again for whatever is new, and what was silenced stays so.
      for (const { proxy } of stand.stations) proxy.set();
      const areGone = () => silenced.every(({ collectorMs, centralMs }) => collectorMs !== null && centralMs !== null);
      await until("both ends have let go", areGone, { withinMs: CENTRAL_MS + 5000 }).catch(() => sleep(0));
      const edgeMs = slowest(silenced, ({ collectorMs }) => collectorMs);
      const centralMs = slowest(silenced, ({ centralMs: ms }) => ms);
      stand.expect(edgeMs < EDGE_MS, `a collector held a silent connection for ${Math.round(edgeMs)} ms`);
      stand.expect(centralMs < CENTRAL_MS, `central held a silent connection for ${Math.round(centralMs)} ms`);
    }
  },
};
