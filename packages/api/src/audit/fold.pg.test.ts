/** The database's folding of look-alikes against that of @chaverim/contracts, and the index that it is for. */
import { randomInt } from "node:crypto";
import { foldPlate } from "@chaverim/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCentral, openTestCentral } from "../testing/central.ts";

let central: TestCentral;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const aPlate = () => Array.from({ length: randomInt(1, 12) }, () => CHARACTERS[randomInt(CHARACTERS.length)]).join("");

test("The database folds every plate as the contracts do", async () => {
  const plates = [CHARACTERS, ...Array.from({ length: 2000 }, aPlate)];
  const rows = await central.sql<{ plate: string; folded: string }[]>`
    select plate, fold_plate(plate) as folded from unnest(${plates}::text[]) plate`;
  expect(rows).toHaveLength(plates.length);
  expect(rows.filter(({ plate, folded }) => folded !== foldPlate(plate))).toEqual([]);
});

test("Who looked at a plate is found by an index, in the plate's own column and among the filters", async () => {
  const plans = await central.sql.begin(async (sql) => {
    // An empty table is read whole by choice; here it is asked what can be used.
    await sql`set local enable_seqscan = off`;
    await sql`set local enable_indexscan = off`;
    return sql<{ "QUERY PLAN": string }[]>`
      explain select 1 from access_log l where fold_plate(l.plate) = ${"100K58"} or (l.plate is null and l.filters ? 'plate'
        and fold_plate(upper(regexp_replace(l.filters ->> 'plate', '[^A-Za-z0-9]', '', 'g'))) = ${"100K58"}
        and l.filters ->> 'plate' !~ '[?*？＊]' and l.filters ->> 'way' is distinct from 'contains')`;
  });
  const plan = plans.map((line) => line["QUERY PLAN"]).join("\n");
  expect(plan).toContain("Bitmap Index Scan on access_log_plate");
  expect(plan).toContain("Bitmap Index Scan on access_log_filters_plate");
});
