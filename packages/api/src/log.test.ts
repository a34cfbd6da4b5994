/** What a line of the log looks like, and what never gets into it. */
import { expect, test } from "vitest";
import { createLog } from "./log.ts";

const readLog = (write: (log: ReturnType<typeof createLog>) => void) => {
  const lines: string[] = [];
  write(createLog("info", { write: (line) => void lines.push(line) }));
  return lines;
};

test("A line is one JSON object: time in UTC, level, service, message", () => {
  const [line = "", ...others] = readLog((log) => log.info({ status_code: 200 }, "request"));
  expect(others).toEqual([]);
  expect(line).toMatch(/^\{"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"info","service":"central",/);
  expect(JSON.parse(line)).toMatchObject({ status_code: 200, message: "request" });
});

test.each(["a\nb", 'a","level":"fatal', "\u001b[2J", "\u2028", "${jndi:x}", "%s %j %o"])(
  "Foreign text (%j) makes neither a second line nor a field of its own",
  (text) => {
    const lines = readLog((log) => log.warn({ path: text }, text));
    expect(lines.map((line) => line.trimEnd().split("\n").length)).toEqual([1]);
    const entry = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
    expect(entry).toMatchObject({ level: "warn", path: text, message: text });
    // An escape character would act on the terminal of whoever reads the log.
    expect(lines[0]?.includes("\u001b")).toBe(false);
  },
);

test("Of an error its kind, code, message and place are written down, and nothing else that hangs on it", () => {
  const cause = Object.assign(new Error("duplicate key"), { code: "23505", detail: "Key (plate)=(12AB345) exists." });
  const error = Object.assign(new Error("not stored", { cause }), {
    parameters: ["12AB345"],
    request: { key: "alpr_x" },
  });
  const [line = ""] = readLog((log) => log.error({ error }, "request failed"));
  expect(line).not.toMatch(/12AB345|alpr_x/);
  expect(JSON.parse(line)).toMatchObject({
    error: {
      type: "Error",
      message: "not stored",
      stack: expect.stringContaining("log.test.ts"),
      cause: { code: "23505" },
    },
  });
});
