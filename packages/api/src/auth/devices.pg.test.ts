/** A person's devices, what is told on them, and what changes for all of them: the password and the recovery codes. */
import type { Notice } from "@chaverim/contracts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, type TestUser, aUser, codeOf, failureOf, signInAs } from "../testing/people.ts";

let central: TestCentral;
let user: TestUser;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
beforeEach(async () => {
  user = await aUser(central.central, "operator");
});

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1";

/** Signs in on one more device, with whatever code the moment has. */
const signIn = async (
  options: { userAgent?: string; installed?: boolean; person?: TestUser; browser?: Browser } = {},
): Promise<Browser> => {
  const { person = user, userAgent = FIREFOX, installed = false } = options;
  await central.central.limits.forget("signIn", "127.0.0.1");
  await central.sql`update users set totp_last_step = 0 where id = ${person.id}`;
  return signInAs(options.browser ?? central.openBrowser(userAgent), person, installed);
};
const meOf = (browser: Browser) => browser.trpc.auth.me.query();
const noticesOf = async (browser: Browser): Promise<[Notice["kind"], string | null][]> =>
  (await meOf(browser)).notices.map(({ kind, by }) => [kind, by]);

test("The list names each device, its kind and address, and which one asks", async () => {
  const [desk, phone] = [await signIn(), await signIn({ userAgent: SAFARI, installed: true })];
  const devices = await desk.trpc.auth.devices.query();
  const { deviceId, expiresAt } = await meOf(desk);
  expect(devices.find(({ current }) => current)).toEqual({
    id: deviceId,
    name: "Firefox · Linux",
    kind: "desktop",
    createdAt: expect.any(String),
    lastUsedAt: expect.any(String),
    expiresAt,
    ip: "127.0.0.1",
    current: true,
    revoked: null,
  });
  expect(devices.map(({ name, kind, current }) => `${name}, ${kind}, ${current}`).toSorted()).toEqual([
    "Firefox · Linux, desktop, true",
    "Safari · iPhone, app, false",
  ]);
  expect((await phone.trpc.auth.devices.query()).find(({ current }) => current)?.name).toBe("Safari · iPhone");
});

test("Half a sign-in and a session that has ended are no devices; one that was revoked says by whom", async () => {
  const [desk, gone, ended] = [await signIn(), await signIn(), await signIn()];
  await central.central.limits.forget("signIn", "127.0.0.1");
  await central.openBrowser().trpc.auth.login.mutate({ email: user.email, password: user.password });
  const [goneId, endedId] = [(await meOf(gone)).deviceId, (await meOf(ended)).deviceId];
  await desk.trpc.auth.revokeDevice.mutate({ id: goneId });
  await central.sql`update sessions set idle_expires_at = now() - interval '1 second' where id = ${endedId}`;
  const devices = await desk.trpc.auth.devices.query();
  expect(devices.map(({ current, revoked }) => [current, revoked?.by])).toEqual([
    [true, undefined],
    [false, user.name],
  ]);
  await central.sql`update sessions set revoked_at = now() - interval '31 days' where id = ${goneId}`;
  expect(await desk.trpc.auth.devices.query()).toHaveLength(1);
});

test("A device that is revoked is out with its next request, and cannot be revoked again", async () => {
  const [desk, phone] = [await signIn(), await signIn()];
  const { deviceId } = await meOf(phone);
  await desk.trpc.auth.revokeDevice.mutate({ id: deviceId });
  expect(await failureOf(meOf(phone))).toBe("signed_out");
  expect(await failureOf(desk.trpc.auth.revokeDevice.mutate({ id: deviceId }))).toBe("not_found");
  expect(await failureOf(meOf(desk))).toBe("ok");
});

test("All other devices go at once", async () => {
  const [desk, ...others] = [await signIn(), await signIn(), await signIn({ installed: true })];
  expect(await desk.trpc.auth.revokeOtherDevices.mutate()).toEqual({ signedOut: 2 });
  expect(await Promise.all(others.map((other) => failureOf(meOf(other))))).toEqual(["signed_out", "signed_out"]);
  expect(await failureOf(meOf(desk))).toBe("ok");
});

test("Another person's device, also an administrator's view of it, does not exist here", async () => {
  const theirs = await signIn();
  const { deviceId } = await meOf(theirs);
  const admin = await signIn({ person: await aUser(central.central, "admin") });
  expect(await failureOf(admin.trpc.auth.revokeDevice.mutate({ id: deviceId }))).toBe("not_found");
  expect(await failureOf(admin.trpc.auth.nameDevice.mutate({ id: deviceId, name: "Mine" }))).toBe("not_found");
  expect(await failureOf(meOf(theirs))).toBe("ok");
  expect(await admin.trpc.auth.devices.query()).toHaveLength(1);
});

