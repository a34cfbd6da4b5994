/**
 * English words of searching, of one plate and of the lists; they load with those screens.
 * Rule: a file a subject.
 */
import { findEn } from "./search/find-en.ts";
import { listsEn } from "./search/lists-en.ts";
import { plateEn } from "./search/plate-en.ts";

export const searchEn = { ...findEn, ...plateEn, ...listsEn } as const;
export type SearchWords = Readonly<Record<keyof typeof searchEn, string>>;
