/** The viewer's daily budget, also when everything arrives at the same moment and at two servers. */
import { DEFAULT_POLICY } from "@chaverim/contracts";
import { openDatabase } from "@chaverim/db/open";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf, openBrowser } from "../testing/people.ts";
import { looksTaken } from "./budget.ts";

type Plan = Record<string, unknown> & {
  Plans?: Plan[];
  "Rows Removed by Filter"?: number;
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
};

let central: TestCentral;
beforeAll(async () => {
  central = await openTestCentral();
  await central.central.policy.set({ ...DEFAULT_POLICY, viewer: { dailyLooks: 3 } }, 0, null);
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const search = (browser: Browser) => failureOf(browser.trpc.detections.search.query({ plate: "BUDGET1" }));
const countOf = (outcomes: readonly string[], wanted: string) => outcomes.filter((one) => one === wanted).length;
const entriesOf = async (browser: Browser) => {
  const { user } = await browser.trpc.auth.me.query();
  return central.sql<{ outcome: string; failure: string | null; count: number; shown: number }[]>`
    select outcome, failure, count(*)::int as count, count(result_count)::int as shown from access_log
    where user_id = ${user.id} and action = 'detections.search' group by 1, 2 order by 1 desc`;
};

test("Fifty searches at once with three looks left: exactly three are answered, and each is written down as what it was", async () => {
  const viewer = await central.signIn("viewer");
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => search(viewer)));
  expect([countOf(outcomes, "ok"), countOf(outcomes, "budget_spent")]).toEqual([3, 47]);
  expect(await entriesOf(viewer)).toEqual([
    { outcome: "ok", failure: null, count: 3, shown: 3 },
    { outcome: "denied", failure: "budget_spent", count: 47, shown: 0 },
  ]);
  expect((await viewer.trpc.auth.me.query()).looksLeft).toBe(0);
});

test("Two servers on one database share a person's budget", async () => {
  await using second = await openTestCentral({
    databaseUrl: central.databaseUrl,
    config: { dataDir: central.dataDir },
  });
  const viewer = await central.signIn("viewer");
  const elsewhere = openBrowser(second.url);
  for (const [name, value] of viewer.cookies) elsewhere.cookies.set(name, value);
  const outcomes = await Promise.all(Array.from({ length: 30 }, (_, index) => search(index % 2 ? viewer : elsewhere)));
  expect([countOf(outcomes, "ok"), countOf(outcomes, "budget_spent")]).toEqual([3, 27]);
});

test("A search that finds no plate in what was typed costs nothing; dispatchers have no budget", async () => {
  const viewer = await central.signIn("viewer");
  expect(await failureOf(viewer.trpc.detections.search.query({ plate: "-" }))).toBe("invalid");
  expect((await viewer.trpc.auth.me.query()).looksLeft).toBe(3);
  const operator = await central.signIn("operator");
  expect(await Promise.all(Array.from({ length: 5 }, () => search(operator)))).toEqual(Array(5).fill("ok"));
  expect((await operator.trpc.auth.me.query()).looksLeft).toBe(null);
});

test("What is left is counted in an index, however much a person and everybody else looked before today", async () => {
  const viewer = await central.signIn("viewer");
  const { user } = await viewer.trpc.auth.me.query();
  await using owner = openDatabase(central.databaseUrl, { max: 1 });
  await owner.sql.begin(async (sql) => {
    await sql`alter table access_log disable trigger access_log_chain`;
    // Each hundredth is this person's, and two of those are today's.
    await sql`insert into access_log (id, at, request_id, user_id, organisation, action, filters, outcome, policy_version, offline,
        previous_hash, hash)
      select (select max(id) from access_log) + n,
        case when n > 49800 then now() else now() - interval '1 year' + n * interval '10 minutes' end, 'test',
        case when n % 100 = 0 then ${user.id}::uuid else gen_random_uuid() end, 'Chaverim', 'detections.search', '{}', 'ok', 0,
        false, '', '' from generate_series(1, 50000) n`;
    await sql`alter table access_log enable trigger access_log_chain`;
  });
  await owner.sql`analyze access_log`;
  const policy = await central.central.policy.current();
  const [explained] = await central.sql<{ "QUERY PLAN": [{ Plan: Plan }] }[]>`
    explain (analyze, buffers, format json) ${looksTaken(central.sql, policy, user)}`;
  const plan = explained?.["QUERY PLAN"][0].Plan;
  const scan = plan?.Plans?.[0];
  expect(scan).toMatchObject({ "Index Name": "access_log_budget", "Actual Rows": 2 });
  expect(scan?.["Rows Removed by Filter"] ?? 0).toBe(0);
  expect((plan?.["Shared Hit Blocks"] ?? 0) + (plan?.["Shared Read Blocks"] ?? 0)).toBeLessThan(20);
  expect((await viewer.trpc.auth.me.query()).looksLeft).toBe(1);
});
