/**
 * GET /transparency and GET /policy: what anybody may read about this installation, without a script and without an account.
 * Rule: neither exists until the policy publishes it, and nothing on them names a plate or a person of the database.
 */
import type { PolicySettings, PolicyView } from "@chaverim/contracts";
import type { Request, RequestHandler } from "express";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import { type Counts, readCounts } from "./pages/counts.ts";
import { type Markup, html } from "./pages/html.ts";
import { renderPolicy } from "./pages/policy.ts";
import { renderTransparency } from "./pages/transparency.ts";
import { LANGUAGES, type Language, WORDS } from "./pages/words.ts";

/** Anybody may ask as often as they like; the database is asked this often at most, and browsers wait as long. */
const KEPT_MS = 5 * 60_000;

/** Contrast of every pair of colours is 7:1 or more. */
const STYLE: Markup = html`<style>
  :root {
    color-scheme: light dark;
    --text: #16191c;
    --quiet: #454d55;
    --line: #c3cad0;
    --back: #fff;
    --link: #0b4a94;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --text: #e8ecef;
      --quiet: #b4bdc5;
      --line: #3a444d;
      --back: #0d1013;
      --link: #8cc4ff;
    }
  }
  body {
    margin: 0 auto;
    padding: 24px 16px 48px;
    max-inline-size: 44rem;
    background: var(--back);
    color: var(--text);
    font:
      1rem/1.55 system-ui,
      sans-serif;
    overflow-wrap: anywhere;
    font-variant-numeric: tabular-nums;
  }
  h1 {
    font-size: 1.75rem;
    line-height: 1.2;
    margin: 24px 0 8px;
  }
  h2 {
    font-size: 1.25rem;
    line-height: 1.3;
    margin: 40px 0 8px;
  }
  h3 {
    font-size: 1rem;
    margin: 16px 0 4px;
  }
  a {
    color: var(--link);
  }
  a:focus-visible {
    outline: 2px solid;
    outline-offset: 2px;
  }
  nav {
    display: flex;
    gap: 24px;
  }
  .missing,
  caption {
    color: var(--quiet);
  }
  .own {
    white-space: pre-line;
  }
  dl {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 2fr);
    gap: 6px 16px;
  }
  .figures {
    grid-template-columns: minmax(0, 2fr) minmax(0, 1fr);
  }
  dd {
    margin: 0;
  }
  table {
    inline-size: 100%;
    border-collapse: collapse;
  }
  caption {
    text-align: start;
    padding-block-end: 8px;
  }
  th,
  td {
    padding: 6px 0;
    padding-inline-end: 16px;
    border-block-end: 1px solid var(--line);
    text-align: start;
  }
  th[scope="row"] {
    font-weight: 400;
  }
  @media print {
    nav {
      display: none;
    }
    body {
      max-inline-size: none;
    }
    h2 {
      break-after: avoid;
    }
  }
</style>`;

const isLanguage = (value: unknown): value is Language => LANGUAGES.some((language) => language === value);

/** As asked for with ?lang=, or what the browser prefers. */
const languageOf = (request: Request): Language => {
  const asked = request.query["lang"];
  if (isLanguage(asked)) return asked;
  const preferred = request.acceptsLanguages([...LANGUAGES]);
  return isLanguage(preferred) ? preferred : "en";
};

const PATHS = { transparency: "/transparency", policy: "/policy" } as const;
type PageName = keyof typeof PATHS;

const toDocument = (
  name: PageName,
  { pages, organisation }: PolicySettings,
  language: Language,
  body: Markup,
): string => {
  const words = WORDS[language];
  const otherLanguage = language === "en" ? "he" : "en";
  const otherPage = name === "policy" ? "transparency" : "policy";
  const otherPageLink = pages[otherPage]
    ? html`<a href="${PATHS[otherPage]}?lang=${language}">${words[otherPage]}</a>`
    : html``;
  return html`<!doctype html>
    <html lang="${language}" dir="${language === "he" ? "rtl" : "ltr"}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${words[name]} · ${organisation}</title>
        ${STYLE}
      </head>
      <body>
        <nav>
          ${otherPageLink}
          <a href="${PATHS[name]}?lang=${otherLanguage}" lang="${otherLanguage}" hreflang="${otherLanguage}"
            >${words.otherLanguage}</a
          >
        </nav>
        <main>${body}</main>
      </body>
    </html>`.markup;
};

/** The counts, counted at most every five minutes however many ask; a failure is not kept. */
const createCounter = ({ sql }: Central["database"]): ((settings: PolicySettings) => Promise<Counts>) => {
  let kept: { counts: Promise<Counts>; untilMs: number } | null = null;
  return (settings) => {
    if (kept && kept.untilMs > performance.now()) return kept.counts;
    const counts = readCounts(sql, settings);
    const keeping = { counts, untilMs: performance.now() + KEPT_MS };
    counts.catch(() => kept === keeping && (kept = null));
    kept = keeping;
    return counts;
  };
};

/** The version in force with its date, read once a version. */
const createPolicyReader = ({ policy }: Pick<Central, "policy">): (() => Promise<PolicyView>) => {
  let kept: PolicyView | null = null;
  return async () => {
    const { version } = await policy.current();
    if (kept?.version !== version) kept = await policy.read();
    return kept;
  };
};

/** Makes the handlers of both pages. */
export const createPages = (central: Central): Record<PageName, RequestHandler> => {
  const readVersion = createPolicyReader(central);
  const count = createCounter(central.database);
  const handle =
    (name: PageName, render: (view: PolicyView, language: Language) => Promise<Markup>): RequestHandler =>
    async (request, response) => {
      const view = await readVersion();
      if (!view.settings.pages[name]) throw new AppError("not_found", "There is nothing at this address.");
      const language = languageOf(request);
      const document = toDocument(name, view.settings, language, await render(view, language));
      response
        .set({
          "Content-Type": "text/html; charset=utf-8",
          "Content-Language": language,
          "Cache-Control": `public, max-age=${KEPT_MS / 1000}`,
          Vary: "Accept-Language",
        })
        .send(document);
    };
  return {
    transparency: handle("transparency", async ({ settings }, language) =>
      renderTransparency(await count(settings), settings, WORDS[language], language),
    ),
    policy: handle("policy", async (view, language) => renderPolicy(view, WORDS[language], language)),
  };
};
