/**
 * The words of the map.
 * Rule: imported by screens that load later and by nothing that the application starts with.
 */
import { language } from "../settings.ts";
import { mapEn } from "./map-en.ts";
import { createWords, loadWords } from "./words.ts";

export const m = createWords(mapEn, async () => (await import("./map-he.ts")).mapHe);
// Whatever needs these words waits for them, as the application waits for its own.
await loadWords(language());
