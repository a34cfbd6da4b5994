/** The dictionaries, and sentences that survive both directions. */
import { beforeEach, expect, test } from "vitest";
import { setLanguage } from "../settings.ts";
import { en } from "./en.ts";
import { he } from "./he.ts";
import { loadWords, t } from "./words.ts";

beforeEach(() => setLanguage("en"));

const parametersOf = (text: string): string[] => (text.match(/\{\{ \w+ \}\}/g) ?? []).toSorted();

test("Hebrew has every key of English and no other", () => {
  expect(Object.keys(he).toSorted()).toEqual(Object.keys(en).toSorted());
});

test("a sentence takes the same parameters in both languages", () => {
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    expect({ key, parameters: parametersOf(he[key]) }).toEqual({ key, parameters: parametersOf(en[key]) });
  }
});

test("no translation is left in English", () => {
  const latin = Object.entries(he).filter(
    ([key, text]) => !/\p{Script=Hebrew}/u.test(text) && text !== en[key as keyof typeof en],
  );
  expect(latin).toEqual([]);
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
  expect(t("collectors.approved", { name: "שער" })).toBe("\u2068שער\u2069 approved, alerts from now");
});
