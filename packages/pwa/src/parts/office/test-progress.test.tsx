/** A test detection on its way: which steps are reached, and what is said beside them. */
import type { CollectorView, CommandView } from "@chaverim/contracts";
import { render, screen } from "@solidjs/testing-library";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { aCollector, aCommand, uuidOf } from "../../builders.ts";
import { trustServerTime } from "../../clock.ts";
import { setLanguage } from "../../settings.ts";
import { TestProgress, testOf } from "./test-progress.tsx";

const GIVEN = Date.parse(aCommand().createdAt);
const at = (seconds: number): string => new Date(GIVEN + seconds * 1000).toISOString();
const nowIs = (seconds: number): void => {
  vi.setSystemTime(GIVEN + seconds * 1000);
  trustServerTime(new Date().toISOString());
};

beforeEach(() => {
  setLanguage("en");
  vi.useFakeTimers();
  nowIs(40);
});
afterEach(() => vi.useRealTimers());

const done = { at: at(31), status: "done", detail: "" } as const;

const reached = (command: Partial<CommandView>, collector: Partial<CollectorView> = {}): number => {
  const { container } = render(() => (
    <TestProgress command={aCommand(command)} collector={aCollector(collector)} cameraName="gate" />
  ));
  return container.querySelectorAll("li.reached").length;
};

test.each<[number, RegExp, Partial<CommandView>, Partial<CollectorView>]>([
  [1, /^It asks for commands with its heartbeat/, {}, {}],
  [1, /^The collector is away\. It takes the test when it is back, until /, {}, { state: "offline" }],
  [2, /^The collector is working on it/, { sentAt: at(30) }, {}],
  [2, /^Stored there, and on its way/, { sentAt: at(30), acked: done }, {}],
  [3, /^The test arrived 32 seconds after it was sent\.$/, { sentAt: at(30), acked: done, arrivedAt: at(32) }, {}],
  [
    2,
    /^The test failed at the collector: No such camera\.$/,
    { sentAt: at(30), acked: { ...done, status: "failed", detail: "No such camera." } },
    {},
  ],
  [
    2,
    /^The collector refused the test: Too late\.$/,
    { sentAt: at(30), acked: { ...done, status: "refused", detail: "Too late." } },
    {},
  ],
])("%i steps: %s", (steps, words, command, collector) => {
  expect(reached(command, collector)).toBe(steps);
  expect(screen.getByRole("status").textContent).toMatch(words);
});

test("a test that is stored there and does not come says where to look", () => {
  nowIs(331);
  reached({ sentAt: at(30), acked: done });
  expect(screen.getByRole("status").textContent).toMatch(/not here after 5 minutes/);
});

test("a test that nobody took is void after its time", () => {
  nowIs(86_401);
  reached({});
  expect(screen.getByRole("status").textContent).toMatch(/^Nobody took the test by .* It is void\.$/);
});

test("what a collector answers stays text", () => {
  const detail = `<img src=x onerror="document.title='stolen'">`;
  const { container } = render(() => (
    <TestProgress
      command={aCommand({ sentAt: at(30), acked: { ...done, status: "failed", detail } })}
      collector={aCollector()}
      cameraName={detail}
    />
  ));
  expect(container.querySelector("img")).toBeNull();
  expect(container.textContent).toContain(detail);
});

test("the newest test of the camera is shown, for an hour", () => {
  const gate = uuidOf(2);
  const newest = aCommand({ id: uuidOf(9) });
  const commands = [aCommand({ verb: "restart_adapter" }), newest, aCommand({ id: uuidOf(8) })];
  expect(testOf(commands, gate)).toBe(newest);
  expect(testOf(commands, uuidOf(3))).toBeUndefined();
  nowIs(3601);
  expect(testOf(commands, gate)).toBeUndefined();
});
