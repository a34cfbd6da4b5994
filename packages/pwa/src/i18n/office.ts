/**
 * The words of the administrator's screens.
 * Rule: imported by screens that load later and by nothing that a volunteer's phone starts with.
 */
import { language } from "../settings.ts";
import { type OfficeKey, officeEn } from "./office-en.ts";
import { createWords, loadWords } from "./words.ts";

export const w = createWords(officeEn, async () => (await import("./office-he.ts")).officeHe);
// Whatever needs these words waits for them, as the application waits for its own.
await loadWords(language());

/** The keys that begin so, in the order of the dictionary. */
export const officeKeys = <Prefix extends string>(prefix: Prefix): Extract<OfficeKey, `${Prefix}${string}`>[] =>
  Object.keys(officeEn).filter((key): key is Extract<OfficeKey, `${Prefix}${string}`> => key.startsWith(prefix));

/** Words for what central named; its own name where this release has none. */
export const namedWords = (prefix: "action." | "field.", name: string): string => {
  const key = officeKeys(prefix).find((known) => known === `${prefix}${name}`);
  return key === undefined ? name : w(key);
};
