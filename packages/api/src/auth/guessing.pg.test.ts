/** Guessing at passwords, codes and links: how often it can be tried, who is held up by it, and what time tells. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { toAppError } from "../failure.ts";
import { callFrom, newAddress, outcomeOf } from "../testing/calls.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, type TestUser, aUser, codeOf, failureOf, signInAs } from "../testing/people.ts";
import { countAttempt } from "./throttle.ts";

let central: TestCentral;
let user: TestUser;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await central.central.limits.forget("signIn", "127.0.0.1");
  user = await aUser(central.central, "viewer");
});
afterEach(() => {
  vi.useRealTimers();
});

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const from = (ip: string, cookie?: string) => callFrom(central.central, ip, cookie);
const WRONG = "not the passphrase";

type Tally = Record<string, number>;
const count = async (tally: Tally, call: Promise<unknown>): Promise<void> => {
  const outcome = await outcomeOf(call);
  tally[outcome] = (tally[outcome] ?? 0) + 1;
};

describe("How often can be tried", () => {
  // Only Date: waits and sockets go on by the real clock.
  const startMs = Date.now();
  beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: startMs }));

  test("Of 10,000 guesses at one account, ten at once every ten minutes and each from another address, 17 are looked at: password, code and recovery code alike", async () => {
    const [passwords, codes, recoveries]: [Tally, Tally, Tally] = [{}, {}, {}];
    // Whoever has the password, and so a fresh five minutes for the code whenever these are needed: here ten days.
    const device = {
      kind: "desktop",
      assurance: "password",
      steppedUp: false,
      device: "-",
      ip: null,
      userAgent: null,
    } as const;
    const half = (await central.central.sessions.create(user.id, device)).id;
    await central.sql`update sessions set created_at = created_at + interval '10 days', last_used_at = last_used_at + interval '10 days',
      idle_expires_at = idle_expires_at + interval '10 days', absolute_expires_at = absolute_expires_at + interval '10 days'
      where user_id = ${user.id}`;
    const tenTimes = (start: () => Promise<void>) => Promise.all(Array.from({ length: 10 }, start));
    for (let minute = 0; minute < 10_000; minute += 10) {
      vi.setSystemTime(startMs + minute * MINUTE_MS);
      await Promise.all([
        tenTimes(() => count(passwords, from(newAddress()).auth.login({ email: user.email, password: WRONG }))),
        tenTimes(() => count(codes, from(newAddress(), `signin=${half}`).auth.totp({ code: "no code" }))),
        tenTimes(() => count(recoveries, from(newAddress(), `signin=${half}`).auth.recover({ code: "no code" }))),
      ]);
    }
    // Five at once, then one after 15, 30, 60 … 960 minutes, then one a day: 5 + 7 + 5 in the 6.94 days.
    const slowed = { sign_in_failed: 17, too_many: 9983 };
    expect({ passwords, codes, recoveries }).toEqual({ passwords: slowed, codes: slowed, recoveries: slowed });
  }, 300_000);

  test.each([1, 4, 5, 6, 7, 8, 9, 11, 14])(
    "Whoever makes %i attempts and then waits until they are forgotten has fewer than seven a day",
    async (attempts) => {
      const days = 30;
      let [nowMs, made] = [startMs, 0];
      while (nowMs < startMs + days * DAY_MS) {
        for (let turn = 0; turn < attempts; turn++) {
          vi.setSystemTime(nowMs);
          const refusal = await countAttempt(central.sql, "code", user.id).then(
            () => null,
            (error: unknown) => toAppError(error).retryAfterSeconds ?? 0,
          );
          if (refusal === null) made++;
          else {
            // As soon as it is possible again.
            nowMs += refusal * 1000;
            turn--;
          }
          if (nowMs >= startMs + days * DAY_MS) break;
        }
        const [row] = await central.sql<{ blockedUntil: Date | null }[]>`
          select max(coalesce(blocked_until, window_started_at)) as "blockedUntil" from throttles`;
        nowMs = (row?.blockedUntil?.getTime() ?? nowMs) + DAY_MS + 1;
      }
      expect(made).toBeGreaterThan(0);
      // Eight attempts take 225 minutes, block for 240, and are forgotten a day later: 8 in 27.75 hours is the most.
      expect(made).toBeLessThanOrEqual(7 * days);
      await central.sql`delete from throttles`;
    },
  );

  test("Of 10,000 guesses from one address within five minutes five a minute are looked at, whatever they guess at", async () => {
    const [accounts, links]: [Tally, Tally] = [{}, {}];
    const [person, link] = [newAddress(), newAddress()];
    for (let turn = 0; turn < 10_000; turn++) {
      vi.setSystemTime(startMs + turn * 30);
      await Promise.all([
        count(accounts, from(person).auth.login({ email: `person${turn}@example.org`, password: WRONG })),
        count(links, from(link).auth.invitation({ token: `token${turn}` })),
      ]);
    }
    expect(accounts).toEqual({ sign_in_failed: 5 * 5, too_many: 9975 });
    expect(links).toEqual({ not_found: 5 * 5, too_many: 9975 });
  }, 300_000);

  test("All addresses of one IPv6 network of 64 bits count as one, and an IPv4 address as itself in any form", async () => {
    const outcomes = async (addressOf: (turn: number) => string) => {
      const all = [];
      for (let turn = 0; turn < 6; turn++)
        all.push(await outcomeOf(from(addressOf(turn)).auth.invitation({ token: "none" })));
      return all.at(-1);
    };
    expect(await outcomes((turn) => `2001:db8:0:7::${turn + 1}`)).toBe("too_many");
    expect(await outcomeOf(from("2001:0db8::7:0:0:0:ffff").auth.invitation({ token: "none" }))).toBe("too_many");
    expect(await outcomes((turn) => `2001:db8:0:${turn + 8}::1`)).toBe("not_found");
    expect(await outcomes((turn) => (turn % 2 ? "192.0.2.9" : "::ffff:192.0.2.9"))).toBe("too_many");
  });
});

describe("Who is held up", () => {
  const login = async (as: Browser, password = user.password) => {
    await central.central.limits.forget("signIn", "127.0.0.1");
    return failureOf(as.trpc.auth.login.mutate({ email: user.email, password }));
  };
  const known = async (person = user): Promise<Browser> => {
    await central.sql`update users set totp_last_step = 0 where id = ${person.id}`;
    await central.central.limits.forget("signIn", "127.0.0.1");
    const browser = await signInAs(central.openBrowser(), person);
    await browser.trpc.auth.logout.mutate();
    return browser;
  };
  const failFiveTimes = async (as: Browser) => {
    for (let turn = 0; turn < 5; turn++) expect(await login(as, WRONG)).toBe("sign_in_failed");
  };

  test("The sixth wrong password has to wait, from whatever address, and is told how long", async () => {
    await failFiveTimes(central.openBrowser());
    await central.central.limits.forget("signIn", "127.0.0.1");
    const { email, password } = user;
    expect(await central.openBrowser().call("auth.login", { email, password })).toMatchObject({
      status: 429,
      body: { error: { data: { failure: { code: "too_many", details: { retryAfterSeconds: expect.any(Number) } } } } },
    });
  });

  test("A stranger who knows the address locks out strangers, not the person on a device that is known", async () => {
    const mine = await known();
    expect([...mine.cookies.keys()]).toEqual(["device"]);
    const stranger = central.openBrowser();
    await failFiveTimes(stranger);
    expect(await login(stranger, user.password)).toBe("too_many");
    expect(await login(mine)).toBe("ok");
    await central.sql`update users set totp_last_step = 0 where id = ${user.id}`;
    expect(await failureOf(mine.trpc.auth.totp.mutate({ code: codeOf(user.totpSecret) }))).toBe("ok");
    // The person's success gives the stranger no new attempts.
    expect(await login(stranger, WRONG)).toBe("too_many");
  });

  test("A known device has its own five attempts, and no more", async () => {
    const mine = await known();
    await failFiveTimes(mine);
    expect(await login(mine)).toBe("too_many");
    expect(await login(central.openBrowser())).toBe("ok");
  });

  test("Wrong codes of somebody with the password lock neither a known device nor a step-up", async () => {
    const mine = await known();
    const inside = await known();
    await central.sql`update users set totp_last_step = 0 where id = ${user.id}`;
    await signInAs(inside, user);
    const thief = central.openBrowser();
    await login(thief);
    const guess = (code: string) => failureOf(thief.trpc.auth.totp.mutate({ code }));
    for (let turn = 0; turn < 5; turn++) expect(await guess("no code")).toBe("sign_in_failed");
    expect(await guess(codeOf(user.totpSecret))).toBe("too_many");
    const code = async () => {
      await central.sql`update users set totp_last_step = 0 where id = ${user.id}`;
      return { code: codeOf(user.totpSecret) };
    };
    expect(await failureOf(inside.trpc.auth.stepUp.mutate(await code()))).toBe("ok");
    expect(await login(mine)).toBe("ok");
    expect(await failureOf(mine.trpc.auth.totp.mutate(await code()))).toBe("ok");
  });

  test.each<[string, (cookie: string, theirs: string) => string]>([
    ["of somebody else", (_cookie, theirs) => theirs],
    ["with another nonce", (cookie) => `${"A".repeat(22)}${cookie.slice(22)}`],
    ["with another MAC", (cookie) => `${cookie.slice(0, -4)}AAAA`],
    ["with the MAC of nothing", (cookie) => `${cookie.slice(0, 22)}.`],
    ["that is a session's", () => "a".repeat(40)],
    ["of dots", () => "...."],
    ["of half characters", () => "%ff%fe".repeat(11)],
    ["of 4 KB", (cookie) => cookie.repeat(60)],
  ])("A device cookie %s makes nobody known", async (_what, change) => {
    const mine = await known();
    const theirs = await known(await aUser(central.central, "viewer"));
    await failFiveTimes(central.openBrowser());
    const forged = central.openBrowser();
    forged.cookies.set("device", change(mine.cookies.get("device") ?? "", theirs.cookies.get("device") ?? ""));
    expect(await login(forged)).toBe("too_many");
    expect(await login(mine)).toBe("ok");
  });

  test("Signing in again on a known device keeps its count's name", async () => {
    const mine = await known();
    const before = mine.cookies.get("device");
    await central.sql`update users set totp_last_step = 0 where id = ${user.id}`;
    await signInAs(mine, user);
    expect(mine.cookies.get("device")).toBe(before);
  });
});
