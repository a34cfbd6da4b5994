/**
 * Hebrew words of searching, of one plate and of the lists.
 * Rule: the same keys as English.
 */
import type { SearchWords } from "./search-en.ts";
import { findHe } from "./search/find-he.ts";
import { listsHe } from "./search/lists-he.ts";
import { plateHe } from "./search/plate-he.ts";

export const searchHe: SearchWords = { ...findHe, ...plateHe, ...listsHe };
