/**
 * The words of searching, of one plate and of the lists.
 * Rule: imported by screens that load later and by nothing that the application starts with.
 */
import { language } from "../settings.ts";
import { searchEn } from "./search-en.ts";
import { createWords, loadWords } from "./words.ts";

export const w = createWords(searchEn, async () => (await import("./search-he.ts")).searchHe);
// Whatever needs these words waits for them, as the application waits for its own.
await loadWords(language());
