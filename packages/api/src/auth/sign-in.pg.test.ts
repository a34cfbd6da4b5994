/** Signing in: password and code, once, and what a browser is given for it. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeBase32UpperCaseNoPadding } from "@oslojs/encoding";
import { generateHOTP } from "@oslojs/otp";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, type TestUser, aUser, codeOf, failureOf, signInAs } from "../testing/people.ts";

let central: TestCentral;
let user: TestUser;
let browser: Browser;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await central.central.limits.forget("signIn", "127.0.0.1");
  user = await aUser(central.central, "viewer");
  browser = central.openBrowser();
});

const login = (as: Browser, given: { email?: string; password?: string } = {}) =>
  as.trpc.auth.login.mutate({ email: given.email ?? user.email, password: given.password ?? user.password });
const meOf = (as: Browser) => failureOf(as.trpc.auth.me.query());
const hasOathtool = (() => {
  try {
    return execFileSync("oathtool", ["--version"]).length > 0;
  } catch {
    return false;
  }
})();

test("Password and code give a session that knows who it is", async () => {
  expect(await login(browser)).toEqual({ next: "totp" });
  const answer = await browser.trpc.auth.totp.mutate({ code: codeOf(user.totpSecret) });
  const { id, email, name, role } = user;
  expect(answer).toEqual({ user: { id, email, name, role } });
  const me = await browser.trpc.auth.me.query();
  expect(me.user).toEqual({ id, email, name, role });
  // A browser: at most 12 hours.
  expect(Math.round((Date.parse(me.expiresAt) - Date.now()) / 3_600_000)).toBe(12);
});

test("An installed app stays signed in for two weeks", async () => {
  await signInAs(browser, user, true);
  const { expiresAt } = await browser.trpc.auth.me.query();
  expect(Math.round((Date.parse(expiresAt) - Date.now()) / 86_400_000)).toBe(14);
});

test("An address is the same in any case and any Unicode form", async () => {
  expect(await login(browser, { email: ` ${user.email.toUpperCase()} ` })).toEqual({ next: "totp" });
});

test("A wrong password, an unknown user and a disabled account are answered alike", async () => {
  const disabled = await aUser(central.central, "admin");
  await central.sql`update users set disabled_at = now() where id = ${disabled.id}`;
  const answers = [];
  for (const given of [
    { password: "not the passphrase" },
    { email: "nobody@example.org" },
    { email: disabled.email },
  ]) {
    const { status, body } = await browser.call("auth.login", { password: user.password, email: user.email, ...given });
    const { data, message } = (body as { error: { message: string; data: { failure: { code: string } } } }).error;
    answers.push([status, data.failure.code, message]);
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]).toEqual([401, "sign_in_failed", expect.any(String)]);
  expect(browser.cookies.size).toBe(0);
});

test("The cookie between password and code opens nothing, and the session's cookie nothing of the other kind", async () => {
  await login(browser);
  expect([...browser.cookies.keys()]).toEqual(["signin"]);
  expect(await meOf(browser)).toBe("signed_out");
  // The same id under the session's name is still only half a sign-in.
  browser.cookies.set("session", browser.cookies.get("signin") ?? "");
  expect(await meOf(browser)).toBe("signed_out");
  const evidence = await browser.fetch(`/api/evidence/${crypto.randomUUID()}/crop`);
  expect(evidence.status).toBe(401);
});

test("Cookies are HttpOnly, Lax and for the whole site, and the half one goes when the session comes", async () => {
  await login(browser);
  expect(browser.setCookies).toEqual([
    expect.stringMatching(/^signin=[a-z0-9]{40}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=300$/),
  ]);
  await browser.trpc.auth.totp.mutate({ code: codeOf(user.totpSecret) });
  expect(browser.setCookies).toEqual([
    "signin=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
    expect.stringMatching(/^session=[a-z0-9]{40}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200$/),
  ]);
});

test("Behind https the cookies carry __Host- and Secure, and are read under that name alone", async () => {
  await using secure = await openTestCentral({ config: { publicUrl: "https://alpr.example.org" } });
  const person = await aUser(secure.central, "viewer");
  const as = secure.openBrowser();
  await signInAs(as, person);
  expect(as.setCookies.at(-1)).toMatch(
    /^__Host-session=[a-z0-9]{40}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure$/,
  );
  expect(await meOf(as)).toBe("ok");
  as.cookies.set("session", as.cookies.get("__Host-session") ?? "");
  as.cookies.delete("__Host-session");
  expect(await meOf(as)).toBe("signed_out");
});

test("Twenty submissions of one code at the same moment give exactly one session", async () => {
  await login(browser);
  const cookie = browser.cookies.get("signin") ?? "";
  const code = codeOf(user.totpSecret);
  const tabs = Array.from({ length: 20 }, () => {
    const tab = central.openBrowser();
    tab.cookies.set("signin", cookie);
    return tab;
  });
  const outcomes = await Promise.all(tabs.map((tab) => failureOf(tab.trpc.auth.totp.mutate({ code }))));
  expect(outcomes.filter((outcome) => outcome === "ok")).toHaveLength(1);
  expect(tabs.filter((tab) => tab.cookies.has("session"))).toHaveLength(1);
  const sessions = await central.sql`select 1 from sessions where user_id = ${user.id} and assurance = 'password+totp'`;
  expect(sessions).toHaveLength(1);
});

test("A code works once, also with the password given again", async () => {
  const code = codeOf(user.totpSecret);
  await login(browser);
  await browser.trpc.auth.totp.mutate({ code });
  const again = central.openBrowser();
  await login(again);
  expect(await failureOf(again.trpc.auth.totp.mutate({ code }))).toBe("sign_in_failed");
});

test("Codes of the step before and after are taken, those further away are not", async () => {
  const now = Math.floor(Date.now() / 30_000);
  const codeAt = (step: number) => generateHOTP(user.totpSecret, BigInt(step), 6);
  await login(browser);
  for (const step of [-3, 3]) {
    expect([step, await failureOf(browser.trpc.auth.totp.mutate({ code: codeAt(now + step) }))]).toEqual([
      step,
      "sign_in_failed",
    ]);
  }
  expect(await failureOf(browser.trpc.auth.totp.mutate({ code: ` ${codeAt(now - 1).replace(/(...)/, "$1 ")} ` }))).toBe(
    "ok",
  );
});

test.skipIf(!hasOathtool)("oathtool's code for the secret that people are shown is accepted", async () => {
  const secret = encodeBase32UpperCaseNoPadding(user.totpSecret);
  const code = execFileSync("oathtool", ["--totp", "--base32", secret]).toString().trim();
  await login(browser);
  expect(await failureOf(browser.trpc.auth.totp.mutate({ code }))).toBe("ok");
});

test("The sixth attempt within a minute from one address has to wait, and is told how long", async () => {
  for (let turn = 0; turn < 5; turn++) {
    expect(await failureOf(login(browser, { email: `nobody${turn}@example.org` }))).toBe("sign_in_failed");
  }
  const response = await browser.call("auth.login", { email: user.email, password: user.password });
  expect(response).toMatchObject({
    status: 429,
    body: { error: { data: { failure: { code: "too_many", details: { retryAfterSeconds: expect.any(Number) } } } } },
  });
});

test("The sixth wrong password for one account has to wait, from whatever address", async () => {
  for (let turn = 0; turn < 5; turn++) {
    await central.central.limits.forget("signIn", "127.0.0.1");
    expect(await failureOf(login(browser, { password: "wrong wrong wrong" }))).toBe("sign_in_failed");
  }
  await central.central.limits.forget("signIn", "127.0.0.1");
  expect(await failureOf(login(browser))).toBe("too_many");
});

test("The sixth wrong code has to wait", async () => {
  await login(browser);
  for (let turn = 0; turn < 5; turn++)
    expect(await failureOf(browser.trpc.auth.totp.mutate({ code: "000000" }))).toBe("sign_in_failed");
  expect(await failureOf(browser.trpc.auth.totp.mutate({ code: codeOf(user.totpSecret) }))).toBe("too_many");
});

test("A code without a password before it is refused", async () => {
  expect(await failureOf(browser.trpc.auth.totp.mutate({ code: codeOf(user.totpSecret) }))).toBe("signed_out");
});

test("The database holds the hash of a session's id, never the id", async () => {
  await signInAs(browser, user);
  const id = browser.cookies.get("session") ?? "";
  const rows = await central.sql<{ row: string; hash: string }[]>`
    select s::text as row, encode(id_hash, 'hex') as hash from sessions s where user_id = ${user.id}`;
  expect(rows.map(({ hash }) => hash)).toEqual([createHash("sha256").update(id).digest("hex")]);
  expect(rows[0]?.row).not.toContain(id);
  expect(rows[0]?.row).not.toContain(Buffer.from(id).toString("hex"));
});

test("Signing out ends the session with the next request, clears the browser, and closes its live channel within 5 s", async () => {
  await signInAs(browser, user);
  const before = browser.headers();
  const socket = new WebSocket(`${central.url.replace("http", "ws")}/trpc`, { headers: before });
  await new Promise((resolve) => socket.once("open", resolve));
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  const response = await browser.fetch("/trpc/auth.logout", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: "{}",
  });
  expect(response.headers.get("clear-site-data")).toBe('"cache", "storage"');
  expect(browser.cookies.has("session")).toBe(false);
  const stale = await fetch(`${central.url}/trpc/auth.me`, {
    method: "POST",
    headers: { ...before, "Content-Type": "application/json" },
    body: "{}",
  });
  expect(stale.status).toBe(401);
  expect(await Promise.race([closed, sleep(5000, "still open")])).toBe(4401);
});

test("A user who is disabled is out with the next request", async () => {
  await signInAs(browser, user);
  await central.sql`update users set disabled_at = now() where id = ${user.id}`;
  expect(await meOf(browser)).toBe("signed_out");
});

test("A session ends when it was not used for 30 minutes, and at its absolute end whatever its use", async () => {
  await signInAs(browser, user);
  await central.sql`update sessions set idle_expires_at = now() + interval '1 minute' where user_id = ${user.id}`;
  expect(await meOf(browser)).toBe("ok");
  const [used] =
    await central.sql`select idle_expires_at > now() + interval '29 minutes' as renewed from sessions where user_id = ${user.id}`;
  expect(used?.["renewed"]).toBe(true);
  await central.sql`update sessions set absolute_expires_at = now() - interval '1 second' where user_id = ${user.id}`;
  expect(await meOf(browser)).toBe("signed_out");
  await central.sql`update sessions set absolute_expires_at = now() + interval '1 hour', idle_expires_at = now() - interval '1 second' where user_id = ${user.id}`;
  expect(await meOf(browser)).toBe("signed_out");
});
