/**
 * Claims that name their proof: `path/to/file.test.ts: exact title`, or `code: path (what)` where no test can.
 * Rule: a proof that is not there is told in words; whether it proves the claim is for people to judge.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The title, wherever a call to test or describe ends with it: `test("…`, `test.each([…])(\n  "…`. */
const hasTitle = (source: string, title: string): boolean =>
  ['"', "'", "`"].some((quote) => {
    for (
      let at = source.indexOf(quote + title + quote);
      at !== -1;
      at = source.indexOf(quote + title + quote, at + 1)
    ) {
      const before = source.slice(0, at).trimEnd();
      if (/\b(test|it|describe)(\.\w+)*\($/.test(before) || before.endsWith(")(")) return true;
    }
    return false;
  });

const sources = new Map<string, string | null>();
const readSource = (path: string): string | null => {
  const known = sources.get(path);
  if (known !== undefined) return known;
  const read = existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : null;
  sources.set(path, read);
  return read;
};

/**
 * Looks for one proof.
 * @param proof `file: title` or `code: path (what)`
 * @returns what is wrong with it, or null
 */
export const findFault = (proof: string): string | null => {
  const code = /^code: (\S+) \(.+\)$/.exec(proof);
  if (code) return readSource(code[1] ?? "") === null ? `${code[1]} is not there` : null;
  const test = /^(\S+\.test\.tsx?): (.+)$/.exec(proof);
  if (!test) return `"${proof}" names neither a test nor code`;
  const [, path = "", title = ""] = test;
  const source = readSource(path);
  if (source === null) return `${path} is not there`;
  return hasTitle(source, title) ? null : `${path} has no test "${title}"`;
};
