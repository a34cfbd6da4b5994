/**
 * One line of text from a person: a name, a title.
 * Rule: trimmed, without control characters, and valid Unicode, so that every log, screen and column can hold it.
 */
import * as z from "zod";

/** @param max characters at most; at least `min` are needed */
export const lineSchema = (max: number, min = 1) =>
  z
    .string()
    .trim()
    .min(min)
    .max(max)
    .regex(/^[^\u0000-\u001f\u007f]*$/, "contains a control character")
    .refine((text) => text.isWellFormed(), "is not valid Unicode");
