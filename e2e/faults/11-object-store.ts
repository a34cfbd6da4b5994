/**
 * The object store is killed, freezes, answers everything with 500, or takes 1,000 bytes a second.
 * Rule: a batch with pictures is refused with 503 all the while, and no row names a picture that the store does not hold.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type ObjectStore, openObjectStore } from "../support/object-store.ts";
import { type Proxy, openProxy } from "../support/proxy.ts";
import { createRandom } from "../support/random.ts";
import { expectStatuses, share } from "./acts.ts";
import type { Experiment } from "./experiment.ts";
import { holdingsOfBucket } from "./holdings.ts";
import { scriptBatch, sendUntilTaken } from "./script.ts";
import type { Stand } from "./stand.ts";

/** Central's own limit for a request to the store is 15 s; a batch is a few of them, on a busy machine. */
const REFUSED_MS = 30_000;
const SERVER_ERROR = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

let store: ObjectStore;
let line: Proxy;

/** Each begins when it is called, and ends with what it returns. */
type Begin = () => () => Promise<void> | void;
const FAULTS: readonly [[string, Begin], ...[string, Begin][]] = [
  [
    "kill -9 object store",
    () => {
      store.signal("SIGKILL");
      return () => store.startAgain();
    },
  ],
  [
    "object store frozen",
    () => {
      store.signal("SIGSTOP");
      return () => store.signal("SIGCONT");
    },
  ],
  [
    "object store answers 500",
    () => {
      line.set({ answer: SERVER_ERROR });
      line.resetAll();
      return () => line.set();
    },
  ],
  [
    "object store takes 1 kB/s",
    () => {
      line.set({ bytesPerSecond: 1000 });
      line.resetAll();
      return () => {
        line.set();
        line.resetAll();
      };
    },
  ],
];

const expectObjects = async (stand: Stand): Promise<void> => {
  const rows = await stand.sql<
    { sha256: string }[]
  >`select distinct encode(sha256, 'hex') as sha256 from evidence_images`;
  const held = new Set(await stand.holdings.list());
  const bare = rows.filter(({ sha256 }) => !held.has(sha256));
  stand.expect(bare.length === 0, `${bare.length} rows name a picture that the store does not hold`);
};

export const objectStore: Experiment = {
  id: 11,
  title: "object store killed, frozen, 500s, 1 kB/s",
  needs: ["radosgw"],
  waits: true,
  quick: { detections: 240, rounds: 4, seconds: 2 },
  full: { detections: 6000, rounds: 12, seconds: 15 },
  places: async () => {
    store = await openObjectStore();
    line = await openProxy(store.port, createRandom(store.port));
    const release = async () => {
      await line[Symbol.asyncDispose]();
      store.stop();
    };
    return {
      environment: store.environment(line.url),
      holdings: (dataDir) => holdingsOfBucket(store, dataDir),
      release,
    };
  },
  run: async (stand, size) => {
    for (let round = 0; round < size.rounds; round++) {
      const [what, begin] = FAULTS[round % FAULTS.length] ?? FAULTS[0];
      // Ten in a row: one of them has pictures.
      const batch = await scriptBatch(stand, 10);
      stand.fault(what);
      const end = begin();
      const [answer] = await Promise.allSettled([
        batch.send(),
        stand.feed(share(size), share(size) / size.seconds),
        sleep(size.seconds * 1000),
      ]);
      await end();
      const { status, retryAfter, ms } =
        answer.status === "fulfilled" ? answer.value : { status: 0, retryAfter: null, ms: 0 };
      stand.expect(status === 503 && retryAfter !== null, `${what}: a batch with pictures was answered with ${status}`);
      stand.expect(ms < REFUSED_MS, `${what}: a batch was refused after ${Math.round(ms)} ms`);
      await sendUntilTaken(batch);
      await expectObjects(stand);
    }
    expectStatuses(stand, [200, 429, 503]);
  },
};
