/** Signing in: password and code, once, and what a browser is given for it. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeBase32UpperCaseNoPadding } from "@oslojs/encoding";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, type TestUser, aUser, codeOf, failureOf, signInAs } from "../testing/people.ts";
import { createRecoveryCodes } from "./recovery.ts";

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
  const { password: _password, totpSecret: _secret, ...person } = user;
  expect(answer).toEqual({ user: person });
  const me = await browser.trpc.auth.me.query();
  expect(me.user).toEqual(person);
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
    expect.stringMatching(/^device=[\w-]{22}\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=31536000$/),
  ]);
});

test("Behind https the cookies carry __Host- and Secure, and are read under that name alone", async () => {
  await using secure = await openTestCentral({ config: { publicUrl: "https://alpr.example.org" } });
  const person = await aUser(secure.central, "viewer");
  const as = secure.openBrowser();
  await signInAs(as, person);
  expect(as.setCookies).toEqual([
    "__Host-signin=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure",
    expect.stringMatching(/^__Host-session=[a-z0-9]{40}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure$/),
    expect.stringMatching(/^__Host-device=.{66}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=31536000; Secure$/),
  ]);
  expect(await meOf(as)).toBe("ok");
  as.cookies.set("session", as.cookies.get("__Host-session") ?? "");
  as.cookies.delete("__Host-session");
  expect(await meOf(as)).toBe("signed_out");
});

/** The phone: another program than ours makes the code, from the secret as people type it. */
const phone = (secret: Uint8Array, steps = 0): string => {
  const at = new Date(Date.now() + steps * 30_000).toISOString().replace("T", " ").replace("Z", " UTC");
  const args = ["--totp", "--base32", `--now=${at}`, encodeBase32UpperCaseNoPadding(secret)];
  return execFileSync("oathtool", args).toString().trim();
};
const totp = (as: Browser, code: string) => failureOf(as.trpc.auth.totp.mutate({ code }));

describe.skipIf(!hasOathtool)("With oathtool as the phone (skipped where it is not installed)", () => {
  // In the middle of a step, so that no test meets the border between two.
  beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: Math.floor(Date.now() / 30_000) * 30_000 + 15_000 }));
  afterEach(() => vi.useRealTimers());

  test("The code of the moment is taken, and afterwards neither it nor the one before", async () => {
    await login(browser);
    expect(await totp(browser, phone(user.totpSecret))).toBe("ok");
    const again = central.openBrowser();
    await login(again);
    expect(await totp(again, phone(user.totpSecret))).toBe("sign_in_failed");
    expect(await totp(again, phone(user.totpSecret, -1))).toBe("sign_in_failed");
    expect(await totp(again, phone(user.totpSecret, 1))).toBe("ok");
  });

  test.each([
    [-2, "sign_in_failed"],
    [-1, "ok"],
    [1, "ok"],
    [2, "sign_in_failed"],
  ])("A phone whose clock is %i steps off: %s", async (steps, outcome) => {
    await login(browser);
    expect(await totp(browser, phone(user.totpSecret, steps))).toBe(outcome);
  });

  test("A code may be typed with the space that the phone shows", async () => {
    await login(browser);
    expect(await totp(browser, ` ${phone(user.totpSecret).replace(/(...)/, "$1 ")} `)).toBe("ok");
  });

  test("Fifty submissions of one code at the same moment give exactly one session", async () => {
    await login(browser);
    const cookie = browser.cookies.get("signin") ?? "";
    const code = phone(user.totpSecret);
    const tabs = Array.from({ length: 50 }, () => {
      const tab = central.openBrowser();
      tab.cookies.set("signin", cookie);
      return tab;
    });
    const outcomes = await Promise.all(tabs.map((tab) => totp(tab, code)));
    expect(outcomes.filter((outcome) => outcome === "ok")).toHaveLength(1);
    expect(tabs.filter((tab) => tab.cookies.has("session"))).toHaveLength(1);
    const open = await central.sql`select 1 from sessions where user_id = ${user.id} and assurance = 'password+totp'`;
    expect(open).toHaveLength(1);
  });
});

