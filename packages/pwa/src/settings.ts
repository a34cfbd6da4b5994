/**
 * What a person chose for this device: language, theme, shortcuts.
 * Rule: kept in localStorage under the keys that public/boot.js reads before the first paint; nothing personal is kept here.
 */
import { createSignal } from "solid-js";

export const LANGUAGES = ["en", "he"] as const;
export type Language = (typeof LANGUAGES)[number];
export const THEMES = ["dark", "night", "light"] as const;
export type Theme = (typeof THEMES)[number];

/** The browser's bar takes the page's ground, so that the phone shows one surface. */
const GROUNDS: Readonly<Record<Theme, string>> = { dark: "#0d1013", night: "#000000", light: "#f3f5f6" };

const root = document.documentElement;

const readKept = <T extends string>(key: string, allowed: readonly T[], fallback: T): T => {
  try {
    return allowed.find((value) => value === localStorage.getItem(key)) ?? fallback;
  } catch {
    return fallback; // storage is blocked by the browser: the choice lasts as long as the page
  }
};

const keep = (key: string, value: string): void => {
  try {
    localStorage.setItem(key, value);
  } catch (error) {
    console.warn("The choice is not kept on this device", error);
  }
};

const [theme, setThemeSignal] = createSignal(readKept("chaverim.theme", THEMES, "dark"));
const [language, setLanguageSignal] = createSignal<Language>(
  readKept("chaverim.language", LANGUAGES, root.lang === "he" ? "he" : "en"),
);
const [shortcuts, setShortcutsSignal] = createSignal(readKept("chaverim.shortcuts", ["on", "off"], "on") === "on");
export { language, shortcuts, theme };

export const isRtl = (): boolean => language() === "he";

export const setTheme = (next: Theme): void => {
  root.dataset["theme"] = next;
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", GROUNDS[next]);
  keep("chaverim.theme", next);
  setThemeSignal(next);
};

/** Switches words and direction at once; the dictionary must be loaded first (`loadWords`). */
export const setLanguage = (next: Language): void => {
  root.lang = next;
  root.dir = next === "he" ? "rtl" : "ltr";
  keep("chaverim.language", next);
  setLanguageSignal(next);
};

export const setShortcuts = (on: boolean): void => {
  keep("chaverim.shortcuts", on ? "on" : "off");
  setShortcutsSignal(on);
};

/** Writes all choices again, after the storage of this site was cleared. */
export const keepSettings = (): void => {
  setTheme(theme());
  setLanguage(language());
  setShortcuts(shortcuts());
};
