/**
 * Markup put together from text.
 * Rule: whatever is put in is text and is escaped, unless `html` itself made it.
 */

export type Markup = { readonly markup: string };

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

type Part = Markup | string | number | readonly Markup[];

const toMarkup = (part: Part): string => {
  if (typeof part === "string") return part.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
  if (typeof part === "number") return String(part);
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("");
};

/** Template tag: html`<p>${text}</p>`. Attributes are always quoted. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  markup: String.raw({ raw: strings }, ...parts.map(toMarkup)),
});

/** U+2068 first-strong isolate … U+2069 pop: a name inside a sentence of another direction reorders nothing around it. */
export const isolate = (text: string): string => `\u2068${text}\u2069`;
