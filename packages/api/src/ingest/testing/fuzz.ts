/**
 * Hostile bodies without end: pieces of real batches, cut, doubled, swapped and broken.
 * Rule: the same seed gives the same inputs, so that a failure can be had again.
 */
import { aDetection } from "../../testing/batches.ts";
import { aHeartbeat } from "../../testing/devices.ts";

/** Mulberry32: 32 bits of state are enough to be repeatable. */
const createRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** What JSON readers, schemas and databases have stumbled over. */
const PIECES = [
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  '"',
  "\\",
  "\\u0000",
  "\\ud800",
  "\\u202e",
  "null",
  "true",
  "-0",
  "1e400",
  "1e-400",
  "9007199254740993",
  "0x1A",
  "NaN",
  '"__proto__":{}',
  '"payload":"',
  '"signature":"AA=="',
  '"images":[{}]',
  '"seq":-1',
  '"capturedAt":"0000-00-00T00:00:00Z"',
  '"capturedAt":"+275760-09-13T00:00:00Z"',
  "\u0000",
  "\u2028",
  "\ufeff",
  "﷽",
  "[[[[[[[[",
  "]]]]]]]]",
];

/** What multipart readers and JPEG readers have stumbled over. */
const PART_PIECES = [
  "\r\n",
  "\r\n\r\n",
  "\n",
  "--",
  "--fuzz",
  "--fuzz--",
  "\r\n--fuzz\r\n",
  "\r\n--fuzz--\r\n",
  'Content-Disposition: form-data; name="detections"',
  'name="image_0_full"',
  'name="image_9999_crop"',
  'name="image_-1_full"',
  'name="__proto__"',
  'name=""; filename="../../../etc/passwd"',
  "filename*=utf-8''%00%ff",
  "Content-Transfer-Encoding: base64",
  "Content-Type: text/plain; charset=utf-16",
  ":",
  ";",
  '"',
  "\u0000",
  // A frame of 65,535 by 65,535 pixels, an end without a beginning, a segment of no length and one of all.
  "\u00ff\u00d8\u00ff\u00c0\u0000\u0011\u0008\u00ff\u00ff\u00ff\u00ff\u0003",
  "\u00ff\u00d9",
  "\u00ff\u00e1\u0000\u0000",
  "\u00ff\u00e1\u00ff\u00ff",
];

const createMutation = (seed: number) => {
  const random = createRandom(seed);
  const upTo = (limit: number) => Math.floor(random() * limit);
  const mutate = (text: string, pieces: readonly string[]): string => {
    const at = upTo(text.length + 1);
    const to = Math.min(text.length, at + upTo(40));
    const piece = pieces[upTo(pieces.length)] ?? "";
    switch (upTo(6)) {
      case 0:
        return text.slice(0, at);
      case 1:
        return text.slice(0, at) + piece + text.slice(at);
      case 2:
        return text.slice(0, at) + text.slice(to);
      case 3:
        return text.slice(0, at) + text.slice(at, to).repeat(1 + upTo(4)) + text.slice(to);
      case 4:
        return text.slice(0, at) + piece + text.slice(to);
      default:
        return text.slice(0, at) + String.fromCharCode(upTo(0x10000)) + text.slice(at + 1);
    }
  };
  const mutateText = (start: string, pieces = PIECES): string => {
    let text = start;
    for (let times = upTo(5); times >= 0; times--) text = mutate(text, pieces);
    return text;
  };
  /** One in eight is broken below the level of characters as well. */
  const breakBytes = (body: Buffer): Buffer => {
    if (body.length > 0 && upTo(8) === 0) body[upTo(body.length)] = upTo(256);
    return body;
  };
  return { upTo, mutateText, breakBytes };
};

/** Bodies of the `detections` part. */
export const fuzzBodies = function* (seed: number, count: number): Generator<Buffer> {
  const { upTo, mutateText, breakBytes } = createMutation(seed);
  const plain = aDetection({ epoch: 1, seq: 7, prev: "ab".repeat(32), nonce: "n", vehicle: { make: "Seat" } });
  const signed = { payload: JSON.stringify(plain), signature: "c2lnbmF0dXJl" };
  const seeds = [[plain], [plain, signed], [signed], [], [[plain]], [null, 1, "x", plain]].map((body) =>
    JSON.stringify(body),
  );
  for (let index = 0; index < count; index++)
    yield breakBytes(Buffer.from(mutateText(seeds[upTo(seeds.length)] ?? "")));
};

