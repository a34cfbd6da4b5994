/**
 * The words of a person's own account: signing in, joining, the lock, codes, purposes, devices.
 * Rule: imported by what loads when it is needed, and by nothing that the application starts with.
 */
import { language } from "../settings.ts";
import { accountEn } from "./account-en.ts";
import { createWords, loadWords } from "./words.ts";

export const w = createWords(accountEn, async () => (await import("./account-he.ts")).accountHe);
// Whatever needs these words waits for them, as the application waits for its own.
await loadWords(language());
