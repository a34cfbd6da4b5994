/** Bodies as cameras send them, well-formed or not. Rule: a picture's bytes come out exactly as they went in. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { aJpeg } from "../../testing.ts";
import { readMultipart } from "./multipart.ts";

type Sent = { headers: string[]; body: Buffer };

const compose = (parts: readonly Sent[], { boundary = "boundary", eol = "\r\n", closing = true } = {}): Buffer =>
  Buffer.concat([
    ...parts.flatMap(({ headers, body }) => [
      Buffer.from(`--${boundary}${eol}${headers.map((header) => header + eol).join("")}${eol}`),
      body,
      Buffer.from(eol),
    ]),
    Buffer.from(closing ? `--${boundary}--${eol}` : ""),
  ]);

const named = (name: string, body: Buffer, withLength = true): Sent => ({
  headers: [
    `Content-Disposition: form-data; name="${name}"; filename="${name}"`,
    ...(withLength ? [`Content-Length: ${body.length}`] : []),
  ],
  body,
});

const TYPE = "multipart/form-data; boundary=boundary";
const xml = Buffer.from("<E/>");

test("parts come out by name, in order, with the bytes they had", () => {
  const picture = aJpeg("\r\n--boundary\r\nnot a part");
  const parts = readMultipart(compose([named("anpr.xml", xml), named("detectionPicture.jpg", picture)]), TYPE);
  expect(parts.map(({ name, body }) => [name, body])).toEqual([
    ["anpr.xml", xml],
    ["detectionPicture.jpg", picture],
  ]);
});

test("without Content-Length a picture that holds the boundary ends at its own end marker", () => {
  const picture = aJpeg("before\r\n--boundary\r\nafter");
  const parts = readMultipart(compose([named("a.jpg", picture, false), named("anpr_xml", xml, false)]), TYPE);
  expect(parts.map(({ body }) => body)).toEqual([picture, xml]);
});

test.for([
  ["too short", 2],
  ["too long", 9],
  ["beyond the message", 99_999],
  ["not a number", "many"],
] as const)("a Content-Length that is %s is not believed", ([, length]) => {
  const wrong = {
    headers: ['Content-Disposition: form-data; name="xml_file"', `Content-Length: ${length}`],
    body: xml,
  };
  const parts = readMultipart(compose([wrong, named("a.jpg", aJpeg())]), TYPE);
  expect(parts.map(({ body }) => body)).toEqual([xml, aJpeg()]);
});

test.for([
  ["a bare LF", { eol: "\n" }],
  ["no closing line", { closing: false }],
] as const)("%s is tolerated", ([, style]) => {
  const parts = readMultipart(compose([named("anpr.xml", xml, false), named("a.jpg", aJpeg(), false)], style), TYPE);
  expect(parts.map(({ body }) => body)).toEqual([xml, aJpeg()]);
});

test("the boundary is found in the body when the header names another or none", () => {
  const body = compose([named("anpr.xml", xml)], { boundary: "MIME_boundary" });
  for (const type of [null, "multipart/form-data", "multipart/form-data; boundary=other"]) {
    expect(readMultipart(body, type).map((part) => part.body)).toEqual([xml]);
  }
});

test("a part that is announced with no bytes is there and empty", () => {
  const parts = readMultipart(
    compose([named("anpr.xml", xml), named("licensePlatePicture.jpg", Buffer.alloc(0))]),
    TYPE,
  );
  expect(parts.map(({ body }) => body.length)).toEqual([xml.length, 0]);
});

test("a bare document is one nameless part", () => {
  expect(readMultipart(xml, "application/xml")).toEqual([
    { name: null, fileName: null, contentType: "application/xml", body: xml },
  ]);
});

test("any bytes survive when their length is declared, even the boundary itself", () => {
  const noise = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
  const hostile = fc
    .array(
      fc.oneof(
        noise,
        fc.constantFrom(...["\r\n--boundary\r\n", "--boundary--", "\r\n\r\n"].map((each) => Buffer.from(each))),
      ),
    )
    .map((pieces) => Buffer.concat(pieces));
  fc.assert(
    fc.property(fc.array(hostile, { minLength: 1, maxLength: 5 }), (bodies) => {
      const parts = readMultipart(compose(bodies.map((body, index) => named(`part${index}`, body))), TYPE);
      expect(parts.map(({ body }) => body)).toEqual(bodies);
    }),
  );
});

test("a message that is cut anywhere still gives parts of its own bytes, and never throws", () => {
  const whole = compose([
    named("anpr.xml", xml, false),
    named("a.jpg", aJpeg("x".repeat(40))),
    named("b.jpg", aJpeg()),
  ]);
  for (let end = 0; end <= whole.length; end++) {
    for (const { body } of readMultipart(whole.subarray(0, end), TYPE)) expect(whole.includes(body)).toBe(true);
  }
});

test("noise between delimiters never throws and never makes more than 32 parts", () => {
  const piece = fc.constantFrom(
    "--boundary",
    "--boundary--",
    "\r\n",
    "\n",
    "\r",
    ":",
    "Content-Length: 3",
    "a",
    "\xff\xd8\xff",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
      expect(readMultipart(Buffer.from(pieces.join(""), "latin1"), TYPE).length).toBeLessThanOrEqual(32);
    }),
  );
});
