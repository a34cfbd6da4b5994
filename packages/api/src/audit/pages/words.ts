/**
 * The words of the public pages, in English and Hebrew.
 * Rule: each sentence is true of what the system does with the settings that are put into it, and nothing is promised.
 */
import type { PolicyElement, Role } from "@chaverim/contracts";

export const LANGUAGES = ["en", "he"] as const;
export type Language = (typeof LANGUAGES)[number];

const en = {
  otherLanguage: "עברית",
  notStated: "Not stated yet",
  own: "Stated by the organisation",
  organisation: "Organisation",
  contact: "Contact",

  transparency: "Transparency report",
  about: "Counted by the system from its own records. No plate, no person and no place can be told from it.",
  generated: (time: string) =>
    `Counted ${time}. Searches, refusals and exports are counted by whole months: this month is not in yet.`,
  platesRead: "Plates read",
  platesReadNote: "Every reading of a plate by a camera; one vehicle is usually read more than once.",
  month: "Month",
  inUse: "In use now",
  cameras: "Cameras",
  collectors: "Devices that collect their readings",
  lists: "Lists of plates looked for",
  entries: "Plates on these lists",
  alerts: "Alerts, last 12 months",
  raised: "Alerts raised",
  confirmed: "Confirmed by a person",
  notAMatch: "Found not to match",
  searches: "Searches by purpose, last 12 whole months",
  searchesNote: "Small numbers are not given, so that no single search can be told.",
  purpose: "Purpose",
  count: "Number",
  fewerThan: (least: number) => `Fewer than ${least}`,
  formerPurposes: "Purposes of earlier policies",
  noPurpose: "Without a stated purpose",
  oversight: "Oversight, last 12 months",
  refused: "Attempts to look that were refused",
  exports: "Exports of detections or of the access log",
  reviewsOpen: "Reviews of looks: open",
  justified: "Reviews of looks: justified",
  unclear: "Reviews of looks: unclear",
  misuse: "Reviews of looks: misuse",
  retention: "Retention",

  policy: "Usage and privacy policy",
  policyAbout: "What each section begins with is generated from the settings in force.",
  version: "Version",
  inForce: "In force since",
  headings: {
    purposes: "The authorized purposes for using the ALPR system and collecting ALPR information",
    authorised:
      "A description of the job title or other designation of the employees and independent contractors who are authorized to use or access the ALPR system, or to collect ALPR information, and the training requirements necessary for them",
    monitoring:
      "A description of how the ALPR system will be monitored to ensure the security of the information and compliance with applicable privacy laws",
    sharing:
      "The purposes of, process for, and restrictions on, the sale, sharing, or transfer of ALPR information to other persons",
    custodian:
      "The title of the official custodian, or owner, of the ALPR system responsible for implementing this section",
    accuracy:
      "A description of the reasonable measures that will be used to ensure the accuracy of ALPR information and correct data errors",
    retention:
      "The length of time ALPR information will be retained, and the process the ALPR operator will utilize to determine if and when to destroy retained ALPR information",
  } satisfies Record<PolicyElement, string>,
  purposesAre: "The purposes that a search can be made for:",
  withCase: (label: string) => `${label}, with a case number`,
  purposeRequired: (roles: string) =>
    `Before they can search, these state the purpose, in words or with a case number: ${roles}.`,
  purposeNotRequired: "Nobody is made to state a purpose before a search.",
  role: { admin: "administrators", operator: "operators", viewer: "volunteers" } satisfies Record<Role, string>,
  may: (looks: number): Record<Role, string> => ({
    admin:
      "Administrators: alerts, searches, movements of a plate, pictures and lists; people, devices and this policy; the access log and its reviews.",
    operator: "Operators (dispatch): alerts, searches, movements of a plate, pictures and lists.",
    viewer: `Volunteers: alerts, and lists marked for the field; searches of the last 24 hours, in their own area where they have one, at most ${looks} a day; pictures of the scene for alerts alone.`,
  }),
  signIn: "Everybody signs in by name, with a password and a one-time code.",
  training: (days: number) => `Searching is closed to everybody whose last training was more than ${days} days ago.`,
  log: "Every search, every picture and list that is shown, and every change is written to an access log before it is shown or done: when, who, which plate, for what purpose. Entries are chained, so that a later change can be found; the server has no right to change or remove one.",
  repeat: (looks: number) => `Reviewed: ${looks} looks at the same plate within 7 days without a case number.`,
  budget: "Reviewed: a volunteer's attempt to search beyond the day's limit.",
  night: (looks: number, from: string, to: string, timeZone: string) =>
    `Reviewed: ${looks} looks in one night, from ${from} to ${to} (${timeZone}).`,
  sample: (looks: number) => `Reviewed: ${looks} looks of each month, drawn at random.`,
  reviewer: "Each review is decided by an administrator who is not the one who looked.",
  exportRule:
    "The access log is exported by administrators alone, with a new one-time code; each export names its recipient and is itself written in the log.",
  asRead: "A reading is kept as the camera gave it, with its picture where the camera sends one.",
  lookAlikes: "Characters that cameras confuse are shown as such: a look-alike is told apart from an exact match.",
  people: "An alert asks a person to compare; whether it was a match is recorded.",
  expiry: "Every plate on a list has its reason and the day on which it ends.",
  correction: (contact: string) => `Errors can be reported to: ${contact}.`,
  additive:
    "The system offers nobody a way to delete a reading, a picture or an entry of the access log. What is destroyed, when, and how that is decided:",
};

