/**
 * Words of the chosen language, with parameters isolated from the direction of the sentence around them.
 * Rule: a plate, a time or a name inside a sentence never reorders it, in either direction; what is counted agrees with its
 * number.
 */
import { resolveTemplate } from "@solid-primitives/i18n";
import { createSignal } from "solid-js";
import { type Language, isRtl, language } from "../settings.ts";
import { en } from "./en.ts";

/** U+2068 first-strong isolate … U+2069 pop: the plain-text form of <bdi>. */
const isolate = (text: string): string => `\u2068${text}\u2069`;
const RTL_LETTER = /\p{Script=Hebrew}|\p{Script=Arabic}/u;

type Parameters = Readonly<Record<string, string | number>>;

/** The forms of a sentence that counts, `|` between them; the last stands for every other number as well. */
const FORMS: Readonly<Record<Language, readonly Intl.LDMLPluralRule[]>> = {
  en: ["one", "other"],
  he: ["one", "two", "other"],
};
const rules = { en: new Intl.PluralRules("en"), he: new Intl.PluralRules("he") } as const;

/** The form that agrees with `count`. */
const agreeing = (template: string, { count }: Parameters): string => {
  const forms = template.split("|");
  const rule = typeof count === "number" ? rules[language()].select(count) : "other";
  return forms[FORMS[language()].indexOf(rule)] ?? forms.at(-1) ?? "";
};

/** Parameters are isolated when the sentence or the parameter runs right to left; plain English stays plain text. */
const fill = (template: string, parameters: Parameters): string => {
  const isolated: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) {
    const text = String(value);
    isolated[name] = isRtl() || RTL_LETTER.test(text) ? isolate(text) : text;
  }
  return resolveTemplate(agreeing(template, parameters), isolated);
};

const hebrewLoaders: (() => Promise<void>)[] = [];

/**
 * Makes the words of one dictionary: the application's own, or one that comes with screens that load later.
 * @param loadHebrew called once, when Hebrew is first wanted
 */
export const createWords = <Key extends string>(
  english: Readonly<Record<Key, string>>,
  loadHebrew: () => Promise<Readonly<Record<Key, string>>>,
): ((key: Key, parameters?: Parameters) => string) => {
  const [hebrew, setHebrew] = createSignal<Readonly<Record<Key, string>>>();
  hebrewLoaders.push(async () => {
    if (hebrew() !== undefined) return;
    const words = await loadHebrew();
    setHebrew(() => words);
  });
  return (key, parameters) => {
    const template = ((language() === "he" ? hebrew() : undefined) ?? english)[key];
    return parameters === undefined ? template : fill(template, parameters);
  };
};

/** The words for a key, parameters filled in. */
export const t = createWords(en, async () => (await import("./he.ts")).he);

/** Loads a language into every dictionary made so far; English is always there. */
export const loadWords = async (wanted: Language): Promise<void> => {
  if (wanted === "he") await Promise.all(hebrewLoaders.map((load) => load()));
};
