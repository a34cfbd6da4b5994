/**
 * Hebrew words of collectors' keys and cameras.
 * Rule: the same keys as English; people are addressed in the plural, times and plates come isolated.
 */
import type { sitesEn } from "./sites-en.ts";

export const sitesHe: Readonly<Record<keyof typeof sitesEn, string>> = {
  "keys.add": "הוספת אוסף",
  "keys.addTitle": "הוספת אוסף",
  "keys.name": "שם האתר",
  "keys.nameShort": "לאוסף צריך שם.",
  "keys.addSubmit": "יצירת המפתח שלו",
  "keys.newTitle": "המפתח של {{ name }}",
  "keys.key": "מפתח API",
  "keys.yaml": "עבור collector.yaml במכשיר",
  "keys.yamlHint": "אחר כך מפעילים את האוסף. תוך דקה הוא מופיע כאן כמקוון.",
  "keys.title": "מפתחות",
  "keys.prefix": "מפתח",
  "keys.created": "נוצר {{ time }}",
  "keys.createdBy": "נוצר {{ time }} בידי {{ name }}",
  "keys.used": "שימוש אחרון {{ time }} מכתובת {{ ip }}",
  "keys.unused": "טרם היה בשימוש",
  "keys.live": "פועל",
  "keys.expires": "פועל עד {{ time }}",
  "keys.expired": "הסתיים {{ time }}",
  "keys.revoked": "בוטל {{ time }}",
  "keys.rotate": "החלפת מפתח",
  "keys.rotateAsk": "מפתח חדש עבור {{ name }}?",
  "keys.rotateAskNext": "המפתח הישן פועל עוד 24 שעות, כדי שאפשר יהיה להחליף במכשיר בלי הפסקה.",
  "keys.rotateDo": "יצירת מפתח חדש",
  "keys.oldUntil": "המפתח הישן פועל עד {{ time }}. החליפו במכשיר לפני כן.",
  "keys.revokeKey": "ביטול",
  "keys.revokeKeyOf": "ביטול המפתח {{ prefix }}",
  "keys.revokeKeyAsk": "לבטל את המפתח {{ prefix }}?",
  "keys.revokeKeyAskNext": "המכשיר שמשתמש בו שומר את הזיהויים שלו ולא שולח דבר עד שיהיה לו מפתח אחר.",
  "keys.keyRevoked": "המפתח {{ prefix }} בוטל",
  "keys.revoke": "ביטול האוסף",
  "keys.revokeAsk": "לבטל את {{ name }} לתמיד?",
  "keys.revokeAskNext": "המפתחות שלו מפסיקים מיד והוא לא יוכל לחזור. מה ששלח נשאר.",
  "keys.collectorRevoked": "{{ name }} בוטל",

  "camera.approveTitle": "אישור {{ name }}",
  "camera.approveLead": "מעכשיו הזיהויים שלה מתריעים. מה ששלחה קודם נשאר בשקט.",
  "camera.name": "שם",
  "camera.nameShort": "למצלמה צריך שם.",
  "camera.area": "אזור",
  "camera.areaHint": "מתנדבים של אזור מוצאים את מה שהמצלמות שלו רואות.",
};
