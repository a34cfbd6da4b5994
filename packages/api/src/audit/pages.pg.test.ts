/** The public pages: when they exist, what they say, in which language, and what can never be read from them. */
import { DEFAULT_POLICY, POLICY_ELEMENTS, type PolicySettings } from "@chaverim/contracts";
import type { Database } from "@chaverim/db/open";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { aDetection, sendBatch } from "../testing/batches.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, aUser } from "../testing/people.ts";
import { readCounts } from "./pages/counts.ts";
import { openOwner, writeEntries } from "./testing/entries.ts";

let central: TestCentral;
let owner: Database;
let operator: Browser;
let operatorId: string;

const publish = async (changes: Partial<PolicySettings> = {}, pages: Partial<PolicySettings["pages"]> = {}) => {
  const { policy } = central.central;
  const { version } = await policy.current();
  const published = { ...DEFAULT_POLICY.pages, transparency: true, policy: true, ...pages };
  await policy.set({ ...DEFAULT_POLICY, ...changes, pages: published }, version, null);
};
/** A moment of the month that lies so many back: its last one, or its first one. */
const lastOf = (monthsAgo: number) => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsAgo + 1) - 1);
};
const firstOf = (monthsAgo: number) => new Date(lastOf(monthsAgo + 1).getTime() + 1);
const looks = (count: number, purposeCode: string | null, at = lastOf(1)) =>
  Array.from({ length: count }, (_, index) => ({ userId: operatorId, at, plate: `SEARCHED${7 + index}`, purposeCode }));

beforeAll(async () => {
  central = await openTestCentral();
  owner = openOwner(central);
  operator = await central.signIn("operator");
  operatorId = (await operator.trpc.auth.me.query()).user.id;
  await owner.sql`update users set name = 'Yehuda Kestenbaum' where id = ${operatorId}`;
  const collector = await central.addCollector(["Maple Avenue"]);
  await owner.sql`update cameras set area = 'Parkside'`;
  const [list] = await operator.trpc.watchlists.list.query();
  for (const plate of ["LISTED77", "LISTED78"])
    await operator.trpc.watchlists.addEntry.mutate({
      watchlistId: list?.id ?? "",
      plate,
      reason: "Stolen in Parkside",
    });
  const plates = ["LISTED77", "LISTED78", "PASSED771", null];
  await sendBatch(
    central.url,
    collector.apiKey,
    plates.map((plate) => aDetection({ plate, cameraId: "Maple Avenue" })),
  );
  const [first, second] = await vi.waitFor(
    async () => {
      const alerts = await central.sql<{ id: string }[]>`select id from alerts`;
      if (alerts.length < 2) throw new Error(`${alerts.length} alerts`);
      return alerts;
    },
    { timeout: 5000 },
  );
  await operator.trpc.alerts.resolve.mutate({ id: first?.id ?? "", outcome: "confirmed" });
  await operator.trpc.alerts.resolve.mutate({ id: second?.id ?? "", outcome: "not_a_match" });
  const aLook = { userId: operatorId, at: lastOf(1), purposeCode: "missing_person" };
  await writeEntries(owner.sql, [
    ...looks(5, "stolen_vehicle"),
    ...looks(2, "stolen_vehicle", firstOf(12)),
    ...looks(10, "stolen_vehicle", lastOf(13)),
    ...looks(10, "incident", firstOf(0)),
    { userId: operatorId, at: firstOf(0), outcome: "denied", failure: "purpose_needed" },
    { userId: operatorId, at: firstOf(0), action: "accessLog.export", recipient: "Sergeant Aldous Pike" },
    ...looks(4, "incident"),
    // One visit to the page of a plate, and one question by place with its second page.
    ...["plates.read", "detections.timeline", "plates.route", "plates.seenWith"].map((action) => ({
      ...aLook,
      action,
      plate: "MISSED1",
    })),
    ...[{}, { cursor: "a" }].map((filters) => ({ ...aLook, action: "detections.find", plate: null, filters })),
    ...looks(3, "missing_person"),
    ...looks(6, "a_code_of_old"),
    { userId: operatorId, at: new Date(), purposeCode: "stolen_vehicle" },
    { userId: operatorId, at: lastOf(1), outcome: "denied", failure: "purpose_needed" },
    { userId: operatorId, at: lastOf(1), action: "users.setRole", outcome: "denied", failure: "forbidden" },
    { userId: operatorId, at: lastOf(1), action: "accessLog.export", recipient: "Sergeant Aldous Pike" },
    { userId: operatorId, at: lastOf(1), action: "detections.export", recipient: "Sergeant Aldous Pike", plate: null },
    { userId: operatorId, at: lastOf(1), action: "detections.export", outcome: "denied", failure: "step_up_needed" },
  ]);
  const admin = await aUser(central.central, "admin");
  await owner.sql`insert into reviews (kind, user_id, period, entry_ids, outcome, decided_by, decided_at)
    values ('sample', ${operatorId}, 'one', '{1}', null, null, null), ('sample', ${operatorId}, 'two', '{1}', 'misuse', ${admin.id}, now())`;
});
afterAll(async () => {
  await owner[Symbol.asyncDispose]();
  await central[Symbol.asyncDispose]();
});

