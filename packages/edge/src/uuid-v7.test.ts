/** Ids of detections. Rule: version 7, and each greater than the one before it. */
import { detectionSchema } from "@chaverim/contracts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createUuidV7 } from "./uuid-v7.ts";

test("ids are UUIDs of version 7 that hold their time", () => {
  const id = createUuidV7(() => Date.UTC(2026, 2, 1))();
  expect(detectionSchema.shape.id.parse(id)).toBe(id);
  expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(Date.UTC(2026, 2, 1));
});

test("ids rise whatever the clock does", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 50 }), (times) => {
      let now = 0;
      const next = createUuidV7(() => now);
      const ids = times.map((time) => {
        now = 1_700_000_000_000 + time;
        return next();
      });
      expect(ids).toEqual([...new Set(ids)].toSorted());
    }),
  );
});

test("10,000 ids within one millisecond rise", () => {
  const next = createUuidV7(() => 1_700_000_000_000);
  const ids = Array.from({ length: 10_000 }, next);
  expect(ids).toEqual([...new Set(ids)].toSorted());
});
