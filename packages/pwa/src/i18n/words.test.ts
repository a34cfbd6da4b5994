/** The dictionaries, and sentences that survive both directions. */
import { type AccessEntry, PROCEDURES, ROUTES } from "@chaverim/contracts";
import { beforeEach, expect, test } from "vitest";
import { setLanguage } from "../settings.ts";
import { accountEn } from "./account-en.ts";
import { accountHe } from "./account-he.ts";
import { en } from "./en.ts";
import { he } from "./he.ts";
import { officeEn } from "./office-en.ts";
import { officeHe } from "./office-he.ts";
import { searchEn } from "./search-en.ts";
import { searchHe } from "./search-he.ts";
import { w } from "./search.ts";
import { loadWords, t } from "./words.ts";

beforeEach(() => setLanguage("en"));

/** Of all forms of a sentence: "one" and "two" need no number. */
const parametersOf = (text: string): string[] => [...new Set(text.match(/\{\{ \w+ \}\}/g) ?? [])].toSorted();

type Words = Readonly<Record<string, string>>;
const DICTIONARIES: readonly { name: string; english: Words; hebrew: Words }[] = [
  { name: "the application", english: en, hebrew: he },
  { name: "a person's own account", english: accountEn, hebrew: accountHe },
  { name: "the administrator's screens", english: officeEn, hebrew: officeHe },
  { name: "searching", english: searchEn, hebrew: searchHe },
];

test.each(DICTIONARIES)("Hebrew of $name has every key of English and no other", ({ english, hebrew }) => {
  expect(Object.keys(hebrew).toSorted()).toEqual(Object.keys(english).toSorted());
});

test.each(DICTIONARIES)("a sentence of $name takes the same parameters in both languages", ({ english, hebrew }) => {
  for (const key of Object.keys(english)) {
    expect({ key, parameters: parametersOf(hebrew[key] ?? "") }).toEqual({
      key,
      parameters: parametersOf(english[key] ?? ""),
    });
  }
});

test.each(DICTIONARIES)("no translation of $name is left in English", ({ english, hebrew }) => {
  const latin = Object.entries(hebrew).filter(
    ([key, text]) => !/\p{Script=Hebrew}/u.test(text) && text !== english[key],
  );
  expect(latin).toEqual([]);
});

test("every action and field that the access log can name has words in both languages", () => {
  const doors = Object.entries<AccessEntry>({ ...PROCEDURES, ...ROUTES });
  const actions = doors.filter(([, entry]) => entry.logs !== undefined).map(([name]) => `action.${name}`);
  const fields = doors.flatMap(([, entry]) => entry.records ?? []).map((name) => `field.${name}`);
  const wanted = [...new Set([...actions, ...fields])];
  expect(wanted.length).toBeGreaterThan(50);
  expect(wanted.filter((key) => !(key in officeEn) || !(key in officeHe))).toEqual([]);
});

test("an English sentence with English parameters is plain text", () => {
  expect(t("link.offlineSince", { time: "23:41" })).toBe("Offline · as of 23:41");
});

test("a time inside a Hebrew sentence is isolated from its direction", async () => {
  await loadWords("he");
  setLanguage("he");
  expect(t("link.offlineSince", { time: "23:41" })).toBe("לא מקוון · נכון ל־\u206823:41\u2069");
});

test("a Hebrew name inside an English sentence is isolated too", () => {
  expect(t("match.fits", { pattern: "שער" })).toBe("fits \u2068שער\u2069");
});

test.each([
  [1, "1 detection", "זיהוי אחד"],
  [2, "2 detections", "שני זיהויים"],
  [3, "3 detections", "\u20683\u2069 זיהויים"],
  [20, "20 detections", "\u206820\u2069 זיהויים"],
  [0, "0 detections", "\u20680\u2069 זיהויים"],
])("%d agrees with what is counted, in both languages", async (count, english, hebrew) => {
  expect(w("find.count", { count })).toBe(english);
  await loadWords("he");
  setLanguage("he");
  expect(w("find.count", { count })).toBe(hebrew);
});
