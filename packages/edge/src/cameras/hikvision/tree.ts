/**
 * Reads a camera's document (XML, or the JSON of newer firmware) into one small tree of names and strings.
 * Rule: nothing is ever coerced: `0123456` stays a string; a document that is cut, too large or has a DOCTYPE is refused.
 */
import { SaxesParser } from "saxes";
import { UnreadableError } from "../../failure.ts";

/** An element: its local name, its own text (trimmed), and its children in order. */
export type Node = { name: string; text: string; children: Node[] };

/** The largest event seen has 4 KB; 256 KB is far beyond any real one. */
const DOCUMENT_BYTES_MAX = 256 * 1024;
const DEPTH_MAX = 32;
const TEXT_MAX = 4 * 1024;

/** Bytes as text: UTF-8, else what older Chinese firmware writes whatever its declaration says. */
const textOf = (bytes: Buffer): string => {
  for (const encoding of ["utf-8", "gb18030"]) {
    try {
      // Some firmware ends its document with a NUL, as a C string.
      return new TextDecoder(encoding, { fatal: true }).decode(bytes).replace(/[\0\s]+$/, "");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  throw new UnreadableError("The document is neither UTF-8 nor GB 18030.");
};

const checkText = (text: string): string => {
  if (text.length > TEXT_MAX) throw new UnreadableError("An element's text has more than 4,096 characters.");
  return text.trim();
};

const readXml = (text: string): Node => {
  const root: Node = { name: "", text: "", children: [] };
  const open = [root];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw new UnreadableError(`Not well-formed XML: ${error.message}`);
  });
  parser.on("doctype", () => {
    throw new UnreadableError("The document has a DOCTYPE; cameras send none.");
  });
  parser.on("opentag", (tag) => {
    if (open.length > DEPTH_MAX) throw new UnreadableError("The document is nested more than 32 deep.");
    const node: Node = { name: tag.name.slice(tag.name.lastIndexOf(":") + 1), text: "", children: [] };
    open.at(-1)?.children.push(node);
    open.push(node);
  });
  const addText = (more: string) => {
    const node = open.at(-1);
    if (!node) return;
    node.text += more;
    checkText(node.text);
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", () => {
    const node = open.pop();
    if (node) node.text = node.text.trim();
  });
  parser.write(text).close();
  const [document] = root.children;
  if (!document) throw new UnreadableError("The document is empty.");
  return document;
};

/** What JSON.parse makes when numbers are kept as strings. */
type Json = string | boolean | null | Json[] | { [key: string]: Json };

const jsonToNodes = (name: string, value: Json, depth: number): Node[] => {
  if (depth > DEPTH_MAX) throw new UnreadableError("The document is nested more than 32 deep.");
  if (Array.isArray(value)) return value.flatMap((item) => jsonToNodes(name, item, depth + 1));
  if (typeof value === "object" && value !== null) {
    const children = Object.entries(value).flatMap(([key, item]) => jsonToNodes(key, item, depth + 1));
    return [{ name, text: "", children }];
  }
  return [{ name, text: checkText(typeof value === "boolean" ? `${value}` : (value ?? "")), children: [] }];
};

/** TypeScript's library does not know the third argument yet (ECMA-262, JSON.parse source text access). */
type SourceReviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;

const readJson = (text: string): Node => {
  // A number keeps the digits it was written with: picture names have up to 25 of them.
  const keepDigits: SourceReviver = (_key, value, context) =>
    typeof value === "number" ? (context?.source ?? String(value)) : value;
  try {
    const [document] = jsonToNodes("", JSON.parse(text, keepDigits) as Json, 0);
    if (document) return document;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UnreadableError(`Not JSON: ${error.message}`, { cause: error });
  }
  throw new UnreadableError("The document is empty.");
};

/** Says whether a part's bytes begin like a document (and not like a picture). */
export const isDocument = (bytes: Buffer): boolean =>
  /^(\u00EF\u00BB\u00BF)?\s*[<{]/.test(bytes.subarray(0, 256).toString("latin1"));

/**
 * Reads a whole document.
 * @throws UnreadableError in words for the quarantine
 */
export const readTree = (bytes: Buffer): Node => {
  if (bytes.length > DOCUMENT_BYTES_MAX) throw new UnreadableError("The document has more than 256 KB.");
  const text = textOf(bytes);
  return text.trimStart().startsWith("{") ? readJson(text) : readXml(text);
};

/** The first child with one of these names. */
export const childOf = (node: Node | null, ...names: string[]): Node | null =>
  node?.children.find((child) => names.includes(child.name)) ?? null;

/** The first element with one of these names, at any depth, in document order. */
export const findNode = (node: Node, ...names: string[]): Node | null => {
  if (names.includes(node.name)) return node;
  for (const child of node.children) {
    const found = findNode(child, ...names);
    if (found) return found;
  }
  return null;
};
