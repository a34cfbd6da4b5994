/**
 * kill -9 of central between writing an alert and telling anybody, and while it writes one.
 * Rule: one alert each, and everybody who asks later is told of it.
 */
import postgres from "postgres";
import { signIn } from "../support/central.ts";
import { until } from "../support/processes.ts";
import { killAndStartCentral, share } from "./acts.ts";
import type { Experiment } from "./experiment.ts";
import type { Stand } from "./stand.ts";

type Page = { alerts: { entry: { plate: string } }[]; cursor: number; more: boolean };

/** A connection of its own, which goes with everything that it holds. */
const connectOnce = (stand: Stand) => postgres(stand.cluster.url, { max: 1, fetch_types: false });

/** Kills central as soon as the database announces an alert, which is when it is committed. */
const killAfterCommit = async (stand: Stand, feed: () => Promise<void>): Promise<void> => {
  let isAnnounced = false;
  const connection = connectOnce(stand);
  await connection.listen("live", (message) => {
    if (message.includes("alerts")) isAnnounced = true;
  });
  await feed();
  await until("an alert is announced", () => isAnnounced, { everyMs: 1 });
  await killAndStartCentral(stand);
  await connection.end({ timeout: 0 });
};

/** Kills central while the engine waits to write an alert. */
const killBeforeCommit = async (stand: Stand, feed: () => Promise<void>): Promise<void> => {
  const connection = connectOnce(stand);
  const released = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holding = connection.begin(async (transaction) => {
    await transaction`lock table alerts in share mode`;
    locked.resolve();
    await released.promise;
  });
  await locked.promise;
  await feed();
  await until("the engine waits", async () => {
    const [row] = await stand.sql<{ waiting: number }[]>`
      select count(*)::int as waiting from pg_locks where relation = 'alerts'::regclass and not granted`;
    return (row?.waiting ?? 0) > 0;
  });
  await killAndStartCentral(stand);
  released.resolve();
  await holding;
  await connection.end({ timeout: 1 });
};

export const killAlertWorker: Experiment = {
  id: 7,
  title: "kill -9 of the alert worker around its commit",
  needs: [],
  quick: { detections: 160, rounds: 4, seconds: 0 },
  full: { detections: 6000, rounds: 100, seconds: 0 },
  long: { detections: 12_000, rounds: 200, seconds: 0 },
  run: async (stand, size) => {
    for (let round = 0; round < size.rounds; round++) {
      // At least one of them is watched.
      const feed = () => stand.feed(Math.max(20, share(size)));
      await (round % 2 === 0 ? killAfterCommit(stand, feed) : killBeforeCommit(stand, feed));
    }
    stand.expect(await stand.settled(), "alerts are still to be written");
    const person = await signIn(stand.url, stand.account);
    const told = new Set<string>();
    for (let cursor = 0, more = true; more;) {
      const page = await person.call<Page>("alerts.since", { cursor });
      for (const { entry } of page.alerts) told.add(entry.plate);
      ({ cursor, more } = page);
    }
    const untold = stand.history.generated.filter(({ isWatched, plate }) => isWatched && !told.has(plate));
    stand.expect(untold.length === 0, `${untold.length} alerts are told to nobody who asks`);
  },
};