test("A name of one's own is kept, and the device is still not a new one", async () => {
  const desk = await signIn();
  const { deviceId } = await meOf(desk);
  await desk.trpc.auth.nameDevice.mutate({ id: deviceId, name: "  Desk by the window " });
  expect((await desk.trpc.auth.devices.query())[0]?.name).toBe("Desk by the window");
  for (const name of ["", "x".repeat(61), "a\u0000b", "two\nlines", "\ud800"])
    expect([name, await failureOf(desk.trpc.auth.nameDevice.mutate({ id: deviceId, name }))]).toEqual([
      name,
      "invalid",
    ]);
  await signIn({ browser: desk });
  expect(await noticesOf(desk)).toEqual([]);
});

test("The first device of all is no news; a browser that the person never used is told on the others, once, whatever it calls itself", async () => {
  const desk = await signIn();
  expect(await noticesOf(desk)).toEqual([]);
  // The same name and kind as the desk: a name is no proof of being known.
  const thief = await signIn();
  expect([await noticesOf(desk), await noticesOf(thief)]).toEqual([[["new_device", "Firefox · Linux"]], []]);
  const phone = await signIn({ userAgent: SAFARI, installed: true });
  expect((await noticesOf(desk)).map(([, by]) => by)).toEqual(["Safari · iPhone", "Firefox · Linux"]);
  // Known by now, also after it was signed out, which leaves no row among the sessions.
  await phone.trpc.auth.logout.mutate();
  await signIn({ browser: phone, installed: true });
  expect(await noticesOf(desk)).toHaveLength(2);
});

test("With nobody signed in anywhere a new device is told all the same, on the next one that was known before", async () => {
  const desk = await signIn();
  await desk.trpc.auth.logout.mutate();
  const stranger = await signIn({ userAgent: SAFARI });
  await stranger.trpc.auth.logout.mutate();
  await signIn({ browser: desk });
  expect(await noticesOf(desk)).toEqual([["new_device", "Safari · iPhone"]]);
});

test("A browser that somebody else uses is new for whoever signs in there", async () => {
  const [desk, other] = [await signIn(), await signIn({ person: await aUser(central.central, "viewer") })];
  await signIn({ browser: other });
  expect(await noticesOf(desk)).toHaveLength(1);
});

test("A notice goes when an older device has seen it; a newer one, the one that it is about first of all, cannot put it away", async () => {
  const [desk, stranger] = [await signIn(), await signIn({ userAgent: SAFARI })];
  const id = (await meOf(desk)).notices[0]?.id ?? "";
  const dismiss = (by: Browser) => failureOf(by.trpc.auth.dismissNotice.mutate({ id }));
  expect(await dismiss(stranger)).toBe("not_found");
  // Neither signing in anew nor with one more browser makes anybody older.
  await signIn({ browser: stranger });
  expect([await dismiss(stranger), await dismiss(await signIn())]).toEqual(["not_found", "not_found"]);
  expect(await dismiss(await signIn({ person: await aUser(central.central, "admin") }))).toBe("not_found");
  expect((await meOf(desk)).notices.map((notice) => notice.id)).toContain(id);
  // Known since before, however often it signed out and in since.
  await signIn({ browser: desk });
  expect(await dismiss(desk)).toBe("ok");
  expect((await meOf(desk)).notices.map((notice) => notice.id)).not.toContain(id);
  expect(await dismiss(desk)).toBe("ok");
});

test("After a month any device puts a notice away: the older ones may be gone", async () => {
  const [desk] = [await signIn(), await signIn({ userAgent: SAFARI })];
  const id = (await meOf(desk)).notices[0]?.id ?? "";
  const third = await signIn();
  const dismiss = () => failureOf(third.trpc.auth.dismissNotice.mutate({ id }));
  await central.sql`update notices set created_at = now() - interval '29 days 23 hours' where id = ${id}`;
  expect(await dismiss()).toBe("not_found");
  await central.sql`update notices set created_at = now() - interval '30 days 1 second' where id = ${id}`;
  expect(await dismiss()).toBe("ok");
});

test("New recovery codes are ten that work, once; using one is told on the other devices", async () => {
  const desk = await signIn();
  const { recoveryCodes } = await desk.trpc.auth.renewRecoveryCodes.mutate();
  expect(new Set(recoveryCodes).size).toBe(10);
  expect((await meOf(desk)).recoveryCodesLeft).toBe(10);
  const lost = central.openBrowser(FIREFOX);
  await central.central.limits.forget("signIn", "127.0.0.1");
  await lost.trpc.auth.login.mutate({ email: user.email, password: user.password });
  await lost.trpc.auth.recover.mutate({ code: recoveryCodes[3] ?? "" });
  expect(new Set((await noticesOf(desk)).map(([kind]) => kind))).toEqual(new Set(["recovery_code_used", "new_device"]));
  expect(await noticesOf(lost)).toEqual([]);
  expect((await meOf(lost)).recoveryCodesLeft).toBe(9);
});

