/** Databases that were set aside. Rule: the newest stays, and the older ones go when they are too much. */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createDamagedBytes, setAside } from "./damaged.ts";
import { temporaryFolder } from "./testing.ts";

test("the newest damaged database stays however large it is, the oldest go first, and what lies there is counted", async () => {
  await using folder = await temporaryFolder();
  const bytes = createDamagedBytes(folder.path);
  expect(bytes()).toBe(0);
  const lying: number[] = [];
  for (const [n, size] of [100, 300, 200, 900].entries()) {
    await writeFile(join(folder.path, "buffer.db"), Buffer.alloc(size));
    setAside(folder.path, "buffer.db", 1_700_000_000_000 + n, 550);
    lying.push(bytes());
  }
  expect(lying).toEqual([100, 400, 500, 900]);
  expect(await readdir(join(folder.path, "damaged"))).toEqual([expect.stringMatching(/^buffer\.db-1700000000003-/)]);
});
