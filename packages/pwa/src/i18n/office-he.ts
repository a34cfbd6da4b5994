/**
 * Hebrew words of the administrators' screens, a file a subject.
 * Rule: the same keys as English; people are addressed in the plural, times and plates come isolated.
 */
import type { OfficeWords } from "./office-en.ts";
import { collectorsHe } from "./office/collectors-he.ts";
import { logHe } from "./office/log-he.ts";
import { peopleHe } from "./office/people-he.ts";
import { quarantineHe } from "./office/quarantine-he.ts";
import { settingsHe } from "./office/settings-he.ts";
import { sitesHe } from "./office/sites-he.ts";

export const officeHe: OfficeWords = {
  ...collectorsHe,
  ...logHe,
  ...peopleHe,
  ...quarantineHe,
  ...settingsHe,
  ...sitesHe,

  "office.who": "מנהלים יכולים לפתוח את זה",
  "office.whoNext": "פנו למנהל או למנהלת.",
  "office.copy": "העתקה",
  "office.copied": "הועתק",
  "office.copyFailed": "הדפדפן אינו מעתיק כאן. סמנו את הטקסט והעתיקו ידנית.",
  "office.done": "סיום",
  "office.keep": "להשאיר",
  "office.reason": "סיבה",
  "office.reasonHint": "נשמרת ביומן הגישה",
  "office.reasonShort": "כתבו בכמה מילים למה.",
  "office.everywhere": "בכל מקום",
  "office.nobody": "אף אחד לא מחובר",
  "office.yes": "כן",
  "office.no": "לא",
  "office.once": "מוצג פעם אחת בלבד. במרכז לא נשמר עותק שאפשר לקרוא.",
};
