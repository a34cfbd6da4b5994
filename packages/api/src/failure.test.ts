/** What a caller is told about a failure, and what stays inside. */
import { expect, test } from "vitest";
import { AppError, isDatabaseAway, toAppError, toFailure } from "./failure.ts";

test("An unknown error is told as internal, without a word of what it was", () => {
  const cause = new Error("password authentication failed for user alpr at /srv/keys");
  const { status, body } = toFailure(toAppError(new Error("select secret from users", { cause })), "request-1");
  expect(status).toBe(500);
  expect(body).toEqual({ code: "internal", requestId: "request-1", message: expect.stringContaining("logged") });
  expect(JSON.stringify(body)).not.toMatch(/select|secret|password|keys|stack/);
});

test.each(["text", null, undefined, 7, { code: "forbidden" }])(
  "Also %j, thrown, is only an internal error",
  (thrown) => {
    expect(toAppError(thrown).code).toBe("internal");
  },
);

test("A database that is away is told as such, with the time to wait, and without its own words", () => {
  const away = Object.assign(new Error("connect ECONNREFUSED 10.1.2.3:5432"), { code: "ECONNREFUSED" });
  expect(isDatabaseAway(new Error("outer", { cause: away }))).toBe(true);
  const { status, body } = toFailure(toAppError(away), "request-2");
  expect([status, body.code, body.details]).toEqual([503, "db_unavailable", { retryAfterSeconds: 5 }]);
  expect(JSON.stringify(body)).not.toContain("10.1.2.3");
});

test("A failure that is meant for the caller arrives as it was made, however deep it is wrapped", () => {
  const made = new AppError("forbidden", "Your role does not include this.");
  expect(toAppError(new Error("outer", { cause: new Error("inner", { cause: made }) }))).toBe(made);
});
