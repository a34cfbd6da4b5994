/**
 * Splits the body that a camera pushes into its parts.
 * Rule: tolerant of every firmware seen (bare LF, no Content-Length, wrong Content-Length, no closing line), and it
 * never copies or changes a picture's bytes.
 */
import { isJpeg } from "../camera.ts";

export type Part = { name: string | null; fileName: string | null; contentType: string | null; body: Buffer };

/** A camera sends one document and at most a handful of pictures; more parts are not looked at. */
const PARTS_MAX = 32;
/** Headers of a part are three or four short lines. */
const HEADER_BYTES_MAX = 8 * 1024;

const CR = 0x0d;
const LF = 0x0a;

/** Boundaries to try: the one the header names, then the one the body itself begins with. */
const boundariesOf = (body: Buffer, contentType: string | null): string[] => {
  const named = /boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))/i.exec(contentType ?? "");
  const first = /^\s*--(\S{1,70})[ \t]*\r?\n/.exec(body.subarray(0, HEADER_BYTES_MAX).toString("latin1"));
  return [named?.[1] ?? named?.[2], first?.[1]].filter((boundary) => boundary !== undefined);
};

/** Says whether a delimiter may end here: nothing, white space or the closing dashes follow it. */
const isDelimiterEnd = (body: Buffer, at: number): boolean => {
  const next = body[at];
  return next === undefined || next === CR || next === LF || next === 0x20 || (next === 0x2d && body[at + 1] === 0x2d);
};

/** The place of the next delimiter at the start of a line, or -1. */
const findDelimiter = (body: Buffer, delimiter: Buffer, from: number): number => {
  for (let at = body.indexOf(delimiter, from); at !== -1; at = body.indexOf(delimiter, at + 1)) {
    if ((at === 0 || body[at - 1] === LF) && isDelimiterEnd(body, at + delimiter.length)) return at;
  }
  return -1;
};

/** Takes off the line end that belongs to the delimiter which follows. */
const beforeLineEnd = (body: Buffer, end: number): number => {
  if (body[end - 1] !== LF) return end;
  return body[end - 2] === CR ? end - 2 : end - 1;
};

/** Where a part's body ends. `next` is the place of the delimiter after it, or the end of the message. */
type Extent = { end: number; next: number };

/** Content-Length first, if what follows it is a delimiter or the end of the message: a picture may hold the boundary. */
const extentByLength = (body: Buffer, delimiter: Buffer, start: number, length: number): Extent | null => {
  const end = start + length;
  if (end > body.length) return null;
  let next = end;
  if (body[next] === CR) next++;
  if (body[next] === LF) next++;
  if (next >= body.length) return { end, next: body.length };
  const isDelimiter = body.subarray(next, next + delimiter.length).equals(delimiter);
  return isDelimiter && isDelimiterEnd(body, next + delimiter.length) ? { end, next } : null;
};

/** Without a length: the next delimiter, for a picture the next one that follows its end marker (FFD9). */
const extentByDelimiter = (body: Buffer, delimiter: Buffer, start: number): Extent => {
  const first = findDelimiter(body, delimiter, start);
  if (first === -1) return { end: Math.max(start, beforeLineEnd(body, body.length)), next: body.length };
  if (isJpeg(body.subarray(start, start + 3))) {
    for (let next = first; next !== -1; next = findDelimiter(body, delimiter, next + 1)) {
      const end = beforeLineEnd(body, next);
      if (body[end - 2] === 0xff && body[end - 1] === 0xd9) return { end, next };
    }
  }
  return { end: Math.max(start, beforeLineEnd(body, first)), next: first };
};

type Headers = { values: Map<string, string>; bodyStart: number };

const readHeaders = (body: Buffer, start: number): Headers => {
  const values = new Map<string, string>();
  const limit = Math.min(body.length, start + HEADER_BYTES_MAX);
  let at = start;
  while (at < limit) {
    const lineEnd = body.indexOf(LF, at);
    if (lineEnd === -1 || lineEnd >= limit) break;
    const line = body.subarray(at, lineEnd).toString("utf8").trim();
    const colon = line.indexOf(":");
    if (line === "") return { values, bodyStart: lineEnd + 1 };
    // A line that is no header is already content: this firmware sends no empty line.
    if (!/^[\w-]+:/.test(line)) break;
    values.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    at = lineEnd + 1;
  }
  return { values, bodyStart: at };
};

const parameter = (header: string | undefined, name: string): string | null => {
  const found = new RegExp(`(?:^|[;\\s])${name}\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`, "i").exec(header ?? "");
  return found?.[1] ?? found?.[2] ?? null;
};

const splitAt = (body: Buffer, boundary: string): Part[] => {
  const delimiter = Buffer.from(`--${boundary}`, "latin1");
  const parts: Part[] = [];
  let at = findDelimiter(body, delimiter, 0);
  while (at !== -1 && at < body.length && parts.length < PARTS_MAX) {
    const lineEnd = body.indexOf(LF, at);
    const closing = body.subarray(at + delimiter.length, at + delimiter.length + 2).toString("latin1") === "--";
    if (lineEnd === -1 || closing) break;
    const { values, bodyStart } = readHeaders(body, lineEnd + 1);
    const declared = values.get("content-length") ?? "";
    const length = /^\d{1,9}$/.test(declared) ? Number(declared) : null;
    const byLength = length === null ? null : extentByLength(body, delimiter, bodyStart, length);
    const { end, next } = byLength ?? extentByDelimiter(body, delimiter, bodyStart);
    const disposition = values.get("content-disposition");
    parts.push({
      name: parameter(disposition, "name"),
      fileName: parameter(disposition, "filename"),
      contentType: values.get("content-type") ?? null,
      body: body.subarray(bodyStart, end),
    });
    at = next;
  }
  return parts;
};

/**
 * Reads a message's parts in their order; never throws.
 * @param contentType the request's header, whose boundary is preferred but not needed
 * @returns one nameless part with the whole body when it is not multipart (a bare XML document)
 */
export const readMultipart = (body: Buffer, contentType: string | null): Part[] => {
  for (const boundary of boundariesOf(body, contentType)) {
    const parts = splitAt(body, boundary);
    if (parts.length > 0) return parts;
  }
  return [{ name: null, fileName: null, contentType, body }];
};
