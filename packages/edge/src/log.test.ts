/** The log and its newest lines. Rule: no secret gets out with them. */
import { expect, test } from "vitest";
import { createLog, createRecentLines } from "./log.ts";

test("the newest 200 lines are kept, and as many of them shown as fit, whole and in their order", () => {
  const recent = createRecentLines([]);
  for (let n = 0; n < 250; n++) recent.note(`line ${n}\n`);
  const all = recent.newest(1_000_000).split("\n");
  expect([all.length, all[0], all.at(-1)]).toEqual([200, "line 50", "line 249"]);
  expect(recent.newest(20)).toBe("line 248\nline 249");
  expect(recent.newest(5)).toBe("");
});

test("keys and tokens are concealed, and a line without end is cut", () => {
  const recent = createRecentLines(["0123456789abcdef"]);
  recent.note(`POST /hikvision/0123456789abcdef with alpr_${"x".repeat(43)}`);
  recent.note("y".repeat(10_000));
  const [first, second] = recent.newest(1_000_000).split("\n");
  expect(first).toBe("POST /hikvision/[secret] with [secret]");
  expect(second).toHaveLength(2_000);
});

test("a level that is changed while it runs holds at once", () => {
  const lines: string[] = [];
  const log = createLog("info", (line) => lines.push(line));
  log.debug("quiet");
  log.level = "debug";
  log.debug("loud");
  expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(["loud"]);
});
