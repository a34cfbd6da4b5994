/** How far a command has come. */
import type { CommandView } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { aCommand } from "../../builders.ts";
import { type CommandState, commandState, isMoving } from "./command-state.ts";

const AT = "2026-11-22T20:01:00.000Z";
const acked = (status: "done" | "failed" | "refused") => ({ at: AT, status, detail: "Why." });
const inTime = Date.parse(AT);
const afterwards = Date.parse("2026-11-24T20:00:00.000Z");

test.each<[CommandState, Partial<CommandView>, number]>([
  ["waiting", {}, inTime],
  ["sent", { sentAt: AT }, inTime],
  ["expired", {}, afterwards],
  ["unanswered", { sentAt: AT }, afterwards],
  ["onItsWay", { sentAt: AT, acked: acked("done") }, inTime],
  ["onItsWay", { sentAt: AT, acked: acked("done") }, afterwards],
  ["arrived", { sentAt: AT, acked: acked("done"), arrivedAt: AT }, inTime],
  ["failed", { sentAt: AT, acked: acked("failed") }, inTime],
  ["refused", { sentAt: AT, acked: acked("refused") }, afterwards],
  ["done", { verb: "rotate_key", sentAt: AT, acked: acked("done") }, inTime],
])("%s: %j", (state, more, nowMs) => {
  expect(commandState(aCommand(more), nowMs)).toBe(state);
});

test("only what may still change is moving", () => {
  const states: CommandState[] = [
    "waiting",
    "sent",
    "onItsWay",
    "done",
    "arrived",
    "failed",
    "refused",
    "expired",
    "unanswered",
  ];
  expect(states.filter(isMoving)).toEqual(["waiting", "sent", "onItsWay"]);
});
