/**
 * English words of the administrators' screens, a file a subject; they load with those screens and never on a volunteer's phone.
 * Rule: what stands here itself is said on more than one subject's screens.
 */
import { collectorsEn } from "./office/collectors-en.ts";
import { logEn } from "./office/log-en.ts";
import { peopleEn } from "./office/people-en.ts";
import { quarantineEn } from "./office/quarantine-en.ts";
import { settingsEn } from "./office/settings-en.ts";
import { sitesEn } from "./office/sites-en.ts";

export const officeEn = {
  ...collectorsEn,
  ...logEn,
  ...peopleEn,
  ...quarantineEn,
  ...settingsEn,
  ...sitesEn,

  "office.who": "Administrators can open this",
  "office.whoNext": "Ask an administrator.",
  "office.copy": "Copy",
  "office.copied": "Copied",
  "office.copyFailed": "The browser does not copy here. Select the text and copy it by hand.",
  "office.done": "Done",
  "office.keep": "Keep",
  "office.reason": "Reason",
  "office.reasonHint": "Kept in the access log",
  "office.reasonShort": "Say why in a few words.",
  "office.everywhere": "Everywhere",
  "office.nobody": "Nobody is signed in",
  "office.yes": "Yes",
  "office.no": "No",
  "office.once": "Shown this once. Central keeps no copy that can be read.",
} as const;

export type OfficeKey = keyof typeof officeEn;
export type OfficeWords = Readonly<Record<OfficeKey, string>>;
