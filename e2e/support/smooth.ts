/**
 * How smooth a screen is on a slow machine.
 * Rule: the processor's time of the page's main thread is judged, not the clock: what other programs took is left out.
 */
/// <reference lib="dom" />
import type { Browser, Page } from "playwright-core";

/** What a person sees as a hitch. */
export const LONG_TASK_MS = 100;
/** A phone of the middle class beside this machine. */
export const SLOWER = 4;
/** A trace with fewer tasks has missed the page. */
const TASKS_MIN = 100;

type TraceEvent = { name: string; ph: string; pid: number; tid: number; tdur?: number; args: { name?: string } };

/** The longest task of a trace's main threads, milliseconds of the processor. */
const longestTaskMs = (trace: Buffer): number => {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const mains = new Set(
    traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(threadOf),
  );
  const tasks = traceEvents.filter(
    (event) => event.ph === "X" && event.name === "ThreadControllerImpl::RunTask" && mains.has(threadOf(event)),
  );
  if (tasks.length < TASKS_MIN) throw new Error(`The trace holds ${tasks.length} tasks.`);
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
};

/** Does something on a processor that is `SLOWER` times slower. @returns the longest task, milliseconds */
export const slowly = async (browser: Browser, page: Page, act: () => Promise<unknown>): Promise<number> => {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  await browser.startTracing(page, { categories: ["toplevel"] });
  let trace: Buffer;
  try {
    await act();
    // What was put off until the page has time belongs to it.
    await page.evaluate(() => new Promise((resolve) => requestIdleCallback(() => requestIdleCallback(resolve))));
  } finally {
    trace = await browser.stopTracing();
  }
  await protocol.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await protocol.detach();
  return longestTaskMs(trace);
};
