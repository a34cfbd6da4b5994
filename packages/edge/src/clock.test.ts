/** Time at the edge. Rule: central's time is kept against time since boot, and only for the boot in which it was heard. */
import { expect, test } from "vitest";
import { arrivalNow, createCentralTime, createSystemClock, readDateHeader } from "./clock.ts";
import { createFakeClock } from "./testing.ts";

test("before central was heard the device's clock is all there is, and says so", () => {
  const clock = createFakeClock();
  const central = createCentralTime(clock);
  expect(central.offsetMs()).toBeNull();
  expect(central.timeOf(arrivalNow(clock))).toEqual({
    atMs: clock.nowMs(),
    clock: { source: "collector", synced: false, offsetMs: null, bootId: clock.bootId, monotonicMs: 1_000 },
  });
});

test("a clock that is right within two seconds is kept, one that is wrong is corrected", () => {
  const clock = createFakeClock();
  const central = createCentralTime(clock);
  central.observe(clock.nowMs() + 1_500, clock.monotonicMs(), clock.monotonicMs());
  expect(central.timeOf(arrivalNow(clock))).toMatchObject({
    atMs: clock.nowMs(),
    clock: { source: "collector", offsetMs: 0 },
  });
  central.observe(clock.nowMs() + 3_600_000, clock.monotonicMs(), clock.monotonicMs());
  expect(central.offsetMs()).toBe(3_600_000);
  expect(central.timeOf(arrivalNow(clock))).toMatchObject({
    atMs: clock.nowMs() + 3_600_000,
    clock: { source: "central 2", synced: true, offsetMs: 3_600_000 },
  });
});

for (const [name, wrongByMs] of [
  ["an hour behind", -3_600_000],
  ["a day ahead", 86_400_000],
  ["at 1970", -Date.UTC(2026, 2, 1, 20)],
] as const) {
  test(`with a device clock ${name} a boot keeps the first offset, whatever the line's delays say after it`, () => {
    const clock = createFakeClock(Date.UTC(2026, 2, 1, 20) + wrongByMs);
    const central = createCentralTime(clock);
    const trueMs = () => clock.nowMs() - wrongByMs;
    const before = central.timeOf(arrivalNow(clock));
    expect([before.atMs, before.clock.synced]).toEqual([clock.nowMs(), false]);
    central.observe(trueMs(), clock.monotonicMs(), clock.monotonicMs());
    let lastMs = 0;
    for (const delayMs of [-4_000, 4_900, 0, -500, 3_000]) {
      clock.advance(1_000);
      central.observe(trueMs() + delayMs, clock.monotonicMs(), clock.monotonicMs());
      const { atMs, clock: said } = central.timeOf(arrivalNow(clock));
      expect([atMs, said.source, said.offsetMs]).toEqual([trueMs(), "central", -wrongByMs]);
      expect(atMs).toBeGreaterThan(lastMs);
      lastMs = atMs;
    }
  });
}

test("a step of the device's clock within a boot moves no time that is given", () => {
  let steppedMs = 0;
  const steady = createFakeClock();
  const clock = { ...steady, nowMs: () => steady.nowMs() + steppedMs };
  const central = createCentralTime(clock);
  central.observe(clock.nowMs() + 60_000, clock.monotonicMs(), clock.monotonicMs());
  const { atMs } = central.timeOf(arrivalNow(clock));
  steppedMs = 86_400_000;
  expect(central.timeOf(arrivalNow(clock))).toMatchObject({ atMs, clock: { source: "central", bootId: clock.bootId } });
});

test("another offset within a boot is taken when it differs by more than five seconds, and says so", () => {
  const clock = createFakeClock();
  const central = createCentralTime(clock);
  const sources = [60_000, 64_000, 66_000, 0].map((offsetMs) => {
    central.observe(clock.nowMs() + offsetMs, clock.monotonicMs(), clock.monotonicMs());
    const { atMs, clock: said } = central.timeOf(arrivalNow(clock));
    return [atMs - clock.nowMs(), said.source];
  });
  expect(sources).toEqual([
    [60_000, "central"],
    [60_000, "central"],
    [66_000, "central 2"],
    [0, "collector 3"],
  ]);
});

test("half of the round trip is counted, and a slow answer is not believed", () => {
  const clock = createFakeClock();
  const central = createCentralTime(clock);
  const sentMs = clock.monotonicMs();
  clock.advance(4_000);
  central.observe(clock.nowMs(), sentMs, clock.monotonicMs());
  expect(central.offsetMs()).toBe(2_000);
  clock.advance(6_000);
  central.observe(0, sentMs, clock.monotonicMs());
  central.observe(Number.NaN, sentMs, sentMs);
  expect(central.offsetMs()).toBe(2_000);
});

test("an arrival of an earlier boot is not corrected with this boot's offset", () => {
  const clock = createFakeClock();
  const central = createCentralTime(clock);
  central.observe(clock.nowMs() + 3_600_000, 0, 0);
  const arrival = { receivedAtMs: 5, monotonicMs: 7, bootId: "another" };
  expect(central.timeOf(arrival)).toMatchObject({
    atMs: 5,
    clock: { synced: false, bootId: "another", monotonicMs: 7 },
  });
});

test("a Date header is the middle of its second, and nonsense is null", () => {
  expect(readDateHeader("Sun, 01 Mar 2026 20:00:00 GMT")).toBe(Date.UTC(2026, 2, 1, 20) + 500);
  expect([readDateHeader("yesterday"), readDateHeader(null)]).toEqual([null, null]);
});

test("the system's clock names its boot and never goes back", () => {
  const clock = createSystemClock();
  const first = clock.monotonicMs();
  expect(clock.monotonicMs()).toBeGreaterThanOrEqual(first);
  expect(clock.bootId).toMatch(/^[0-9a-f-]{36}$/);
});
