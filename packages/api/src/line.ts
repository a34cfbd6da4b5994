/**
 * One line of text from a person: a name, a title.
 * Rule: trimmed, without control characters, and valid Unicode, so that every log, screen and column can hold it; it is seen,
 * and is read in the order in which it was typed.
 */
import * as z from "zod";

/**
 * The control characters of ASCII and of Latin-1, the separators of lines and paragraphs, and what turns the direction of
 * all that follows. (The marks U+200E, U+200F and U+061C turn nothing but their own neighbours: Hebrew text has them.)
 */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** What leaves nothing on the screen: joiners, marks of direction, blanks. */
const UNSEEN = /[\p{Cf}\s]/gu;

/** @param max characters at most; at least `min` that can be seen are needed */
export const lineSchema = (max: number, min = 1) =>
  z
    .string()
    .trim()
    .max(max)
    .refine((text) => !CONTROLS.test(text), "contains a control character")
    .refine((text) => text.isWellFormed(), "is not valid Unicode")
    .refine((text) => [...text.replaceAll(UNSEEN, "")].length >= min, `needs at least ${min} characters`);
