/** Which passwords are taken and which are refused, and that nothing else is asked of one. */
import { readFileSync } from "node:fs";
import { PASSWORD_MAX, PASSWORD_MIN } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { checkPassword } from "./password-rules.ts";
import { toAppError } from "../failure.ts";
import { hashPassword, needsRehash, verifyPassword } from "./passwords.ts";

const known = ["dana.levinson@harbour-watch.example", "Dana Levinson", "Harbour Watch"];
const refusalOf = (password: string): string | null => {
  try {
    checkPassword(password, known);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
};
const common = readFileSync(new URL("common-passwords.txt", import.meta.url), "utf8")
  .trimEnd()
  .split("\n");

test("Twelve characters are enough, eleven are not; a character counts as one, whatever it takes to store it", () => {
  expect(refusalOf("orchid-bolt-")).toBeNull();
  expect(refusalOf("orchid-bolt")).toContain(`at least ${PASSWORD_MIN}`);
  expect(refusalOf("🦉".repeat(4) + "zqx🐟kv")).toContain(`at least ${PASSWORD_MIN}`);
  expect(refusalOf("🦉🐟🌊🪁🧭🚲🪑🧵🪨🌙🎻🧊")).toBeNull();
});

test("128 characters are taken, 129 are not", () => {
  const long = Array.from({ length: PASSWORD_MAX }, (_, place) => String.fromCodePoint(33 + ((place * 37) % 90))).join(
    "",
  );
  expect([long.length, refusalOf(long)]).toEqual([128, null]);
  expect(refusalOf(`${long}!`)).toContain(`at most ${PASSWORD_MAX}`);
});

test.each([
  "qmxvhwprtkzbdf",
  "QMXVHWPRTKZBDF",
  "835719264058",
  "#(]&^%)@!~}{+=",
  "пять синих стульев",
  "four words apart here",
  "     padded     inside     ",
])("%j is taken: no kind of character is asked for or forbidden", (password) => {
  expect(refusalOf(password)).toBeNull();
});

test("All of the 5,000 most common of twelve and more characters are refused, in any case and with a year behind", () => {
  expect(new Set(common).size).toBe(5000);
  expect(common.filter((password) => password.length < PASSWORD_MIN)).toEqual([]);
  expect(common.filter((password) => refusalOf(password) === null)).toEqual([]);
  const words = common.filter((password) => /^[a-z]{12,}$/.test(password)).slice(0, 100);
  expect(words.length).toBe(100);
  for (const word of words) {
    expect([word, refusalOf(word.toUpperCase())]).not.toEqual([word, null]);
    expect([word, refusalOf(`${word}2026!`)]).not.toEqual([word, null]);
  }
});

test.each(["aaaaaaaaaaaa", "abcabcabcabc", "12341234123412", "xyxyxyxyxyxy!!"])(
  "%j is a repetition and refused",
  (password) => {
    expect(refusalOf(password)).toContain("first that are tried");
  },
);

test.each([
  "danalevinson1",
  "Levinson2026!!",
  "harbour-watch",
  "HarbourWatch12",
  "chaverim12345",
  "Chaverim-Levi",
  "levinsonlevinson",
])("%j is made of what is known of the person and refused", (password) => {
  expect(refusalOf(password)).not.toBeNull();
});

test("A name within a longer password does no harm, and digits alone are no name", () => {
  expect(refusalOf("835719264058")).toBeNull();
  expect(refusalOf("levinson keeps nine blue kites")).toBeNull();
});

test("Only the password itself opens: to the last character, in its case, blanks included", async () => {
  const password = "  Nine Blue Kites over the harbour, and a tenth one  ";
  const hash = await hashPassword(password);
  expect(await verifyPassword(hash, password)).toBe(true);
  for (const other of [password.trim(), password.toLowerCase(), password.slice(0, -1), `${password} `])
    expect([other, await verifyPassword(hash, other)]).toEqual([other, false]);
});

test("Two passwords that differ at the 128th character alone are two", async () => {
  const [one, other] = [`${"x".repeat(127)}a`, `${"x".repeat(127)}b`];
  expect(await verifyPassword(await hashPassword(one), other)).toBe(false);
});

test("A hash says how it was made: argon2id, 19 MiB, two passes; weaker ones are made anew", async () => {
  const hash = await hashPassword("nine blue kites over the harbour");
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/);
  expect(needsRehash(hash)).toBe(false);
  expect(needsRehash(hash.replace("m=19456", "m=4096"))).toBe(true);
});

test("Two are hashed and fifty wait; whoever comes then is sent away at once, known or not, and later is served", async () => {
  const hash = await hashPassword("nine blue kites over the harbour");
  const all = Array.from({ length: 60 }, (_, turn) =>
    verifyPassword(turn % 2 ? hash : null, "another one").catch(toAppError),
  );
  const refused = (await Promise.all(all)).flatMap((answer, turn) => (answer === false ? [] : [{ answer, turn }]));
  expect([refused.length, refused.filter(({ turn }) => turn % 2).length]).toEqual([8, 4]);
  for (const { answer } of refused) expect(answer).toMatchObject({ code: "too_many", retryAfterSeconds: 5 });
  expect(await verifyPassword(hash, "nine blue kites over the harbour")).toBe(true);
}, 30_000);
