/** The driver when lines break: an answer belongs to its own question, and a transaction ends with its connection. */
import { type Socket, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, expect, inject, test } from "vitest";
import { type Database, openDatabase } from "./open.ts";
import { openTestDatabase } from "./testing.ts";

/** A line to PostgreSQL that can be torn, and that can keep those who come next waiting before a word is passed on. */
const openLine = async (target: URL) => {
  const clients = new Set<Socket>();
  const waiting: (() => void)[] = [];
  let holds = false;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    clients.add(client);
    for (const socket of [client, upstream]) {
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        clients.delete(client);
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.pipe(client);
    if (holds) waiting.push(() => client.pipe(upstream));
    else client.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as { port: number }).port);
  return {
    url: url.href,
    tear: () => {
      for (const client of clients) client.resetAndDestroy();
    },
    hold: () => {
      holds = true;
    },
    /** @returns when somebody waits */
    waits: async () => {
      while (waiting.length === 0) await sleep(1);
    },
    release: () => {
      holds = false;
      for (const pass of waiting.splice(0)) pass();
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const database = await openTestDatabase(inject("testServerUrl"));
/** Notes what took effect. */
await database.owner`create table effects (what text)`;
beforeEach(() => database.owner`truncate effects`);
afterAll(() => database[Symbol.asyncDispose]());
const effects = async () =>
  (await database.owner<{ what: string }[]>`select what from effects`).map(({ what }) => what);

/** A line that can be torn, with one connection at a time over it. */
const openTorn = async () => {
  const line = await openLine(new URL(database.url));
  const torn = openDatabase(line.url, { max: 1 });
  return {
    line,
    torn,
    [Symbol.asyncDispose]: async () => {
      await torn[Symbol.asyncDispose]();
      await line[Symbol.asyncDispose]();
    },
  };
};

/** A transaction that waits for something else than the database, as one does that stores pictures meanwhile. */
const waitInTransaction = async (
  { sql }: Database,
  goOn: (transaction: Parameters<Parameters<typeof sql.begin>[1]>[0]) => Promise<unknown>,
) => {
  const begun = Promise.withResolvers<void>();
  const wait = Promise.withResolvers<void>();
  const after = Promise.withResolvers<unknown>();
  const ended = sql
    .begin(async (transaction) => {
      await transaction`insert into effects values ('before')`;
      begun.resolve();
      await wait.promise;
      await goOn(transaction).then(
        () => after.resolve("took effect"),
        (error: Error) => {
          after.resolve(error.message);
          throw error;
        },
      );
    })
    .then(
      () => "committed",
      (error: Error) => error.message,
    );
  await begun.promise;
  return { ended, goOn: () => (wait.resolve(), after.promise) };
};
const CLOSED = expect.stringContaining("CONNECTION_CLOSED");

test("A transaction whose line was torn writes nothing upon the connection that comes next", async () => {
  await using opened = await openTorn();
  const { line, torn } = opened;
  const transaction = await waitInTransaction(torn, (sql) => sql`insert into effects values ('after')`);
  line.tear();
  expect(await transaction.ended).toEqual(CLOSED);
  expect(await torn.sql`select 42 as n`).toEqual([{ n: 42 }]);
  expect(await transaction.goOn()).toEqual(CLOSED);
  expect(await effects()).toEqual([]);
});

test("Its end does not end the transaction of somebody else", async () => {
  await using opened = await openTorn();
  const { line, torn } = opened;
  const first = await waitInTransaction(torn, async () => Promise.reject(new Error("given up")));
  line.tear();
  expect(await first.ended).toEqual(CLOSED);
  const second = await waitInTransaction(torn, (sql) => sql`insert into effects values ('after')`);
  await first.goOn();
  // A rollback of the first would have been answered by now, and the second's statements would each stand alone.
  await sleep(50);
  await second.goOn();
  expect(await second.ended).toBe("committed");
  expect(await effects()).toEqual(["before", "after"]);
});

test("Its rollback does not come between a new connection's start and the first question there", async () => {
  await using opened = await openTorn();
  const { line, torn } = opened;
  const transaction = await waitInTransaction(torn, async () => Promise.reject(new Error("given up")));
  line.hold();
  line.tear();
  expect(await transaction.ended).toEqual(CLOSED);
  const answers = Promise.all([torn.sql`select 1 as n`, torn.sql`select 2 as n`, torn.sql`select 3 as n`]);
  await line.waits();
  await transaction.goOn();
  await sleep(20);
  line.release();
  expect(await answers).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
});

test("What a torn transaction still had to ask is told so, and does not wait for ever", async () => {
  await using opened = await openTorn();
  const { line, torn } = opened;
  const outcomes = Promise.withResolvers<PromiseSettledResult<unknown>[]>();
  const ended = torn.sql.begin(async (transaction) => {
    outcomes.resolve(
      Promise.allSettled(Array.from({ length: 300 }, (_, index) => transaction`select pg_sleep(0.05), ${index}::int`)),
    );
    await outcomes.promise;
  });
  await sleep(100);
  line.tear();
  await expect(ended).rejects.toThrow("CONNECTION_CLOSED");
  expect(new Set((await outcomes.promise).slice(10).map(({ status }) => status))).toEqual(new Set(["rejected"]));
});

test("A transaction that begins behind a full pipeline keeps its connection to itself", async () => {
  // The driver sends a hundred questions at once over one connection; where exactly that ends is its own affair.
  for (let before = 97; before < 104; before++) {
    await using one = openDatabase(database.url, { max: 1 });
    await one.sql`select 1`;
    const questions = Array.from({ length: before }, () => one.sql`select 1`.execute());
    await Promise.all([
      ...questions,
      one.sql.begin((transaction) => transaction`insert into effects values ('together')`),
    ]);
    await one.sql`insert into effects values ('alone')`;
    expect(await effects()).toEqual(["together", "alone"]);
    await database.owner`truncate effects`;
  }
});

test("A question that cannot be written ends by itself, and no other gets its answer", async () => {
  await using one = openDatabase(database.url, { max: 1 });
  await one.sql`select 0`;
  const answers = await Promise.allSettled([
    one.sql`select 1 as n from pg_sleep(0.05)`,
    one.sql`select ${undefined as unknown as number}::int as n`,
    one.sql`select 2 as n`,
    one.sql`select 3 as n`,
  ]);
  expect(answers.map((answer) => (answer.status === "fulfilled" ? answer.value[0]?.["n"] : "refused"))).toEqual([
    1,
    "refused",
    2,
    3,
  ]);
});

test("An answer that ends in an error leaves nothing in the next one", async () => {
  await using one = openDatabase(database.url, { max: 1 });
  await expect(one.sql`select 1 / (4 - x) as n from generate_series(1, 9) x`).rejects.toThrow("division by zero");
  expect(await one.sql`select 7 as n`).toEqual([{ n: 7 }]);
});

test.each(["reset", "ended by the server"])(
  "While connections are %s, every answer is the one to its own question",
  async (how) => {
    await using line = await openLine(new URL(database.url));
    await using torn = openDatabase(line.url, { max: 4, applicationName: "torn" });
    const answered: { asked: number; rows: readonly { n: number }[] }[] = [];
    let failed = 0;
    let asking = true;
    let next = 0;
    const workers = Array.from({ length: 24 }, async () => {
      while (asking) {
        const asked = next++;
        await torn.sql<{ n: number }[]>`select ${asked}::int as n`.then(
          (rows) => answered.push({ asked, rows: [...rows] }),
          async () => {
            failed++;
            await sleep(1);
          },
        );
      }
    });
    const transactions = Array.from({ length: 8 }, async () => {
      while (asking) {
        await torn.sql
          .begin(async (transaction) => {
            await transaction`select pg_sleep(0.005)`;
            await sleep(Math.random() * 10);
            await transaction`select 1`;
          })
          .catch(async () => {
            failed++;
            await sleep(1);
          });
      }
    });
    // On a busy machine longer, until there were answers enough to tell.
    for (let breaks = 0; breaks < 40 || (answered.length <= 500 && breaks < 400); breaks++) {
      await sleep(40);
      if (how === "reset") line.tear();
      else await database.owner`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'torn'`;
    }
    asking = false;
    await Promise.all([...workers, ...transactions]);
    expect(failed).toBeGreaterThan(40);
    expect(answered.length).toBeGreaterThan(500);
    expect(answered.filter(({ asked, rows }) => rows.length !== 1 || rows[0]?.n !== asked)).toEqual([]);
  },
);