const get = (path: string, init?: RequestInit) => fetch(`${central.url}${path}`, init);
const read = async (path: string) => {
  const response = await get(path);
  return { status: response.status, headers: response.headers, text: await response.text() };
};
/** Text as a reader sees it. */
const seen = (markup: string) =>
  markup
    .replaceAll(/<style>.*?<\/style>/gs, "")
    .replaceAll(/[\u2068\u2069]/g, "")
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ");
const PAGES = ["/transparency", "/policy"] as const;

test.each(PAGES)("%s does not exist until the policy publishes it, nor once the policy takes it back", async (path) => {
  const unpublished = { transparency: false, policy: false };
  const found: unknown[] = [];
  for (const pages of [unpublished, {}, unpublished]) {
    await publish({}, pages);
    const { status, text } = await read(path);
    found.push(status === 200 || [status, (JSON.parse(text) as { code: string }).code]);
  }
  expect(found).toEqual([[404, "not_found"], true, [404, "not_found"]]);
});

test.each(PAGES)(
  "%s is a page for everybody: cached for five minutes, without a script, small in style",
  async (path) => {
    await publish();
    const { status, headers, text } = await read(path);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(headers.get("cache-control")).toBe("public, max-age=300");
    expect(headers.get("set-cookie")).toBeNull();
    expect(headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(text).not.toMatch(/<script|\son\w+=|\sstyle=|javascript:|src=/i);
    expect(/<style>(.*?)<\/style>/s.exec(text)?.[1]?.length).toBeLessThan(2048);
    expect(text.match(/<h1>/g)).toHaveLength(1);
    const head = await get(path, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(head.headers.get("content-type")).toBe("text/html; charset=utf-8");
  },
);

test.each(PAGES)(
  "%s is in the language that is asked for, or that the browser prefers, or in English",
  async (path) => {
    await publish();
    const languageOf = async (query: string, accept?: string) => {
      const response = await get(
        `${path}${query}`,
        accept === undefined ? {} : { headers: { "Accept-Language": accept } },
      );
      const [, lang, dir] = /<html lang="(..)" dir="(...)"/.exec(await response.text()) ?? [];
      expect(response.headers.get("content-language")).toBe(lang);
      expect(response.headers.get("vary")).toBe("Accept-Language");
      return `${lang} ${dir}`;
    };
    expect(await languageOf("")).toBe("en ltr");
    expect(await languageOf("?lang=he")).toBe("he rtl");
    expect(await languageOf("", "he-IL,he;q=0.9,en;q=0.5")).toBe("he rtl");
    expect(await languageOf("?lang=en", "he")).toBe("en ltr");
    expect(await languageOf("?lang=fr", "de")).toBe("en ltr");
    expect(await languageOf("?lang[]=he&lang=<b>")).toBe("en ltr");
  },
);

// California Civil Code 1798.90.51(b)(2), as the legislature wrote it.
const LAW = [
  "A. The authorized purposes for using the ALPR system and collecting ALPR information",
  "B. A description of the job title or other designation of the employees and independent contractors who are authorized to use or access the ALPR system, or to collect ALPR information",
  "C. A description of how the ALPR system will be monitored to ensure the security of the information and compliance with applicable privacy laws",
  "D. The purposes of, process for, and restrictions on, the sale, sharing, or transfer of ALPR information to other persons",
  "E. The title of the official custodian, or owner, of the ALPR system responsible for implementing this section",
  "F. A description of the reasonable measures that will be used to ensure the accuracy of ALPR information and correct data errors",
  "G. The length of time ALPR information will be retained, and the process the ALPR operator will utilize to determine if and when to destroy retained ALPR information",
];

test("The policy holds each element of the law, A to G, with what is generated and the organisation's own text", async () => {
  const elements = Object.fromEntries(
    POLICY_ELEMENTS.map((element) => [element, `Our text on ${element}.\n\nA second paragraph.`]),
  ) as PolicySettings["pages"]["elements"];
  await publish(
    { organisation: "Chaverim of Somewhere", contact: "board@example.org", training: { validDays: 123 } },
    { elements },
  );
  const { text } = await read("/policy");
  const headings = [...text.matchAll(/<h2>(.*?)<\/h2>/gs)].map(([, heading = ""]) => heading.trim());
  expect(headings).toHaveLength(7);
  for (const [index, words] of LAW.entries()) expect(headings[index]?.startsWith(words)).toBe(true);
  const sections = text.split("<h2>").slice(1).map(seen);
  for (const [index, element] of POLICY_ELEMENTS.entries())
    expect(sections[index]).toContain(`Our text on ${element}. A second paragraph.`);
  expect(sections[0]).toContain("Request by the police, with a case number");
  expect(sections[1]).toContain("more than 123 days ago");
  expect(sections[1]).toContain("at most 50 a day");
  expect(sections[2]).toContain("5 looks at the same plate within 7 days");
  expect(sections[2]).toContain("30 looks in one night, from 00:00 to 05:00 (UTC)");
  expect(sections[2]).toContain("10 looks of each month");
  expect(sections[5]).toContain("board@example.org");
  const [versionRow] = await central.sql<{ version: number }[]>`select max(version) as version from policies`;
  const day = new Intl.DateTimeFormat("en", { dateStyle: "long", timeZone: "UTC" }).format(new Date());
  const about = seen(text.split("<h2>")[0] ?? "");
  for (const stated of ["Chaverim of Somewhere", "board@example.org", `Version ${versionRow?.version} `, day])
    expect(about).toContain(stated);
  expect(text).not.toContain("Not stated yet");
});

test("What the organisation has not stated is said to be missing, and what is switched off is not claimed", async () => {
  const reviews = { ...DEFAULT_POLICY.reviews, samplePerMonth: 0, nightFrom: 3, nightTo: 3 };
  await publish({ reviews, purpose: { ...DEFAULT_POLICY.purpose, requiredFor: [] } });
  const text = seen((await read("/policy")).text);
  expect(text.match(/Not stated yet/g)).toHaveLength(8);
  expect(text).toContain("Nobody is made to state a purpose");
  expect(text).not.toMatch(/at random|in one night/);
  expect(seen((await read("/policy?lang=he")).text).match(/טרם נמסר/g)).toHaveLength(8);
});

test("Whatever stands in the settings is text and never markup", async () => {
  const hostile = `<script>alert(1)</script><img src=x onerror="a">'&lt;</title></style>`;
  const elements = { ...DEFAULT_POLICY.pages.elements, retention: hostile, custodian: hostile };
  const codes = [{ code: "hostile", label: hostile.slice(0, 60), needsCase: false }];
  await publish({ organisation: hostile, contact: hostile, purpose: { requiredFor: [], codes } }, { elements });
  for (const path of PAGES) {
    const { text } = await read(path);
    expect(text).not.toMatch(/<script|<img|onerror="/);
    expect(text.match(/<\/title>/g)).toHaveLength(1);
    expect(text.match(/<\/style>/g)).toHaveLength(1);
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&quot;a&quot;&gt;&#39;&amp;lt;");
  }
});

/** Label and value of each row and figure. */
const figuresOf = (markup: string): ReadonlyMap<string, string> =>
  new Map(
    [...markup.replaceAll(/<\/?bdi>/g, "").matchAll(/<(?:dt|th)[^>]*>([^<]*)<\/(?:dt|th)>\s*<(?:dd|td)>([^<]*)</g)].map(
      ([, label = "", value = ""]) => [label.trim(), value.trim()],
    ),
  );

test("The transparency report counts what there is, searches by whole months and none under five", async () => {
  await publish({}, { elements: { ...DEFAULT_POLICY.pages.elements, retention: "Thirty days without a hit." } });
  const { text } = await read("/transparency");
  const month = new Intl.DateTimeFormat("en", { year: "numeric", month: "long", timeZone: "UTC" }).format(new Date());
  const figures = figuresOf(text);
  expect(Object.fromEntries(figures)).toMatchObject({
    [month]: "3",
    Cameras: "1",
    "Devices that collect their readings": "1",
    "Plates on these lists": "2",
    "Alerts raised": "2",
    "Confirmed by a person": "1",
    "Found not to match": "1",
    "Stolen vehicle": "7",
    "Incident follow-up": "Fewer than 5",
    "Missing person": "5",
    "Purposes of earlier policies": "6",
    "Without a stated purpose": "Fewer than 5",
    "Attempts to look that were refused": "2",
    "Exports of detections or of the access log": "2",
    "Reviews of looks: open": "1",
    "Reviews of looks: misuse": "1",
    "Reviews of looks: justified": "0",
  });
  expect([...figures.keys()].filter((label) => /^[A-Z][a-z]+ 20\d\d$/.test(label))).toHaveLength(12);
  expect(text).toContain("Thirty days without a hit.");
});

test("Twelve months are counted in the organisation's time zone, each reading in one of them", async () => {
  const { months } = await readCounts(central.sql, { ...DEFAULT_POLICY, timeZone: "Pacific/Kiritimati" });
  expect(months).toHaveLength(12);
  expect(months.map(({ month }) => month)).toEqual(
    months
      .map(({ month }) => month)
      .toSorted()
      .toReversed(),
  );
  expect(months.reduce((sum, { plates }) => sum + plates, 0)).toBe(3);
});

test("However often it is asked for, the report is counted once in five minutes", async () => {
  await publish();
  const before = figuresOf((await read("/transparency")).text);
  await operator.trpc.watchlists.create.mutate({ name: "One more list", priority: 3 });
  expect(figuresOf((await read("/transparency")).text)).toEqual(before);
  const counts = await readCounts(central.sql, DEFAULT_POLICY);
  expect(String(counts.lists)).not.toBe(before.get("Lists of plates looked for"));
});

test("No plate, person, camera, device or place of the database can be read from either page", async () => {
  await publish();
  const rows = await central.sql<{ text: string | null }[]>`
    select plate as text from plates union select plate from watchlist_entries union select reason from watchlist_entries
    union select plate from access_log union select recipient from access_log union select user_name from access_log
    union select name from users union select email from users union select name from collectors union select name from cameras
    union select area from cameras union select name from watchlists`;
  const texts = rows.flatMap(({ text }) => text ?? []);
  for (const one of [
    "LISTED77",
    "PASSED771",
    "SEARCHED7",
    "Yehuda Kestenbaum",
    "Sergeant Aldous Pike",
    "Maple Avenue",
    "Parkside",
  ])
    expect(texts).toContain(one);
  for (const path of [...PAGES, "/transparency?lang=he", "/policy?lang=he"]) {
    const { text } = await read(path);
    expect(texts.filter((secret) => text.toLowerCase().includes(secret.toLowerCase()))).toEqual([]);
  }
});
