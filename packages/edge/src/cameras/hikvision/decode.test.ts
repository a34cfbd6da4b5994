/** Documents of Hikvision cameras, read as they are. Rule: fixtures are our own; vendor samples are read where they are present. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { UnreadableError } from "../../failure.ts";
import { decodeHikvision, readConfidence, type AnprEvent } from "./decode.ts";
import { readMultipart } from "./multipart.ts";
import { isDocument } from "./tree.ts";

const fixture = (name: string): Buffer => readFileSync(new URL(`../../../fixtures/hikvision/${name}`, import.meta.url));

const anpr = (bytes: Buffer): AnprEvent => {
  const message = decodeHikvision(bytes);
  if (message.kind !== "anpr") throw new Error(`decoded as ${message.kind}`);
  return message.event;
};

const anprXml = (inside: string, around = "") =>
  Buffer.from(`<E><eventType>ANPR</eventType>${around}<ANPR>${inside}</ANPR></E>`);

test("an event with vendor spellings becomes facts, and every number stays the string it was", () => {
  expect(anpr(fixture("anpr-with-pictures.xml"))).toEqual({
    eventId: "4d1f6d0e-5b1a-4a55-9d52-0c7f1f6f2a01",
    channel: "1",
    plate: "0123456",
    confidence: 0.97,
    region: null,
    vehicle: { type: "van", color: "white", direction: "forward", lane: "2", speedKph: 41 },
    cameraTime: "2026-03-01T22:00:03+02:00",
    retransmitted: false,
    pictures: [
      { fileName: "licensePlatePicture.jpg", type: "licensePlatePicture", pictureId: "2026030122000312345678901" },
      { fileName: "detectionPicture.jpg", type: "detectionPicture", pictureId: "2026030122000312345678902" },
      { fileName: "pilotPicture.jpg", type: "pilotPicture", pictureId: "2026030122000312345678903" },
    ],
    details: {
      country: "3",
      plateColor: "yellow",
      makeCode: "1036",
      modelCode: "7",
      plateRect: "408,470,149,31",
      postCount: "1",
    },
  });
});

test("a prefixed document of an old namespace is read by local names, and `unknown` is no plate", () => {
  const event = anpr(fixture("anpr-prefixed-no-plate.xml"));
  expect(event).toMatchObject({
    plate: null,
    confidence: 0.62,
    retransmitted: true,
    cameraTime: "2034-01-01T03:00:00",
  });
});

test("a plate in another script is kept as read", () => {
  expect(anpr(fixture("anpr-scripts.xml"))).toMatchObject({
    plate: "5กข 717",
    confidence: 0.925,
    region: "THA",
    eventId: null,
  });
});

test("the JSON variant reads the same, with all 25 digits of a picture's number", () => {
  const event = anpr(fixture("anpr.json"));
  expect(event).toMatchObject({ plate: "0x1A", confidence: 0.88, eventId: "4d1f6d0e-5b1a-4a55-9d52-0c7f1f6f2a02" });
  expect(event.pictures).toEqual([
    { fileName: null, type: "detectionPicture", pictureId: "2026030122000312345678902" },
  ]);
});

test("a heartbeat is ignored by name and a poll list is a list of strings", () => {
  expect(decodeHikvision(fixture("heartbeat.xml"))).toEqual({ kind: "ignored", what: "videoloss" });
  expect(decodeHikvision(fixture("plates.xml"))).toEqual({
    kind: "plates",
    plates: [
      {
        captureTime: "20260301T2200030000",
        plate: "007",
        pictureName: "2026030122000312345678901",
        direction: "forward",
        lane: "1",
      },
      { captureTime: "20260301T2200090000", plate: null, pictureName: null, direction: null, lane: null },
    ],
  });
});

test.for(["unknown", "UNKNOWN", "-", "--", "", "  ", "unlicensed", "No Plate", "none", "无车牌"])(
  "%j is no plate",
  (word) => {
    expect(anpr(anprXml(`<licensePlate>${word}</licensePlate>`)).plate).toBeNull();
  },
);

test.for(["007", "0x1A", "1e5", "true", "null1", "٣٢١", "蓝皖A7XG00"])(
  "the plate %j is kept to the character",
  (plate) => {
    expect(anpr(anprXml(`<licensePlate>${plate}</licensePlate>`)).plate).toBe(plate);
  },
);

test.for([
  ["97", 0.97],
  ["92.5", 0.925],
  ["0.62", 0.62],
  ["1.0", 1],
  ["1", 0.01],
  ["100", 1],
  ["0", 0],
  ["101", null],
  ["255", null],
  ["-1", null],
  ["1e1", null],
  ["NaN", null],
  ["", null],
] as const)("a confidence of %j is %j", ([text, confidence]) => {
  expect(readConfidence(text)).toBe(confidence);
});

test.for([
  ["a truncated document", "<E><eventType>ANPR</eventType><ANPR><licensePlate>12"],
  ["a DOCTYPE", '<!DOCTYPE E [<!ENTITY a "b">]><E>&a;</E>'],
  ["an unknown entity", "<E>&bomb;</E>"],
  ["a nesting of 40", "<a>".repeat(40) + "</a>".repeat(40)],
  ["a text of 5,000 characters", `<E>${"x".repeat(5_000)}</E>`],
  ["256 KB", `<E>${"<a/>".repeat(70_000)}</E>`],
  ["two roots", "<E/><E/>"],
  ["nothing", ""],
  ["broken JSON", '{"eventType": "ANPR"'],
  ["deep JSON", `{"a":${"[".repeat(40)}${"]".repeat(40)}}`],
  ["an ANPR event without a plate element", "<E><eventType>ANPR</eventType></E>"],
  ["a plate of 65 characters", `<E><ANPR><licensePlate>${"1".repeat(65)}</licensePlate></ANPR></E>`],
] as const)("%s is refused in words", ([, text]) => {
  expect(() => decodeHikvision(Buffer.from(text))).toThrow(UnreadableError);
});

test("a document that ends with a NUL, as firmware in C writes it, is read", () => {
  expect(anpr(Buffer.concat([anprXml("<licensePlate>A1</licensePlate>"), Buffer.from("\0")])).plate).toBe("A1");
});

test("a document in GB 18030 is read whatever its declaration says", () => {
  const plate = Buffer.from([0xcd, 0xee, 0x41, 0x37]);
  const bytes = Buffer.concat([
    Buffer.from("<E><ANPR><licensePlate>"),
    plate,
    Buffer.from("</licensePlate></ANPR></E>"),
  ]);
  expect(anpr(bytes).plate).toBe("皖A7");
});

test("no bytes whatever do anything but decode or be refused", () => {
  const outcomeOf = (bytes: Buffer): string => {
    try {
      return decodeHikvision(bytes).kind;
    } catch (error) {
      return error instanceof UnreadableError ? "refused" : `failed: ${String(error)}`;
    }
  };
  const noise = fc.uint8Array().map((bytes) => Buffer.from(bytes));
  const inXml = fc.string().map((text) => Buffer.from(`<E><ANPR><licensePlate>${text}</licensePlate></ANPR></E>`));
  fc.assert(
    fc.property(fc.oneof(noise, inXml), (bytes) => {
      expect(["anpr", "plates", "ignored", "refused"]).toContain(outcomeOf(bytes));
    }),
  );
});

// Payloads of cameras in the field lie beside the repository on some machines; they are not ours to publish.
const samples = new URL("../../../../../../shared/samples/cameras/hikvision/", import.meta.url);
const sampleNames = existsSync(samples) ? readdirSync(samples) : [];

test.skipIf(sampleNames.length === 0)("every vendor sample decodes to what its name says", () => {
  for (const name of sampleNames) {
    const part = readMultipart(readFileSync(new URL(name, samples)), null).find(({ body }) => isDocument(body));
    const expected = name.startsWith("push-") ? "anpr" : name.startsWith("plates-") ? "plates" : "ignored";
    expect({ name, kind: decodeHikvision(part?.body ?? Buffer.alloc(0)).kind }).toEqual({ name, kind: expected });
  }
});