describe("Recovery codes", () => {
  const someCodes = () => central.sql.begin((transaction) => createRecoveryCodes(transaction, user.id));
  const recover = async (code: string) => {
    const as = central.openBrowser();
    await central.central.limits.forget("signIn", "127.0.0.1");
    await login(as);
    return failureOf(as.trpc.auth.recover.mutate({ code }));
  };

  test("A code is taken once, and the others stay", async () => {
    const [first = "", second = ""] = await someCodes();
    expect([await recover(first), await recover(first), await recover(second)]).toEqual(["ok", "sign_in_failed", "ok"]);
    await login(browser);
    await browser.trpc.auth.totp.mutate({ code: codeOf(user.totpSecret) });
    expect((await browser.trpc.auth.me.query()).recoveryCodesLeft).toBe(8);
  });

  test.each<[string, (code: string) => string]>([
    ["without dashes", (code) => code.replaceAll("-", "")],
    ["in small letters", (code) => code.toLowerCase()],
    ["with spaces", (code) => ` ${code.replaceAll("-", " ")} `],
    ["with the O and the I that it never has", (code) => code.replaceAll("0", "O").replaceAll("1", "i")],
  ])("A code may be typed %s", async (_how, typed) => {
    const [code = ""] = await someCodes();
    expect(await recover(typed(code))).toBe("ok");
  });

  test("Of fifty submissions of one code at the same moment one is taken", async () => {
    const [code = ""] = await someCodes();
    await login(browser);
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => failureOf(browser.trpc.auth.recover.mutate({ code }))),
    );
    expect(outcomes.filter((outcome) => outcome === "ok")).toHaveLength(1);
  });

  test("A code of somebody else is none, and new codes end the old ones", async () => {
    const [old = ""] = await someCodes();
    const other = await aUser(central.central, "viewer");
    const [theirs = ""] = await central.sql.begin((transaction) => createRecoveryCodes(transaction, other.id));
    expect(await recover(theirs)).toBe("sign_in_failed");
    const [fresh = ""] = await someCodes();
    expect([await recover(old), await recover(fresh)]).toEqual(["sign_in_failed", "ok"]);
  });

  test("The database holds no code in clear", async () => {
    const codes = await someCodes();
    const [row] = await central.sql<{ text: string }[]>`
      select string_agg(r::text, ' ') as text from recovery_codes r where user_id = ${user.id}`;
    for (const code of codes) {
      expect(row?.text).not.toContain(code);
      expect(row?.text).not.toContain(Buffer.from(code.replaceAll("-", "")).toString("hex"));
    }
  });
});

test("A right password with a wrong code is in the access log: that is what a stolen password looks like", async () => {
  await login(browser);
  await totp(browser, "000000");
  await browser.trpc.auth.totp.mutate({ code: codeOf(user.totpSecret) });
  const entries = await central.sql`
    select action, outcome, failure, user_name, ip from access_log where user_id = ${user.id} order by id`;
  expect(entries).toEqual([
    {
      action: "auth.signInFailed",
      outcome: "denied",
      failure: "sign_in_failed",
      user_name: user.name,
      ip: "127.0.0.1",
    },
    { action: "auth.signedIn", outcome: "ok", failure: null, user_name: user.name, ip: "127.0.0.1" },
  ]);
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

test("Signing in again in the same browser ends its session of before, and no other device's", async () => {
  const elsewhere = central.openBrowser();
  await signInAs(elsewhere, user);
  await central.sql`update users set totp_last_step = 0 where id = ${user.id}`;
  await signInAs(browser, user);
  const before = central.openBrowser();
  before.cookies.set("session", browser.cookies.get("session") ?? "");
  expect(await meOf(before)).toBe("ok");
  await central.sql`update users set totp_last_step = 0 where id = ${user.id}`;
  await central.central.limits.forget("signIn", "127.0.0.1");
  await signInAs(browser, user);
  expect([await meOf(before), await meOf(browser), await meOf(elsewhere)]).toEqual(["signed_out", "ok", "ok"]);
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
