/**
 * Words of the chosen language, with parameters isolated from the direction of the sentence around them.
 * Rule: a plate, a time or a name inside a sentence never reorders it, in either direction.
 */
import { resolveTemplate } from "@solid-primitives/i18n";
import { createSignal } from "solid-js";
import { type Language, isRtl, language } from "../settings.ts";
import { type WordKey, type Words, en } from "./en.ts";

const [loaded, setLoaded] = createSignal<Partial<Record<Language, Words>>>({ en });

/** Loads the dictionary of a language; English is always there. */
export const loadWords = async (wanted: Language): Promise<void> => {
  if (wanted === "he" && loaded().he === undefined) {
    const { he } = await import("./he.ts");
    setLoaded((dictionaries) => ({ ...dictionaries, he }));
  }
};

/** U+2068 first-strong isolate … U+2069 pop: the plain-text form of <bdi>. */
const isolate = (text: string): string => `\u2068${text}\u2069`;
const RTL_LETTER = /\p{Script=Hebrew}|\p{Script=Arabic}/u;

/**
 * The words for a key, parameters filled in.
 * Parameters are isolated when the sentence or the parameter runs right to left; plain English stays plain text.
 */
export const t = (key: WordKey, parameters?: Readonly<Record<string, string | number>>): string => {
  const template: string = (loaded()[language()] ?? en)[key];
  if (parameters === undefined) return template;
  const isolated: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) {
    const text = String(value);
    isolated[name] = isRtl() || RTL_LETTER.test(text) ? isolate(text) : text;
  }
  return resolveTemplate(template, isolated);
};
