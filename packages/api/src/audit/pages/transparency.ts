/**
 * The public transparency report.
 * Rule: counts alone, and of searches none that is so small that a single one could be told.
 */
import type { PolicySettings } from "@chaverim/contracts";
import type { Counts } from "./counts.ts";
import { type Markup, html } from "./html.ts";
import { ownText } from "./policy.ts";
import type { Language, Words } from "./words.ts";

/** Smaller numbers of searches are not given. */
const LEAST_TOLD = 5;

type Line = readonly [label: string, value: string];

const toTable = (caption: string, [left, right]: readonly [string, string], lines: readonly Line[]): Markup =>
  html`<table>
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col">${left}</th>
        <th scope="col">${right}</th>
      </tr>
    </thead>
    <tbody>
      ${lines.map(
        ([label, value]) =>
          html`<tr>
            <th scope="row"><bdi>${label}</bdi></th>
            <td>${value}</td>
          </tr> `,
      )}
    </tbody>
  </table>`;

const toFigures = (lines: readonly Line[]): Markup =>
  html`<dl class="figures">
    ${lines.map(
      ([label, value]) =>
        html`<dt>${label}</dt>
          <dd>${value}</dd> `,
    )}
  </dl>`;

/** Purposes of today by their labels; what earlier policies knew is one number, and so is what was not asked for. */
const searchLines = (
  { searches }: Counts,
  { purpose }: PolicySettings,
  words: Words,
  tell: (count: number) => string,
): Line[] => {
  const known = new Set<string | null>(purpose.codes.map(({ code }) => code));
  const former = [...searches].reduce(
    (sum, [code, count]) => (code === null || known.has(code) ? sum : sum + count),
    0,
  );
  const small = (count: number) => (count < LEAST_TOLD ? words.fewerThan(LEAST_TOLD) : tell(count));
  return [
    ...purpose.codes.map(({ code, label }): Line => [label, small(searches.get(code) ?? 0)]),
    [words.formerPurposes, small(former)],
    [words.noPurpose, small(searches.get(null) ?? 0)],
  ];
};

/** The body of the page. */
export const renderTransparency = (
  counts: Counts,
  settings: PolicySettings,
  words: Words,
  language: Language,
): Markup => {
  const number = new Intl.NumberFormat(language);
  const tell = (count: number) => number.format(count);
  const month = new Intl.DateTimeFormat(language, { year: "numeric", month: "long", timeZone: "UTC" });
  const time = new Intl.DateTimeFormat(language, {
    dateStyle: "long",
    timeStyle: "short",
    timeZone: settings.timeZone,
  });
  const { alerts, reviews } = counts;
  return html`<h1>${words.transparency}</h1>
    <p><bdi>${settings.organisation}</bdi></p>
    <p>${words.about} ${words.generated(time.format(counts.generatedAt))}</p>
    <h2>${words.platesRead}</h2>
    ${toTable(
      words.platesReadNote,
      [words.month, words.count],
      counts.months.map((row): Line => [month.format(new Date(`${row.month}-01`)), tell(row.plates)]),
    )}
    <h2>${words.inUse}</h2>
    ${toFigures([
      [words.cameras, tell(counts.cameras)],
      [words.collectors, tell(counts.collectors)],
      [words.lists, tell(counts.lists)],
      [words.entries, tell(counts.entries)],
    ])}
    <h2>${words.alerts}</h2>
    ${toFigures([
      [words.raised, tell(alerts.raised)],
      [words.confirmed, tell(alerts.confirmed)],
      [words.notAMatch, tell(alerts.notAMatch)],
    ])}
    <h2>${words.searches}</h2>
    ${toTable(words.searchesNote, [words.purpose, words.count], searchLines(counts, settings, words, tell))}
    <h2>${words.oversight}</h2>
    ${toFigures([
      [words.refused, tell(counts.refused)],
      [words.exports, tell(counts.exports)],
      [words.reviewsOpen, tell(reviews.open)],
      [words.justified, tell(reviews.justified)],
      [words.unclear, tell(reviews.unclear)],
      [words.misuse, tell(reviews.misuse)],
    ])}
    <h2>${words.retention}</h2>
    ${ownText(settings.pages.elements.retention, words)}`;
};