export type Words = typeof en;

const he: Words = {
  otherLanguage: "English",
  notStated: "טרם נמסר",
  own: "מטעם הארגון",
  organisation: "הארגון",
  contact: "יצירת קשר",

  transparency: "דוח שקיפות",
  about: "המספרים נספרו בידי המערכת מתוך הרשומות שלה. אי אפשר ללמוד מהם על לוחית, על אדם או על מקום.",
  generated: (time) =>
    `נספר ב־${time}. חיפושים, סירובים וייצואים נספרים לפי חודשים שלמים: החודש הנוכחי עדיין אינו כלול.`,
  platesRead: "לוחיות שנקראו",
  platesReadNote: "כל קריאה של לוחית במצלמה; רכב אחד נקרא בדרך כלל יותר מפעם אחת.",
  month: "חודש",
  inUse: "בשימוש כעת",
  cameras: "מצלמות",
  collectors: "התקנים שאוספים את הקריאות",
  lists: "רשימות של לוחיות מבוקשות",
  entries: "לוחיות ברשימות אלה",
  alerts: "התראות, 12 החודשים האחרונים",
  raised: "התראות שהופעלו",
  confirmed: "אושרו בידי אדם",
  notAMatch: "נמצאו לא תואמות",
  searches: "חיפושים לפי מטרה, 12 החודשים המלאים האחרונים",
  searchesNote: "מספרים קטנים אינם מפורטים, כדי שלא יהיה אפשר לזהות חיפוש בודד.",
  purpose: "מטרה",
  count: "מספר",
  fewerThan: (least) => `פחות מ־${least}`,
  formerPurposes: "מטרות ממדיניות קודמת",
  noPurpose: "ללא ציון מטרה",
  oversight: "פיקוח, 12 החודשים האחרונים",
  refused: "ניסיונות צפייה שנדחו",
  exports: "ייצוא של זיהויים או של יומן הגישה",
  reviewsOpen: "בדיקות של צפיות: פתוחות",
  justified: "בדיקות של צפיות: מוצדק",
  unclear: "בדיקות של צפיות: לא ברור",
  misuse: "בדיקות של צפיות: שימוש לרעה",
  retention: "שמירת מידע",

  policy: "מדיניות שימוש ופרטיות",
  policyAbout: "תחילתו של כל סעיף נוצרת מתוך ההגדרות שבתוקף.",
  version: "גרסה",
  inForce: "בתוקף מ־",
  headings: {
    purposes: "המטרות המותרות לשימוש במערכת לקריאת לוחיות רישוי (ALPR) ולאיסוף מידע בה",
    authorised:
      "תיאור התפקידים של העובדים והקבלנים המורשים להשתמש במערכת, לגשת אליה או לאסוף בה מידע, וההכשרה הנדרשת מהם",
    monitoring: "תיאור הפיקוח על המערכת, להבטחת אבטחת המידע והעמידה בדיני הפרטיות החלים",
    sharing: "המטרות, ההליך וההגבלות של מכירת המידע, שיתופו או העברתו לאחרים",
    custodian: "תפקידו של האחראי הרשמי על המערכת, או של בעליה, האחראי ליישום סעיף זה",
    accuracy: "תיאור האמצעים הסבירים שיינקטו להבטחת דיוק המידע ולתיקון טעויות בו",
    retention: "משך הזמן שבו יישמר המידע, וההליך שבו יקבע המפעיל אם ומתי להשמיד מידע שנשמר",
  },
  purposesAre: "המטרות שלשמן אפשר לערוך חיפוש:",
  withCase: (label) => `${label}, עם מספר תיק`,
  purposeRequired: (roles) => `לפני חיפוש חייבים לציין את מטרתו, במילים או במספר תיק: ${roles}.`,
  purposeNotRequired: "איש אינו נדרש לציין מטרה לפני חיפוש.",
  role: { admin: "מנהלים", operator: "מוקדנים", viewer: "מתנדבים" },
  may: (looks) => ({
    admin:
      "מנהלים: התראות, חיפושים, מסלול של לוחית, צילומים ורשימות; אנשים, התקנים ומדיניות זו; יומן הגישה והבדיקות שלו.",
    operator: "מוקדנים: התראות, חיפושים, מסלול של לוחית, צילומים ורשימות.",
    viewer: `מתנדבים: התראות, ורשימות המסומנות לשטח; חיפושים ב־24 השעות האחרונות, באזור שלהם אם נקבע, ${looks} ביום לכל היותר; צילומי זירה של התראות בלבד.`,
  }),
  signIn: "כל אדם נכנס בשמו, עם סיסמה וקוד חד־פעמי.",
  training: (days) => `החיפוש חסום לכל מי שהכשרתו האחרונה הייתה לפני יותר מ־${days} ימים.`,
  log: "כל חיפוש, כל צילום ורשימה שמוצגים וכל שינוי נרשמים ביומן הגישה לפני שהם מוצגים או נעשים: מתי, מי, איזו לוחית ולאיזו מטרה. הרשומות משורשרות, כך שאפשר לגלות שינוי מאוחר; לשרת אין הרשאה לשנות או להסיר רשומה.",
  repeat: (looks) => `נבדק: ${looks} צפיות באותה לוחית בתוך 7 ימים ללא מספר תיק.`,
  budget: "נבדק: ניסיון של מתנדב לחפש מעבר למכסה היומית.",
  night: (looks, from, to, timeZone) => `נבדק: ${looks} צפיות בלילה אחד, מ־${from} עד ${to} (${timeZone}).`,
  sample: (looks) => `נבדק: ${looks} צפיות מכל חודש, שנבחרו באקראי.`,
  reviewer: "בכל בדיקה מחליט מנהל שאינו מי שצפה.",
  exportRule: "רק מנהלים מייצאים את יומן הגישה, עם קוד חד־פעמי חדש; כל ייצוא מציין את מקבלו ונרשם בעצמו ביומן.",
  asRead: "קריאה נשמרת כפי שהמצלמה מסרה אותה, עם הצילום כשהמצלמה שולחת אותו.",
  lookAlikes: "תווים שמצלמות מחליפות ביניהם מוצגים ככאלה: דמיון מובחן מהתאמה מדויקת.",
  people: "התראה מבקשת מאדם להשוות; נרשם אם הייתה התאמה.",
  expiry: "לכל לוחית ברשימה יש סיבה ויום שבו היא מסתיימת.",
  correction: (contact) => `אפשר לדווח על טעויות אל: ${contact}.`,
  additive: "המערכת אינה מאפשרת לאיש למחוק קריאה, צילום או רשומה של יומן הגישה. מה מושמד, מתי, וכיצד הדבר נקבע:",
};

export const WORDS: Record<Language, Words> = { en, he };
