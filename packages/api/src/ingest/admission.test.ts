/** What is let in while other batches are under way. */
import { BATCH_BYTES_MAX } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { createAdmission } from "./admission.ts";

const SMALL = 100_000;

/** Lets in batches of one length, each from a collector of its own, until one is refused. */
const fill = (admission: ReturnType<typeof createAdmission>, length: number | null, most = 1000) => {
  const leaving: (() => void)[] = [];
  while (leaving.length < most) {
    try {
      leaving.push(admission.enter(`collector ${leaving.length}`, length));
    } catch (error) {
      expect(error).toMatchObject({ code: "inflight" });
      return leaving;
    }
  }
  return leaving;
};

test("four batches of a collector at once, and a fifth when one has ended", () => {
  const admission = createAdmission();
  const leaving = [1, 2, 3, 4].map(() => admission.enter("gate", SMALL));
  expect(() => admission.enter("gate", SMALL)).toThrow(/too many/);
  leaving[0]?.();
  expect(() => admission.enter("gate", SMALL)).not.toThrow();
});

test("of a hundred of the largest bodies eight are let in, and small ones as ever", () => {
  const admission = createAdmission();
  const leaving = fill(admission, BATCH_BYTES_MAX, 100);
  expect(leaving).toHaveLength(8);
  expect(fill(admission, SMALL, 100)).toHaveLength(100);
  expect(() => admission.enter("another", 5_000_000)).toThrow(/large/);
  leaving[0]?.();
  expect(() => admission.enter("another", 5_000_000)).not.toThrow();
});

test("a body that does not say its length, or says an absurd one, counts as one of the largest", () => {
  expect(fill(createAdmission(), null)).toHaveLength(8);
  expect(fill(createAdmission(), 10 ** 12)).toHaveLength(8);
});

test("fifty ordinary batches are let in", () => {
  expect(fill(createAdmission(), 5_200_000).length).toBeGreaterThanOrEqual(50);
});

test("two of the largest bodies of a collector are let in, a third when one has ended, and its small ones as ever", () => {
  const admission = createAdmission();
  const leaving = [1, 2].map(() => admission.enter("gate", BATCH_BYTES_MAX));
  expect(() => admission.enter("gate", BATCH_BYTES_MAX)).toThrow(/as one may have/);
  admission.enter("gate", SMALL);
  // Others have what it leaves.
  expect(fill(admission, BATCH_BYTES_MAX)).toHaveLength(6);
  leaving[0]?.();
  expect(() => admission.enter("gate", BATCH_BYTES_MAX)).not.toThrow();
});