export type FuzzRequest = { path: string; contentType: string; body: Buffer };

type UpTo = (limit: number) => number;
/** Times and ids come from the seed as well; a clock of long ago is only marked. */
const CAPTURED_AT = "2026-11-22T10:00:00.000Z";
const anId = (upTo: UpTo): string => {
  const digits = (count: number) => Array.from({ length: count }, () => upTo(16).toString(16)).join("");
  return `019ab000-${digits(4)}-7${digits(3)}-8${digits(3)}-${digits(12)}`;
};
const aPicture = (upTo: UpTo, bytes: number): Buffer =>
  Buffer.from([0xff, 0xd8, 0xff, 0xe0, ...Array.from({ length: bytes }, () => upTo(256)), 0xff, 0xd9]);

/** A batch of one detection with its two pictures, of which the text, a picture or the frame around them is broken. */
const fuzzBatch = ({ upTo, mutateText, breakBytes }: ReturnType<typeof createMutation>): FuzzRequest => {
  const pictures = { full: aPicture(upTo, 300), crop: aPicture(upTo, 100) };
  const seq = upTo(1000);
  const detection = aDetection(
    { id: anId(upTo), capturedAt: CAPTURED_AT, epoch: 1, seq, plate: `F${upTo(1000)}` },
    pictures,
  );
  const broken = upTo(4);
  const json = JSON.stringify([detection]);
  // One character a byte, so that pieces of bytes can be put into a picture.
  const breakPicture = (bytes: Buffer) => Buffer.from(mutateText(bytes.toString("latin1"), PART_PIECES), "latin1");
  const parts: [string, Buffer][] = [
    ["detections", Buffer.from(broken === 0 ? mutateText(json) : json)],
    ["image_0_full", broken === 1 ? breakPicture(pictures.full) : pictures.full],
    ["image_0_crop", pictures.crop],
  ];
  const whole = Buffer.concat([
    ...parts.flatMap(([name, bytes]) => [
      Buffer.from(`--fuzz\r\nContent-Disposition: form-data; name="${name}"; filename="${name}"\r\n\r\n`),
      bytes,
      Buffer.from("\r\n"),
    ]),
    Buffer.from("--fuzz--\r\n"),
  ]);
  const body = broken === 2 ? Buffer.from(mutateText(whole.toString("latin1"), PART_PIECES), "latin1") : whole;
  const contentType = upTo(50) === 0 ? mutateHeader(mutateText) : "multipart/form-data; boundary=fuzz";
  return { path: "/api/v1/detections/batch", contentType, body: breakBytes(body) };
};

/** A header holds printable characters alone: what is not would never leave a client. */
const mutateHeader = (mutateText: (text: string, pieces: string[]) => string): string =>
  mutateText("multipart/form-data; boundary=fuzz", PART_PIECES).replaceAll(/[^\u0020-\u007e]/g, "");

/** Whole requests of a collector: batches, heartbeats and answers to commands. */
export const fuzzRequests = function* (seed: number, count: number): Generator<FuzzRequest> {
  const mutation = createMutation(seed);
  const { upTo, mutateText, breakBytes } = mutation;
  const ack = { status: "done", detail: "", newKey: { sha256: "ab".repeat(32), prefix: "alpr_abcde" } };
  for (let index = 0; index < count; index++) {
    const kind = upTo(5);
    const json = (path: string, body: object): FuzzRequest => ({
      path,
      contentType: "application/json",
      body: breakBytes(Buffer.from(mutateText(JSON.stringify(body)))),
    });
    if (kind === 0) yield json("/api/v1/heartbeat", aHeartbeat());
    else if (kind === 1 && upTo(4) === 0) yield json(`/api/v1/commands/${anId(upTo)}/ack`, ack);
    else yield fuzzBatch(mutation);
  }
};
