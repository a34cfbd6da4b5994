/** The checks of the lock on locks that are broken on purpose, and on the real one. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { belowFloor, missingFromLock, unpinned, type Lock } from "./lock.ts";

const pinned = { version: "1.0.0", integrity: "sha512-x" };

test("a dependency that the lock names and does not hold is found, optional ones for other platforms too", () => {
  const lock: Lock = {
    packages: {
      "": { dependencies: { a: "1" } },
      "node_modules/a": { ...pinned, dependencies: { b: "1" }, optionalDependencies: { "a-darwin": "1" } },
    },
  };
  expect(missingFromLock(lock)).toEqual([
    "node_modules/a needs b, which is not in package-lock.json",
    "node_modules/a needs a-darwin, which is not in package-lock.json",
  ]);
});

test("a dependency is found beside, above and inside the package that needs it, and nowhere else", () => {
  const needsC = { ...pinned, dependencies: { c: "1" } };
  const withC = (path: string): Lock => ({ packages: { "node_modules/@s/a/node_modules/b": needsC, [path]: pinned } });
  const complete = [
    "node_modules/c",
    "node_modules/@s/a/node_modules/c",
    "node_modules/@s/a/node_modules/b/node_modules/c",
  ];
  expect(complete.flatMap((path) => missingFromLock(withC(path)))).toEqual([]);
  expect(missingFromLock(withC("node_modules/other/node_modules/c"))).toHaveLength(1);
  expect(missingFromLock({ packages: { "packages/api": needsC, "packages/api/node_modules/c": pinned } })).toEqual([]);
});

test("a version below its floor is found wherever it is nested", () => {
  const at = (version: string): Lock => ({ packages: { "node_modules/x/node_modules/multer": { version } } });
  const floors = { multer: "2.3.0" };
  for (const old of ["2.2.9", "1.99.0", "2.2.10-rc.1"]) expect(belowFloor(at(old), floors)).toHaveLength(1);
  for (const fine of ["2.3.0", "2.3.1", "2.10.0", "3.0.0"]) expect(belowFloor(at(fine), floors)).toEqual([]);
});

test("a floor for a package that is not there is pointed out", () => {
  expect(belowFloor({ packages: {} }, { multer: "2.3.0" })).toHaveLength(1);
});

test("a package without a hash or tied to a mirror is found", () => {
  const packages = {
    "node_modules/a": { version: "1.0.0" },
    "node_modules/b": { ...pinned, resolved: "http://mirror/b.tgz" },
  };
  expect(unpinned({ packages })).toEqual([
    "node_modules/a has no integrity hash",
    "node_modules/b is tied to http://mirror/b.tgz",
  ]);
});

test("the lock of this repository is complete, pinned and above every floor", () => {
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as Lock;
  expect([...missingFromLock(lock), ...belowFloor(lock), ...unpinned(lock)]).toEqual([]);
});
