/** What another site's page, or no browser at all, may not do with a person's cookies. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, aUser, codeOf as codeOfApp } from "../testing/people.ts";

let central: TestCentral;
let admin: Browser;
beforeAll(async () => {
  central = await openTestCentral();
  admin = await central.signIn("admin");
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const create = (headers: Record<string, string>, name: string, body?: string) =>
  fetch(`${central.url}/trpc/watchlists.create`, {
    method: "POST",
    headers: { Cookie: admin.headers()["Cookie"] ?? "", "Content-Type": "application/json", ...headers },
    body: body ?? JSON.stringify({ name, priority: 3 }),
  });
const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code;
const exists = async (name: string) => (await central.sql`select 1 from watchlists where name = ${name}`).length === 1;

test.each([
  ["another Origin", { Origin: "https://evil.example" }],
  ["no Origin and no Sec-Fetch-Site", {}],
  ["Origin null", { Origin: "null" }],
  ["Sec-Fetch-Site cross-site", { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" }],
  ["Sec-Fetch-Site same-site", { "Sec-Fetch-Site": "same-site" }],
  ["Sec-Fetch-Site none", { "Sec-Fetch-Site": "none" }],
  ["another port of this machine", { Origin: "http://127.0.0.1:1" }],
])("A change with %s is refused", async (name, headers) => {
  const response = await create(headers, name);
  expect([response.status, await codeOf(response)]).toEqual([403, "cross_site"]);
  expect(await exists(name)).toBe(false);
});

test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])(
  "A form of another page (%s) is refused even from our own origin",
  async (contentType) => {
    const response = await create({ Origin: central.url, "Content-Type": contentType }, contentType);
    expect([response.status, await codeOf(response)]).toEqual([415, "media_type"]);
    expect(await exists(contentType)).toBe(false);
  },
);

test("Nothing is live over plain HTTP, where the end of a session would go unnoticed", async () => {
  const response = await (
    await central.signIn("operator")
  ).fetch("/trpc/detections.live", {
    method: "POST",
    headers: { Accept: "text/event-stream", "Content-Type": "application/json" },
  });
  // The answer ends by itself, with nothing but the refusal.
  expect(await response.text()).toContain("event: serialized-error");
});

test.each([{ "trpc-accept": "application/jsonl" }, { Accept: "application/jsonl" }])(
  "Whoever asks for a stream with %j gets one whole answer, cookies included",
  async (headers) => {
    await central.central.limits.forget("signIn", "127.0.0.1");
    const [browser, user] = [central.openBrowser(), await aUser(central.central, "viewer")];
    const call = (name: string, input: object) =>
      browser.fetch(`/trpc/${name}?batch=1`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify({ 0: input }),
      });
    await call("auth.login", { email: user.email, password: user.password });
    const answer = await call("auth.totp", { code: codeOfApp(user.totpSecret) });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await answer.json()).toMatchObject([{ result: { data: { user: { id: user.id } } } }]);
    expect((await browser.trpc.auth.me.query()).user.id).toBe(user.id);
  },
);

test("By GET nothing is changed and nothing is looked up", async () => {
  const input = encodeURIComponent(JSON.stringify({ name: "By GET", priority: 3 }));
  const change = await admin.fetch(`/trpc/watchlists.create?input=${input}`);
  expect([change.status, await codeOf(change)]).toEqual([400, "invalid"]);
  expect(await exists("By GET")).toBe(false);
  const look = await admin.fetch(`/trpc/detections.search?input=${encodeURIComponent('{"plate":"ABC123"}')}`);
  expect([look.status, await codeOf(look)]).toEqual([400, "invalid"]);
});

test.each([
  ["our origin", { Origin: "self" }],
  ["Sec-Fetch-Site same-origin", { "Sec-Fetch-Site": "same-origin" }],
])("A change with %s is taken", async (name, headers) => {
  const given = Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [key, value === "self" ? central.url : value]),
  );
  expect((await create(given, name)).status).toBe(200);
  expect(await exists(name)).toBe(true);
});

test("Ten calls in one request are answered, eleven are refused", async () => {
  const batch = async (count: number) => {
    const names = Array.from({ length: count }, () => "auth.me").join(",");
    const response = await admin.fetch(`/trpc/${names}?batch=1`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: "{}",
    });
    return { status: response.status, text: await response.text() };
  };
  expect((await batch(10)).status).toBe(200);
  const refused = await batch(11);
  expect(refused.status).toBe(400);
  expect(refused.text).toContain('"invalid"');
});

const openSocket = (headers: Record<string, string>, path = "/trpc"): Promise<number | "open"> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`${central.url.replace("http", "ws")}${path}`, { headers });
    socket.once("open", () => {
      socket.close();
      resolve("open");
    });
    socket.once("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    socket.once("error", () => resolve(-1));
  });

test("The live channel opens with cookie and Origin, and with nothing less", async () => {
  const { Origin = "", Cookie = "" } = admin.headers();
  expect(await openSocket({ Origin, Cookie })).toBe("open");
  expect(await openSocket({ Origin })).toBe(401);
  expect(await openSocket({ Origin, Cookie: `session=${"a".repeat(40)}` })).toBe(401);
  expect(await openSocket({ Cookie })).toBe(403);
  expect(await openSocket({ Origin: "https://evil.example", Cookie })).toBe(403);
  expect(await openSocket({ Origin, Cookie }, "/elsewhere")).toBe(404);
});

test("A body that is no JSON, or larger than it may be, is the caller's mistake", async () => {
  const broken = await create({ Origin: central.url }, "", "{");
  expect([broken.status, await codeOf(broken)]).toEqual([400, "invalid"]);
  const large = await create({ Origin: central.url }, "", JSON.stringify({ name: "x".repeat(300_000) }));
  expect([large.status, await codeOf(large)]).toEqual([413, "too_large"]);
});
