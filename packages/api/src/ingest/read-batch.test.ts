/** Reading a batch: each element for itself, from the exact text in which it was sent. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aDetection } from "../testing/batches.ts";
import { isGood, readBatch } from "./read-batch.ts";

const read = (text: string) => {
  const batch = readBatch(Buffer.from(text));
  if (!("elements" in batch)) throw new Error(JSON.stringify(batch));
  return batch.elements;
};
const textOf = (element: ReturnType<typeof read>[number]) =>
  isGood(element) ? element.payload : element.raw.toString();

test("What is hashed is the text as it was sent, whatever wrote it", () => {
  const first = JSON.stringify(aDetection(), null, 4);
  const second = `${JSON.stringify(aDetection()).slice(0, -1)}, "speed": 37.50, "speed": 1e2, "note": "a ] , [ \\" } {" }`;
  const elements = read(` [\n${first} ,\t${second} ]\n`);
  expect(elements.map(textOf)).toEqual([first, second]);
  expect(elements.every(isGood)).toBe(true);
  expect(elements[1]).toMatchObject({ payloadSha256: createHash("sha256").update(second).digest() });
});

test("A batch of very many elements is refused before anybody looks at each", () => {
  const startedAt = performance.now();
  expect(readBatch(Buffer.from(`[${"1,".repeat(2_000_000)}1]`))).toEqual({ tooMany: 2_000_001 });
  // A hundred times what it takes; the elements one by one took ten seconds.
  expect(performance.now() - startedAt).toBeLessThan(3000);
});

test("An element with endless lists is not looked through item by item", () => {
  const bloated = JSON.stringify({ ...aDetection(), images: Array.from({ length: 5000 }, () => 1) });
  const huge = JSON.stringify({ ...aDetection(), note: "x".repeat(70_000) });
  for (const element of read(`[${bloated},${huge}]`)) {
    if (isGood(element)) throw new Error("a bloated element was taken");
    expect(element).toMatchObject({ reason: "schema", detail: expect.stringContaining("is larger than") });
  }
});

test("An empty array has no elements, however it is written", () => {
  expect(read("[]")).toEqual([]);
  expect(read(" [ \n ] ")).toEqual([]);
});

test("Any array of JSON values is cut into the texts of its elements", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), fc.constantFrom(undefined, 1, "\t"), (values, indent) => {
      const elements = read(JSON.stringify(values, null, indent));
      expect(elements.map((element) => JSON.parse(textOf(element)) as unknown)).toEqual(
        JSON.parse(JSON.stringify(values)),
      );
    }),
  );
});

test.each(["", " ", "{}", "null", '"[]"', "[1,]", "[1", "[\u0001]", "1]"])("%j is malformed", (text) => {
  expect(readBatch(Buffer.from(text))).toEqual({ malformed: expect.any(String) });
});

test("Bytes that are no UTF-8 are malformed", () => {
  expect(readBatch(Buffer.from([0x5b, 0x22, 0xc3, 0x28, 0x22, 0x5d]))).toEqual({
    malformed: "detections is not UTF-8",
  });
});