test("A recovery code is no fresh code: it opens the door, and changes nothing of weight", async () => {
  const desk = await signIn();
  const { recoveryCodes } = await desk.trpc.auth.renewRecoveryCodes.mutate();
  const lost = central.openBrowser(FIREFOX);
  await central.central.limits.forget("signIn", "127.0.0.1");
  await lost.trpc.auth.login.mutate({ email: user.email, password: user.password });
  await lost.trpc.auth.recover.mutate({ code: recoveryCodes[0] ?? "" });
  expect((await meOf(lost)).stepUpUntil).toBeNull();
  expect(await failureOf(lost.trpc.auth.renewRecoveryCodes.mutate())).toBe("step_up_needed");
});

test("A new password is the one that counts, and signs every other device out, half sign-ins too", async () => {
  const [desk, phone, half] = [await signIn(), await signIn(), central.openBrowser()];
  await central.central.limits.forget("signIn", "127.0.0.1");
  await half.trpc.auth.login.mutate({ email: user.email, password: user.password });
  const next = "quiet lamps under violet rain";
  expect(await desk.trpc.auth.changePassword.mutate({ current: user.password, next })).toEqual({ signedOut: 1 });
  await central.sql`update users set totp_last_step = 0 where id = ${user.id}`;
  const code = codeOf(user.totpSecret);
  expect(await Promise.all([failureOf(meOf(desk)), failureOf(meOf(phone))])).toEqual(["ok", "signed_out"]);
  expect(await failureOf(half.trpc.auth.totp.mutate({ code }))).toBe("signed_out");
  await central.central.limits.forget("signIn", "127.0.0.1");
  expect(await failureOf(half.trpc.auth.login.mutate({ email: user.email, password: user.password }))).toBe(
    "sign_in_failed",
  );
  expect(await failureOf(half.trpc.auth.login.mutate({ email: user.email, password: next }))).toBe("ok");
  const entries =
    await central.sql`select outcome, filters from access_log where user_id = ${user.id} and action = 'auth.changePassword'`;
  expect(entries).toEqual([{ outcome: "ok", filters: {} }]);
});

test.each<[string, (person: TestUser) => string]>([
  ["that is short", () => "short"],
  ["that everybody tries", () => "password1234"],
  ["that everybody tries, in wide letters", () => "ｐａｓｓｗｏｒｄ１２３４"],
  ["made of the e-mail address", ({ email }) => `${email.split("@")[0] ?? ""}1`],
  ["made of the organisation's name", () => "chaverim-2026"],
  ["that is the old one", ({ password }) => password],
  ["of 4 KB", () => "x y".repeat(1400)],
])("A password %s is refused, and nobody is signed out", async (_what, nextOf) => {
  const [desk, phone] = [await signIn(), await signIn()];
  const change = desk.trpc.auth.changePassword.mutate({ current: user.password, next: nextOf(user) });
  expect(await failureOf(change)).toBe("invalid");
  expect(await failureOf(meOf(phone))).toBe("ok");
});

test("Whoever found an open session cannot guess at the password, nor change anything without a fresh code", async () => {
  const desk = await signIn();
  const change = (current: string) =>
    failureOf(desk.trpc.auth.changePassword.mutate({ current, next: "quiet lamps under violet rain" }));
  for (let turn = 0; turn < 5; turn++) expect(await change("not the passphrase")).toBe("sign_in_failed");
  expect(await change(user.password)).toBe("too_many");
  await central.sql`update sessions set step_up_at = step_up_at - interval '6 minutes' where user_id = ${user.id}`;
  expect(await change(user.password)).toBe("step_up_needed");
  expect(await failureOf(desk.trpc.auth.renewRecoveryCodes.mutate())).toBe("step_up_needed");
});

test("The same letters, composed by another keyboard, are the same password", async () => {
  const desk = await signIn();
  await desk.trpc.auth.changePassword.mutate({
    current: user.password,
    next: "Zoë läuft über den Fluß".normalize("NFC"),
  });
  await central.central.limits.forget("signIn", "127.0.0.1");
  const typed = { email: user.email, password: "Zoë läuft über den Fluß".normalize("NFD") };
  expect(await failureOf(central.openBrowser().trpc.auth.login.mutate(typed))).toBe("ok");
});
