/** What central does by itself, with the clock moved on. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { openOwner, writeEntries } from "../audit/testing/entries.ts";
import { openTestCentral } from "../testing/central.ts";
import { aUser } from "../testing/people.ts";
import { startHousekeeping } from "./housekeeping.ts";

afterEach(() => void vi.useRealTimers());

test("Looks that stand out wait for a review a minute later, and nothing runs on once it is closed", async () => {
  await using central = await openTestCentral();
  await using owner = openOwner(central);
  const looker = await aUser(central.central, "operator");
  const reviewer = await aUser(central.central, "admin");
  const look = (plate: string) =>
    writeEntries(
      owner.sql,
      Array.from({ length: 5 }, (_, minute) => ({
        userId: looker.id,
        at: new Date(Date.now() - minute * 60_000),
        plate,
      })),
    );
  const found = () => central.sql`select plate, assigned_to as "assignedTo" from reviews where kind = 'repeat_plate'`;
  await look("MINUTE1");
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const housekeeping = startHousekeeping(central.central);
  vi.advanceTimersByTime(59_000);
  expect(await found()).toEqual([]);
  vi.advanceTimersByTime(1000);
  await vi.waitFor(async () => expect(await found()).toEqual([{ plate: "MINUTE1", assignedTo: reviewer.id }]), 5000);
  await housekeeping[Symbol.asyncDispose]();
  await look("MINUTE2");
  vi.advanceTimersByTime(600_000);
  // What would have run now has had time for it.
  await sleep(500);
  const [progress] =
    await central.sql`select read_to < (select max(id) from access_log) as behind from detector_progress
    where name = 'repeat_plate'`;
  expect(progress).toEqual({ behind: true });
});
