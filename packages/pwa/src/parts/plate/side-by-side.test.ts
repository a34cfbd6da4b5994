/** Two plates beside each other. */
import type { DetectionView } from "@chaverim/contracts";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { aDetection, uuidOf } from "../../builders.ts";
import { isMeeting, putSideBySide } from "./side-by-side.ts";

let made = 0;
const at = (second: number, camera = 1): DetectionView =>
  aDetection(++made, {
    id: uuidOf(made),
    detectedAt: new Date(Date.UTC(2026, 10, 22, 20, 0, second)).toISOString(),
    camera: { id: uuidOf(camera), name: `Camera ${camera}`, area: null, heading: null },
  });

test("two readings at one camera within half a minute are a meeting", () => {
  const [a, b] = [at(0), at(30)];
  const [row] = putSideBySide([a], [b]);
  expect(row).toEqual({ atMs: Date.parse(a.detectedAt), left: a, right: b, secondsApart: 30 });
});

test("further apart, or at another camera, they are two rows, the newer first", () => {
  expect(putSideBySide([at(0)], [at(31)]).map(isMeeting)).toEqual([false, false]);
  const [older, newer] = [at(0, 1), at(5, 2)];
  expect(putSideBySide([older], [newer]).map(({ left, right }) => left ?? right)).toEqual([newer, older]);
});

test("the nearer reading is the one that was met", () => {
  const [far, near] = [at(20), at(3)];
  expect(putSideBySide([at(0)], [far, near]).find(isMeeting)?.right).toBe(near);
});

test("no reading is lost and none is there twice", () => {
  const side = fc.array(fc.record({ second: fc.nat(200), camera: fc.integer({ min: 1, max: 2 }) }), { maxLength: 12 });
  fc.assert(
    fc.property(side, side, (lefts, rights) => {
      const left = lefts.map(({ second, camera }) => at(second, camera));
      const right = rights.map(({ second, camera }) => at(second, camera));
      const rows = putSideBySide(left, right);
      const ids = rows.flatMap((row) => [row.left, row.right]).flatMap((detection) => detection?.id ?? []);
      expect(ids.toSorted()).toEqual([...left, ...right].map(({ id }) => id).toSorted());
      const times = rows.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((a, b) => b - a));
    }),
  );
});

test("the time of each reading is read once, however many meet at one camera", () => {
  const side = () => Array.from({ length: 1000 }, (_, place) => at(10_000 - 10 * place));
  const [ours, theirs] = [side(), side()];
  const parse = vi.spyOn(Date, "parse");
  expect(putSideBySide(ours, theirs).filter(isMeeting)).toHaveLength(1000);
  expect(parse.mock.calls.length).toBeLessThanOrEqual(2000);
});
