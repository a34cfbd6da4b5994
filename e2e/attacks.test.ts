/**
 * A signed-in administrator opens a hostile page: on another port of the same machine, where SameSite does not help, and on
 * another site. Everything that such a page can send is tried on every procedure.
 * Rule: judged from central's own log of requests and from its access log, not from what the hostile page believes.
 */
/// <reference lib="dom" />
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PROCEDURES } from "@chaverim/contracts";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Visit, startBrowser, visit } from "./support/browser.ts";
import { type Central, addAdministrator, signIn, startCentral } from "./support/central.ts";
import { endEverything, temporaryFolder, until } from "./support/processes.ts";

const dataDir = temporaryFolder("attacks");
/** An id that is well-formed, so that a request is not refused for its input alone. */
const SOME_ID = "00000000-0000-4000-8000-000000000000";
/** What many procedures would take; unknown fields are ignored. */
const INPUT = {
  id: SOME_ID,
  cameraId: SOME_ID,
  keyId: SOME_ID,
  email: "evil@evil.example",
  name: "Planted",
  role: "admin",
  plate: "EVIL666",
  reason: "planted by another page",
  outcome: "confirmed",
  priority: 1,
  disabled: true,
  approve: true,
  cursor: null,
};

let central: Central;
let browser: Browser;
let victim: Visit;
let hostilePort: number;
const hostile = createServer((_request, response) => {
  response.setHeader("Content-Type", "text/html");
  response.end("<!doctype html><title>A friendly page</title><body>");
});

beforeAll(async () => {
  await new Promise<void>((resolve) => hostile.listen(0, "127.0.0.1", resolve));
  hostilePort = (hostile.address() as AddressInfo).port;
  central = await startCentral(dataDir);
  const account = await addAdministrator(dataDir);
  browser = await startBrowser();
  victim = await visit(browser, "desktop", "en");
  await victim.page.close();
  const person = await signIn(central.url, account);
  const flags = { url: central.url, httpOnly: true, sameSite: "Lax" } as const;
  await victim.context.addCookies([{ name: "session", value: person.cookie("session"), ...flags }]);
});

afterAll(async () => {
  await browser?.close();
  hostile.close();
  endEverything(dataDir);
});

type Line = { message?: string; method?: string; path?: string; status_code?: number; user_id?: string };

const requestLines = (): Line[] =>
  central
    .output()
    .split("\n")
    .filter((line) => line.includes('"request"'))
    .map((line) => JSON.parse(line) as Line);

/** Everything that a page can send without asking for permission, and what needs permission, at one address. */
const attack = async ({ url, names, input }: { url: string; names: string[]; input: object }) => {
  const body = JSON.stringify(input);
  const settle = (work: Promise<unknown>) => work.then(() => "sent").catch(() => "failed");
  const submitForm = (action: string, enctype: string) => {
    const frame = document.createElement("iframe");
    frame.name = crypto.randomUUID();
    const form = Object.assign(document.createElement("form"), { method: "post", action, target: frame.name });
    form.enctype = enctype;
    // As text/plain this becomes valid JSON: {"x":"=","id":…}
    const field = Object.assign(document.createElement("input"), { name: `{"x":"`, value: `",${body.slice(1)}` });
    form.append(field);
    document.body.append(frame, form);
    form.submit();
    return new Promise<void>((resolve) => frame.addEventListener("load", () => resolve(), { once: true }));
  };
  for (const name of names) {
    const address = `${url}/trpc/${name}`;
    const query = `${address}?input=${encodeURIComponent(body)}`;
    await Promise.all([
      submitForm(address, "application/x-www-form-urlencoded"),
      submitForm(address, "text/plain"),
      submitForm(address, "multipart/form-data"),
      settle(fetch(address, { method: "POST", mode: "no-cors", credentials: "include", body })),
      settle(
        fetch(address, {
          method: "POST",
          credentials: "include",
          headers: { "Content-Type": "application/json" },
          body,
        }),
      ),
      settle(fetch(query, { mode: "no-cors", credentials: "include" })),
      new Promise<void>((resolve) => {
        const image = new Image();
        image.addEventListener("load", () => resolve());
        image.addEventListener("error", () => resolve());
        image.src = query;
      }),
      new Promise<void>((resolve) => {
        const script = Object.assign(document.createElement("script"), { src: query });
        script.addEventListener("load", () => resolve());
        script.addEventListener("error", () => resolve());
        document.head.append(script);
      }),
    ]);
    navigator.sendBeacon(address, new Blob([body], { type: "text/plain" }));
  }
};

