/**
 * Reading a form.
 * Rule: what is not a text field reads as an empty string, and text comes trimmed unless a space may matter.
 */

/** The text of a field, as typed; a password may begin with a space. */
export const fieldText = (form: HTMLFormElement, name: string): string => {
  const value = new FormData(form).get(name);
  return typeof value === "string" ? value : "";
};

/** The text of a field without surrounding space. */
export const field = (form: HTMLFormElement, name: string): string => fieldText(form, name).trim();
