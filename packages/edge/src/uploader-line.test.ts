/** What a line may carry. Rule: it shrinks when answers are late, and grows only on what was nearly full. */
import { expect, test } from "vitest";
import { createLine } from "./uploader-line.ts";

const MB = 1024 * 1024;
const KB = 1024;

test("a good line carries twice as much with each quick answer, up to the whole batch", () => {
  const line = createLine(5 * MB);
  const budgets = [line.budget()];
  for (let n = 0; n < 6; n++) {
    line.noteAnswer(line.budget(), 500);
    budgets.push(line.budget());
  }
  expect(budgets.map((bytes) => bytes / KB)).toEqual([256, 512, 1024, 2048, 4096, 5120, 5120]);
  expect(line.isSlow()).toBe(false);
});

test("a late answer or none halves it down to 16 KB, and then the line is slow until large ones are quick again", () => {
  const line = createLine(5 * MB);
  line.noteAnswer(200 * KB, 9_000);
  expect([line.budget() / KB, line.isSlow()]).toEqual([100, true]);
  for (let n = 0; n < 5; n++) line.noteCut(line.budget());
  expect(line.budget() / KB).toBe(16);
  // Metadata alone is quick on every line.
  for (let n = 0; n < 20; n++) line.noteAnswer(4 * KB, 300);
  expect([line.budget() / KB, line.isSlow()]).toEqual([16, true]);
  for (const bytes of [100, 100, 100, 200]) line.noteAnswer(bytes * KB, 300);
  expect(line.isSlow()).toBe(false);
});

test("a small request that got no answer says nothing of the line's width, nor one that took neither long nor short", () => {
  const line = createLine(5 * MB);
  line.noteCut(900);
  line.noteAnswer(900, 20_000);
  line.noteAnswer(250 * KB, 5_000);
  expect([line.budget() / KB, line.isSlow()]).toEqual([256, false]);
});

test("what central takes at most is never exceeded, and is not slow for that", () => {
  const line = createLine(5 * MB);
  line.limitTo(100 * KB);
  for (let n = 0; n < 5; n++) line.noteAnswer(line.budget(), 100);
  expect([line.budget() / KB, line.isSlow()]).toEqual([100, false]);
  line.limitTo(1_000);
  expect(line.budget()).toBe(1_000);
});
