/** What the board says. Rule: only what holds now counts, and what cannot be known is null. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createThrottleReader } from "./heartbeat-board.ts";
import { temporaryFolder } from "./testing.ts";

const open = async () => {
  const folder = await temporaryFolder();
  const sources = { file: join(folder.path, "get_throttled"), program: join(folder.path, "vcgencmd") };
  const say = async (text: string) => {
    await writeFile(sources.program, `#!/bin/sh\n${text}\n`);
    await chmod(sources.program, 0o755);
  };
  return { sources, say, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
};

test.for([
  ["0\n", false],
  ["50005\n", true],
  // Since boot there was too little voltage; now there is enough.
  ["50000\n", false],
  ["8\n", true],
  ["what\n", null],
] as const)("the kernel's %j means %j", async ([text, throttled]) => {
  await using board = await open();
  await writeFile(board.sources.file, text);
  expect(await createThrottleReader(board.sources)()).toBe(throttled);
});

test("without the file the board's own program is asked, and its failure is not known", async () => {
  await using board = await open();
  await board.say('[ "$1" = get_throttled ] && echo throttled=0x50005');
  expect(await createThrottleReader(board.sources)()).toBe(true);
  await board.say("echo VCHI initialization failed; exit 255");
  expect(await createThrottleReader(board.sources)()).toBeNull();
});

test("a computer that is no such board knows nothing", async () => {
  await using board = await open();
  expect(await createThrottleReader(board.sources)()).toBeNull();
});
