/**
 * The public usage and privacy policy: what the settings say, and the organisation's own text, element by element.
 * Rule: the elements, their order and their headings are those of California Civil Code 1798.90.51(b)(2).
 */
import { POLICY_ELEMENTS, type PolicyElement, type PolicySettings, type PolicyView, ROLES } from "@chaverim/contracts";
import { type Markup, html, isolate } from "./html.ts";
import type { Language, Words } from "./words.ts";

const hourText = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;

const toList = (lines: readonly string[]): Markup =>
  html`<ul>
    ${lines.map((line) => html`<li>${line}</li> `)}
  </ul>`;

/** What the settings say of each element. */
const generated = (settings: PolicySettings, words: Words): Record<PolicyElement, Markup> => {
  const { purpose, reviews, training, viewer, timeZone, contact } = settings;
  const may = words.may(viewer.dailyLooks);
  const nights =
    reviews.nightFrom === reviews.nightTo
      ? []
      : [words.night(reviews.nightLooks, hourText(reviews.nightFrom), hourText(reviews.nightTo), timeZone)];
  return {
    purposes: html`<p>${words.purposesAre}</p>
      ${toList(purpose.codes.map(({ label, needsCase }) => (needsCase ? words.withCase(isolate(label)) : isolate(label))))}
      <p>
        ${purpose.requiredFor.length > 0 ? words.purposeRequired(purpose.requiredFor.map((role) => words.role[role]).join(", ")) : words.purposeNotRequired}
      </p>`,
    authorised: toList([...ROLES.map((role) => may[role]), words.signIn, words.training(training.validDays)]),
    monitoring: toList([
      words.log,
      words.repeat(reviews.repeatLooks),
      words.budget,
      ...nights,
      ...(reviews.samplePerMonth > 0 ? [words.sample(reviews.samplePerMonth)] : []),
      words.reviewer,
    ]),
    sharing: html`<p>${words.exportRule}</p>`,
    custodian: html``,
    accuracy: toList([
      words.asRead,
      words.lookAlikes,
      words.people,
      words.expiry,
      ...(contact === "" ? [] : [words.correction(isolate(contact))]),
    ]),
    retention: html`<p>${words.additive}</p>`,
  };
};

/** The organisation's own text: paragraphs at empty lines, each in the direction of its own language. */
export const ownText = (text: string, words: Words): Markup => {
  const paragraphs = text.split(/\n\s*\n/).flatMap((paragraph) => paragraph.trim() || []);
  if (paragraphs.length === 0) return html`<p class="missing">${words.notStated}</p>`;
  return html`${paragraphs.map((paragraph) => html`<p class="own" dir="auto">${paragraph}</p> `)}`;
};

/** The body of the page. */
export const renderPolicy = ({ version, settings, setAt }: PolicyView, words: Words, language: Language): Markup => {
  const parts = generated(settings, words);
  const day = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: settings.timeZone });
  const sections = POLICY_ELEMENTS.map(
    (element, index) =>
      html`<section>
        <h2>${String.fromCodePoint(65 + index)}. ${words.headings[element]}</h2>
        ${parts[element]}
        <h3>${words.own}</h3>
        ${ownText(settings.pages.elements[element], words)}
      </section> `,
  );
  return html`<h1>${words.policy}</h1>
    <dl>
      <dt>${words.organisation}</dt>
      <dd><bdi>${settings.organisation}</bdi></dd>
      <dt>${words.contact}</dt>
      <dd><bdi>${settings.contact || words.notStated}</bdi></dd>
      <dt>${words.version}</dt>
      <dd>${version}</dd>
      <dt>${words.inForce}</dt>
      <dd>${setAt === null ? words.notStated : day.format(new Date(setAt))}</dd>
    </dl>
    <p>${words.policyAbout}</p>
    ${sections}`;
};
