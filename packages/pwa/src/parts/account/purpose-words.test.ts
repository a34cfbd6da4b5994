/** Names of purposes: the delivered ones in both languages, everything else as written. */
import { DEFAULT_POLICY } from "@chaverim/contracts";
import { beforeEach, expect, test } from "vitest";
import { accountEn } from "../../i18n/account-en.ts";
import { accountHe } from "../../i18n/account-he.ts";
import { loadWords } from "../../i18n/words.ts";
import { setLanguage } from "../../settings.ts";
import { purposeLabel } from "./purpose-words.ts";

const DELIVERED = DEFAULT_POLICY.purpose.codes;

beforeEach(async () => {
  await loadWords("he");
  setLanguage("he");
});

test.each(DELIVERED)("The delivered purpose $code is named in the language of the screen", ({ code, label }) => {
  const key = `purpose.${code}`;
  expect(accountEn).toHaveProperty([key], label);
  expect(purposeLabel(code, DELIVERED)).toBe((accountHe as Record<string, string>)[key]);
  expect(purposeLabel(code, DELIVERED)).toMatch(/\p{Script=Hebrew}/u);
  setLanguage("en");
  expect(purposeLabel(code, DELIVERED)).toBe(label);
});

test("A name that an administrator wrote stands as written, also for a code that was delivered", () => {
  const purposes = [
    { code: "incident", label: "Follow-up of Tel Aviv", needsCase: false },
    { code: "title", label: "Stolen vehicle", needsCase: false },
  ];
  expect(purposeLabel("incident", purposes)).toBe("Follow-up of Tel Aviv");
  expect(purposeLabel("title", purposes)).toBe("Stolen vehicle");
});

test("A purpose that the policy no longer has keeps its short name", () => {
  expect(purposeLabel("stolen_vehicle", [])).toBe("stolen_vehicle");
});
