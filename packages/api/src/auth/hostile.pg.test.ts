/** What else arrives at the sign-in screen: look-alike addresses, giant passwords, broken cookies, roles, floods. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type TestUser, aUser, codeOf, failureOf, signInAs } from "../testing/people.ts";

let central: TestCentral;
let user: TestUser;
beforeAll(async () => {
  central = await openTestCentral();
  user = await aUser(central.central, "viewer", { email: "anna@example.org" });
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
beforeEach(() => central.central.limits.forget("signIn", "127.0.0.1"));

type Failed = { error: { message: string; data: { failure: { code: string } } } };
const login = async (email: string, password = user.password) => {
  await central.sql`delete from throttles`;
  const { status, body } = await central.openBrowser().call("auth.login", { email, password });
  const { error } = body as Partial<Failed>;
  return { status, code: error?.data.failure.code ?? "ok", message: error?.message ?? "" };
};

test.each(["ａｎｎａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ANNA@Example.ORG", "\u00a0anna@example.org ", "ⓐnna@example.org"])(
  "%j is the same address in another form",
  async (email) => {
    expect((await login(email)).code).toBe("ok");
  },
);

test("A Cyrillic letter makes another address, and every other address is answered as a wrong password is", async () => {
  const wrong = await login(user.email, "not the passphrase");
  expect(wrong).toEqual({ status: 401, code: "sign_in_failed", message: expect.any(String) });
  expect(await login("bernd@example.org")).toEqual(wrong);
  expect(await login("аnna@example.org")).toEqual(wrong); // the first letter is U+0430
  expect(await login("anna@еxample.org")).toEqual(wrong); // the first letter of the domain is U+0435
});

test("A password of 4 KB is refused without being hashed", async () => {
  const timed = async (password: string) => {
    const startedMs = performance.now();
    const { code } = await login(user.email, password);
    return { code, tookMs: performance.now() - startedMs };
  };
  const [hashed, large]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < 9; turn++) {
    await central.central.limits.forget("signIn", "127.0.0.1");
    const one = await timed("not the passphrase");
    const other = await timed("x".repeat(4096));
    expect([one.code, other.code]).toEqual(["sign_in_failed", "invalid"]);
    hashed.push(one.tookMs);
    large.push(other.tookMs);
    // Not even counted as an attempt: nothing of it reaches the account.
    expect(await central.sql`select 1 from throttles`).toEqual([]);
  }
  // The fastest of each, which no other load of the machine made slower: a hash is nine tenths of a sign-in.
  expect(Math.min(...large)).toBeLessThan(Math.min(...hashed) / 2);
});

const SHAPES = [
  "",
  "=",
  "a",
  "a".repeat(39),
  "a".repeat(41),
  "A".repeat(40),
  "%00".repeat(40),
  "é".repeat(40),
  "null",
  "{}",
];

test.each(["session", "signin", "device"])("A %s cookie of another shape is as good as none", async (name) => {
  for (const value of [...SHAPES, `${"a".repeat(40)}\t`, "x".repeat(6000), `"${"a".repeat(40)}"`]) {
    const Cookie = Buffer.from(`${name}=${value}; ${name}=${value}`).toString("latin1");
    const answers = await Promise.all(
      ["auth.me", "auth.totp", "auth.login"].map(async (procedure) => {
        await central.central.limits.forget("signIn", "127.0.0.1");
        const response = await fetch(`${central.url}/trpc/${procedure}`, {
          method: "POST",
          headers: { Cookie, Origin: central.url, "Content-Type": "application/json" },
          body: JSON.stringify({ code: "123456", email: "nobody@example.org", password: "not the passphrase" }),
        });
        return response.status;
      }),
    );
    await central.sql`delete from throttles`;
    expect([value, answers]).toEqual([value, [401, 401, 401]]);
    const socket = new WebSocket(`${central.url.replace("http", "ws")}/trpc`, {
      headers: { Cookie, Origin: central.url },
    });
    const status = await new Promise((resolve) => {
      socket.once("unexpected-response", (_request, response) => resolve(response.statusCode));
      socket.once("open", () => resolve("open"));
      socket.once("error", () => resolve("error"));
    });
    expect([value, status]).toEqual([value, 401]);
  }
});

test("A role in the body of whatever call changes nothing", async () => {
  const browser = central.openBrowser();
  const role = { role: "admin", isAdmin: true, user: { role: "admin" }, assurance: "password+totp" };
  await browser.call("auth.login", { email: user.email, password: user.password, ...role });
  await browser.call("auth.totp", { code: codeOf(user.totpSecret), ...role });
  expect((await browser.trpc.auth.me.query()).user.role).toBe("viewer");
  await browser.call("auth.me", role);
  await browser.call("auth.nameDevice", { id: (await browser.trpc.auth.me.query()).deviceId, name: "Desk", ...role });
  expect((await browser.trpc.auth.me.query()).user.role).toBe("viewer");
  expect(await central.sql`select role from users where id = ${user.id}`).toEqual([{ role: "viewer" }]);
  expect(await failureOf(browser.trpc.collectors.list.query())).toBe("forbidden");
});

test("5,000 calls in one request are refused as a whole, and not one of them is done", async () => {
  await central.sql`delete from throttles`;
  await central.sql`update users set totp_last_step = 0 where id = ${user.id}`;
  const browser = await signInAs(central.openBrowser(), user);
  await central.sql`delete from throttles`;
  const calls = 5000;
  const names = Array.from({ length: calls }, () => "auth.login").join(",");
  const input = { email: user.email, password: "not the passphrase" };
  const body = JSON.stringify(
    Object.fromEntries(Array.from({ length: calls }, (_, index) => [index, index < 2000 ? input : 0])),
  );
  expect(body.length).toBeLessThan(256 * 1024);
  const response = await browser.fetch(`/trpc/${names}?batch=1`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.status).toBeLessThan(500);
  expect(await central.sql`select 1 from throttles`).toEqual([]);
  expect(await failureOf(browser.trpc.auth.me.query())).toBe("ok");
});

test("Eleven sign-ins in one request are refused as a whole; ten are ten attempts", async () => {
  await central.sql`delete from throttles`;
  const batch = async (calls: number) => {
    const names = Array.from({ length: calls }, () => "auth.login").join(",");
    const input = { email: "nobody@example.org", password: "not the passphrase" };
    const body = JSON.stringify(Object.fromEntries(Array.from({ length: calls }, (_, index) => [index, input])));
    const headers = { "Content-Type": "application/json" };
    const response = await central.openBrowser().fetch(`/trpc/${names}?batch=1`, { method: "POST", headers, body });
    return { status: response.status, text: await response.text() };
  };
  expect((await batch(11)).status).toBe(400);
  expect(await central.sql`select 1 from throttles`).toEqual([]);
  const { text } = await batch(10);
  // Five are looked at, five are over the limit of the address.
  expect(text.match(/"code":"sign_in_failed"/g)).toHaveLength(5);
  expect(text.match(/"code":"too_many"/g)).toHaveLength(5);
});
