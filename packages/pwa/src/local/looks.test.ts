/** Looks at what a device keeps: written down without a line, told once, and never lost on the way. */
import { HttpResponse } from "msw";
import { afterEach, beforeEach, expect, test } from "vitest";
import { uuidOf } from "../builders.ts";
import { refuses, says, standIn } from "../stand-in.ts";
import { trpc } from "../trpc.ts";
import { type LocalDb, openLocalDb } from "./db.ts";
import { keepLook, readLooks, sendLooks } from "./looks.ts";
import { wipe } from "./sync.ts";

const central = standIn();
const MIRI = uuidOf(1);
const DOV = uuidOf(2);
let db: LocalDb;
let databases = 0;

beforeEach(async () => {
  db = await openLocalDb(`looks-${++databases}`);
});
afterEach(() => db.close());

const platesOf = async (userId: string): Promise<string[]> =>
  (await readLooks(db, userId)).map(({ plate }) => plate).toSorted();

test("a look is told with its time and forgotten once central has it", async () => {
  await keepLook(db, MIRI, "alerts.since", "1285-67");
  const [kept] = await readLooks(db, MIRI);
  const sent = central.on("accessLog.addOffline", () => says({}));
  await sendLooks(db, trpc, MIRI);
  expect(sent).toEqual([{ looks: [kept] }]);
  expect(Object.keys(kept ?? {}).toSorted()).toEqual(["action", "deviceAt", "id", "plate"]);
  expect(await platesOf(MIRI)).toEqual([]);
});

test("a look stays while central does not take it", async () => {
  await keepLook(db, MIRI, "alerts.since", "1285-67");
  central.on("accessLog.addOffline", () => HttpResponse.error());
  await expect(sendLooks(db, trpc, MIRI)).rejects.toThrow("Failed to fetch");
  central.on("accessLog.addOffline", () => refuses("internal", 500));
  await expect(sendLooks(db, trpc, MIRI)).rejects.toThrow("internal");
  expect(await platesOf(MIRI)).toEqual(["1285-67"]);
});

test("only the person who looked tells of it", async () => {
  await keepLook(db, MIRI, "alerts.since", "1285-67");
  await keepLook(db, DOV, "detections.recent", "8812");
  const sent = central.on("accessLog.addOffline", () => says({}));
  await sendLooks(db, trpc, DOV);
  expect(sent).toHaveLength(1);
  expect([await platesOf(MIRI), await platesOf(DOV)]).toEqual([["1285-67"], []]);
});

test("looks outlive erasing, which a new sign-in does", async () => {
  await keepLook(db, MIRI, "alerts.since", "1285-67");
  await wipe(db);
  expect(await platesOf(MIRI)).toEqual(["1285-67"]);
});

test("more than a hundred are told in parts, and those that were taken are not told again", async () => {
  for (let number = 0; number < 130; number++) await keepLook(db, MIRI, "alerts.since", `A${number}`);
  let parts = 0;
  central.on("accessLog.addOffline", () => (++parts === 2 ? HttpResponse.error() : says({})));
  await expect(sendLooks(db, trpc, MIRI)).rejects.toThrow("Failed to fetch");
  expect(await readLooks(db, MIRI)).toHaveLength(30);
});

test("a device keeps 500 at most", async () => {
  for (let number = 0; number < 503; number++) await keepLook(db, MIRI, "alerts.since", `A${number}`);
  expect(await readLooks(db, MIRI)).toHaveLength(500);
});