test("the browser holds a session that central takes", async () => {
  const page = await victim.context.newPage();
  await page.goto(`${central.url}/healthz`);
  const ask = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
  expect(await page.evaluate(async (init) => (await fetch("/trpc/auth.me", init)).status, ask)).toBe(200);
  await page.close();
});

test.each([
  ["another port of the same machine", () => `http://127.0.0.1:${hostilePort}/`],
  ["another site", () => `http://evil.localhost:${hostilePort}/`],
])(
  "Nothing that a page of %s can send reaches a procedure",
  async (_where, address) => {
    const page = await victim.context.newPage();
    await page.goto(address());
    const before = requestLines().length;
    const names = Object.keys(PROCEDURES);
    await page.evaluate(attack, { url: central.url, names, input: INPUT });
    await until("central has heard it all", () => requestLines().length >= before + names.length * 6, {
      withinMs: 30_000,
      told: () => `${requestLines().length - before} requests`,
    });
    const heard = requestLines().slice(before);
    const reached = heard.filter(({ path, status_code: status }) => path?.startsWith("/trpc") && (status ?? 0) < 400);
    expect(reached.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    // Refused before anybody is asked who it is: no limit is used up, and no look is written down in the victim's name.
    expect(heard.filter(({ user_id: user }) => user !== undefined)).toEqual([]);
    await page.close();
  },
  180_000,
);

test("A link that somebody follows from another page looks nothing up", async () => {
  const page = await victim.context.newPage();
  await page.goto(`http://evil.localhost:${hostilePort}/`);
  const question = encodeURIComponent(JSON.stringify({ plate: "EVIL666" }));
  const responses = page.waitForResponse((response) => response.url().includes("/trpc/"));
  await page.evaluate((address) => location.assign(address), `${central.url}/trpc/detections.search?input=${question}`);
  expect((await responses).status()).toBe(400);
  await page.close();
});

test.each([
  ["another port of the same machine", () => `http://127.0.0.1:${hostilePort}/`],
  ["another site", () => `http://evil.localhost:${hostilePort}/`],
])("A page of %s opens no live channel, frames no screen and loads no image", async (_where, address) => {
  const page = await victim.context.newPage();
  await page.goto(address());
  const told = await page.evaluate(async (url) => {
    const opens = (target: string) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(target);
        socket.addEventListener("open", () => resolve("open"));
        socket.addEventListener("error", () => resolve("refused"));
      });
    const shows = (target: string) =>
      new Promise<string>((resolve) => {
        const image = new Image();
        image.addEventListener("load", () => resolve("shown"));
        image.addEventListener("error", () => resolve("refused"));
        image.src = target;
      });
    const frame = Object.assign(document.createElement("iframe"), { src: url });
    document.body.append(frame);
    await new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    const readFrame = () => {
      try {
        return frame.contentWindow?.location.href ?? "nothing";
      } catch {
        return "unreadable"; // what the browser throws for a page of another origin, its own error page included
      }
    };
    return {
      socket: await opens(`${url.replace("http", "ws")}/trpc`),
      icon: await shows(`${url}/icon-192.png`),
      evidence: await shows(`${url}/api/evidence/00000000-0000-4000-8000-000000000000/full`),
      frame: readFrame(),
    };
  }, central.url);
  expect(told).toEqual({ socket: "refused", icon: "refused", evidence: "refused", frame: "unreadable" });
  const evidence = requestLines().filter(({ path }) => path?.startsWith("/api/evidence"));
  expect(evidence.map(({ status_code: status }) => status)).toEqual(evidence.map(() => 403));
  await page.close();
});
