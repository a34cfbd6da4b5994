/** One-time links: the first administrator, invited people, and a new authenticator after a reset. */
import { INVITATION_MS, RECOVERY_CODES, type Role } from "@chaverim/contracts";
import { decodeBase32IgnorePadding } from "@oslojs/encoding";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { resetAuthenticator } from "../people/accounts.ts";
import { invitePerson } from "../people/invite.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, type TestUser, aUser, codeOf, failureOf, signInAs } from "../testing/people.ts";
import { createSetupToken } from "./invitations.ts";
import { createRecoveryCodes } from "./recovery.ts";

let central: TestCentral;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
/** Every test comes from one address, which may try five times a minute. */
const forget = () => central.central.limits.forget("signIn", "127.0.0.1");
beforeEach(forget);

const PASSWORD = "a long enough passphrase";
const first = { email: "First@Example.org", name: "First Admin", password: PASSWORD };

type Accepted = { secret: Uint8Array; proof: string };
const accept = async (
  browser: Browser,
  input: { token: string; email?: string; name?: string; password: string },
): Promise<Accepted> => {
  const { totpSecret, proof } = await browser.trpc.auth.accept.mutate(input);
  return { secret: decodeBase32IgnorePadding(totpSecret ?? ""), proof };
};
const confirm = (browser: Browser, token: string, { secret, proof }: Accepted) =>
  browser.trpc.auth.confirm.mutate({ token, proof, code: codeOf(secret) });
const isOpen = async (token: string) => {
  await forget();
  return failureOf(central.openBrowser().trpc.auth.invitation.query({ token }));
};

const tokenOf = (link: string): string => link.split("#")[1] ?? "";
let invited = 0;
const invite = async (by: TestUser | null, role: Role = "viewer") => {
  const person = {
    email: `invited-${++invited}@example.org`,
    name: "Invited Person",
    role,
    area: "North",
    trainedOn: "2026-01-02",
  };
  const { link, invitation } = await invitePerson(central.central, "https://alpr.example.org", by, person);
  return { ...person, link, token: tokenOf(link), id: invitation.id };
};
const reset = async (user: TestUser, by: TestUser | null = null) =>
  tokenOf((await resetAuthenticator(central.central, "https://alpr.example.org", by, user.id)).link);

test("The first administrator's link ends after a day", async () => {
  const token = await createSetupToken(central.central);
  await central.sql`update invitations set expires_at = now() - interval '1 second'`;
  expect(await isOpen(token)).toBe("not_found");
});

test("The database holds neither a link's token nor the password nor the authenticator's secret", async () => {
  const token = await createSetupToken(central.central);
  const { secret, proof } = await accept(central.openBrowser(), { token, ...first });
  const [row] = await central.sql<
    { text: string; pending: string }[]
  >`select i::text as text, pending::text from invitations i where pending is not null`;
  expect(row?.pending).toContain("passwordHash");
  const texts = [token, proof, PASSWORD, Buffer.from(secret).toString("base64"), Buffer.from(secret).toString("hex")];
  for (const text of texts) expect(row?.text).not.toContain(text);
});

test("The first administrator's link makes one account, in whichever tab comes first, and only after a code", async () => {
  const browser = central.openBrowser();
  expect((await browser.trpc.system.info.query()).setupNeeded).toBe(true);
  const voided = await createSetupToken(central.central);
  const token = await createSetupToken(central.central);
  expect(await isOpen(voided)).toBe("not_found");
  expect(await browser.trpc.auth.invitation.query({ token })).toEqual({
    kind: "setup",
    email: null,
    name: null,
    role: "admin",
    organisation: "Chaverim",
  });
  const accepted = await accept(browser, { token, ...first });
  expect(await failureOf(browser.trpc.auth.confirm.mutate({ token, proof: accepted.proof, code: "000000" }))).toBe(
    "sign_in_failed",
  );
  expect(await central.sql`select 1 from users`).toEqual([]);

  await forget();
  const tabs = [browser, central.openBrowser(), central.openBrowser()];
  const outcomes = await Promise.all(tabs.map((tab) => failureOf(confirm(tab, token, accepted))));
  expect(outcomes.toSorted()).toEqual(["not_found", "not_found", "ok"]);
  expect(await central.sql`select email, role, trained_on = current_date as trained from users`).toEqual([
    { email: "first@example.org", role: "admin", trained: true },
  ]);
  const me = await tabs[outcomes.indexOf("ok")]?.trpc.auth.me.query();
  expect(me?.user).toMatchObject({ email: "first@example.org", role: "admin", name: "First Admin" });
  expect((await browser.trpc.system.info.query()).setupNeeded).toBe(false);

  await forget();
  const other = { ...first, email: "second@example.org" };
  expect(await isOpen(token)).toBe("not_found");
  expect(await failureOf(browser.trpc.auth.accept.mutate({ token, ...other }))).toBe("not_found");
  expect(await failureOf(confirm(browser, token, accepted))).toBe("not_found");
});

test.each([
  "Server console",
  " server  CONSOLE",
  "Ｓｅｒｖｅｒ Ｃｏｎｓｏｌｅ",
  "Server\u00a0Console",
  "Ser\u200dver Console",
])("Nobody is called %j, as the operator's command is", async (name) => {
  const token = await createSetupToken(central.central);
  const browser = central.openBrowser();
  expect(await failureOf(browser.trpc.auth.accept.mutate({ token, ...first, name }))).toBe("invalid");
});

test("A set-up link that was made while somebody got an account makes no second administrator", async () => {
  const token = await createSetupToken(central.central);
  expect(await isOpen(token)).toBe("not_found");
  const other = { ...first, email: "second@example.org" };
  expect(await failureOf(central.openBrowser().trpc.auth.accept.mutate({ token, ...other }))).toBe("not_found");
});

test("An invited person becomes who the link says, whatever else is sent, and is signed in with ten recovery codes", async () => {
  const { token, email } = await invite(null, "operator");
  const browser = central.openBrowser();
  expect(await browser.trpc.auth.invitation.query({ token })).toMatchObject({
    kind: "invite",
    email,
    role: "operator",
  });
  const typed = { token, email: "other@example.org", name: "Somebody Else", password: PASSWORD, role: "admin" };
  const accepted = await accept(browser, typed);
  const { user, recoveryCodes } = await confirm(browser, token, accepted);
  expect(user).toMatchObject({
    email,
    name: "Invited Person",
    role: "operator",
    area: "North",
    trainedOn: "2026-01-02",
  });
  expect((await browser.trpc.auth.me.query()).user).toEqual(user);
  expect(new Set(recoveryCodes).size).toBe(RECOVERY_CODES);
  const [kept] = await central.sql<{ text: string; count: number }[]>`
    select string_agg(c::text, ' ') as text, count(*)::int as count from recovery_codes c where user_id = ${user.id}`;
  expect(kept?.count).toBe(RECOVERY_CODES);
  for (const code of recoveryCodes) {
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{6}-){3}[0-9A-HJKMNP-TV-Z]{6}$/);
    expect(kept?.text).not.toContain(Buffer.from(code.replaceAll("-", "")).toString("hex"));
  }
  const [used] = await central.sql`select pending, used_at is not null as used from invitations where email = ${email}`;
  expect(used).toEqual({ pending: null, used: true });
  await forget();
  await browser.trpc.auth.login.mutate({ email, password: PASSWORD });
  await browser.trpc.auth.recover.mutate({ code: recoveryCodes[0] ?? "" });
  expect((await browser.trpc.auth.me.query()).recoveryCodesLeft).toBe(RECOVERY_CODES - 1);
});

test("An invitation lasts 48 hours, and a newer one for the same address voids it", async () => {
  const { token, ...person } = await invite(null);
  const [row] = await central.sql<{ ms: number }[]>`
    select (extract(epoch from expires_at - created_at) * 1000)::float8 as ms from invitations where email = ${person.email}`;
  expect(Math.abs((row?.ms ?? 0) - INVITATION_MS)).toBeLessThan(5000);
  const { email, name, role } = person;
  const again = { email, name, role, area: null, trainedOn: null };
  const { link } = await invitePerson(central.central, "https://alpr.example.org", null, again);
  expect([await isOpen(token), await isOpen(tokenOf(link))]).toEqual(["not_found", "ok"]);
  await central.sql`update invitations set expires_at = now() where email = ${email}`;
  expect(await isOpen(tokenOf(link))).toBe("not_found");
});

test("A link that is replaced between password and code makes no account", async () => {
  const { token, email, name, role } = await invite(null);
  const browser = central.openBrowser();
  const accepted = await accept(browser, { token, password: PASSWORD });
  await invitePerson(central.central, "", null, { email, name, role, area: null, trainedOn: null });
  expect(await failureOf(confirm(browser, token, accepted))).toBe("not_found");
  expect(await central.sql`select 1 from users where email = ${email}`).toEqual([]);
});

test("A wrong code leaves the link open, and a password that breaks the rules is refused before", async () => {
  const { token, email } = await invite(null);
  const browser = central.openBrowser();
  expect(await failureOf(browser.trpc.auth.accept.mutate({ token, password: "short" }))).toBe("invalid");
  expect(await failureOf(browser.trpc.auth.confirm.mutate({ token, proof: "p".repeat(43), code: "123456" }))).toBe(
    "not_found",
  );
  const accepted = await accept(browser, { token, password: PASSWORD });
  expect(await failureOf(browser.trpc.auth.confirm.mutate({ token, proof: accepted.proof, code: "000000" }))).toBe(
    "sign_in_failed",
  );
  expect(await central.sql`select 1 from users where email = ${email}`).toEqual([]);
  await forget();
  expect((await confirm(browser, token, accepted)).user.email).toBe(email);
});

test("An administrator's invitation is void while there are two, one of the operator's command is not", async () => {
  const [alone] = await central.sql<TestUser[]>`select id, name from users where email = 'first@example.org'`;
  const { token } = await invite(alone ?? null, "admin");
  const { token: consoles } = await invite(null, "admin");
  const browser = central.openBrowser();
  const accepted = await accept(browser, { token, password: PASSWORD });
  const second = await aUser(central.central, "admin");
  expect([await isOpen(token), await isOpen(consoles)]).toEqual(["not_found", "ok"]);
  expect(await failureOf(confirm(browser, token, accepted))).toBe("not_found");
  await central.sql`update users set disabled_at = now() where id = ${second.id}`;
  expect(await isOpen(token)).toBe("ok");
});

test("Of two administrators' invitations that are used at the same moment, one makes an administrator", async () => {
  await central.sql`update users set disabled_at = now() where role = 'admin' and email <> 'first@example.org'`;
  const [alone] = await central.sql<TestUser[]>`select id, name from users where email = 'first@example.org'`;
  const joining = [];
  for (let n = 0; n < 3; n++) {
    await forget();
    const { token } = await invite(alone ?? null, "admin");
    const browser = central.openBrowser();
    joining.push({ token, browser, accepted: await accept(browser, { token, password: PASSWORD }) });
  }
  await forget();
  const outcomes = await Promise.all(
    joining.map(({ browser, token, accepted }) => failureOf(confirm(browser, token, accepted))),
  );
  expect(outcomes.toSorted()).toEqual(["not_found", "not_found", "ok"]);
  await central.sql`update users set disabled_at = now() where role = 'admin' and email <> 'first@example.org'`;
});

test("After a reset the old password and a new authenticator open the account, and nothing of before does", async () => {
  const user = await aUser(central.central, "operator");
  const [old = ""] = await central.sql.begin((transaction) => createRecoveryCodes(transaction, user.id));
  const phone = await signInAs(central.openBrowser(), user);
  const token = await reset(user);
  await forget();
  const browser = central.openBrowser();
  expect(await browser.trpc.auth.invitation.query({ token })).toMatchObject({ kind: "reset", email: user.email });
  expect(await failureOf(accept(browser, { token, password: "another long passphrase" }))).toBe("sign_in_failed");
  const accepted = await accept(browser, { token, password: PASSWORD });
  expect(Buffer.from(accepted.secret).equals(user.totpSecret)).toBe(false);
  await forget();
  const { user: joined, recoveryCodes } = await confirm(browser, token, accepted);
  expect([joined.id, recoveryCodes.length]).toEqual([user.id, RECOVERY_CODES]);
  expect((await phone.trpc.auth.me.query()).notices.map(({ kind }) => kind)).toContain("authenticator_reset");
  expect(await failureOf(phone.trpc.auth.stepUp.mutate({ code: codeOf(user.totpSecret) }))).toBe("sign_in_failed");
  await forget();
  expect(await isOpen(token)).toBe("not_found");
  const lost = central.openBrowser();
  await lost.trpc.auth.login.mutate({ email: user.email, password: PASSWORD });
  expect(await failureOf(lost.trpc.auth.recover.mutate({ code: old }))).toBe("sign_in_failed");
});

test("Until a reset link is used, the old authenticator and the recovery codes go on", async () => {
  const user = await aUser(central.central, "admin");
  const [code = ""] = await central.sql.begin((transaction) => createRecoveryCodes(transaction, user.id));
  const token = await reset(user);
  const browser = await signInAs(central.openBrowser(), user);
  expect((await browser.trpc.auth.me.query()).recoveryCodesLeft).toBe(RECOVERY_CODES);
  // Also when somebody has typed the password, and proved no new authenticator.
  await forget();
  await accept(central.openBrowser(), { token, password: PASSWORD });
  const lost = central.openBrowser();
  await lost.trpc.auth.login.mutate({ email: user.email, password: PASSWORD });
  expect(await failureOf(lost.trpc.auth.recover.mutate({ code }))).toBe("ok");
});

test("A password that was changed after the reset link had asked for it stays, and the link asks for the new one", async () => {
  const user = await aUser(central.central, "operator");
  const token = await reset(user);
  const device = await signInAs(central.openBrowser(), user);
  await forget();
  const browser = central.openBrowser();
  const accepted = await accept(browser, { token, password: PASSWORD });
  await device.trpc.auth.changePassword.mutate({ current: PASSWORD, next });
  expect(await failureOf(confirm(browser, token, accepted))).toBe("not_found");
  await forget();
  expect(await failureOf(accept(browser, { token, password: PASSWORD }))).toBe("sign_in_failed");
  await confirm(browser, token, await accept(browser, { token, password: next }));
  await forget();
  const other = central.openBrowser().trpc.auth;
  expect(await failureOf(other.login.mutate({ email: user.email, password: PASSWORD }))).toBe("sign_in_failed");
  expect(await failureOf(other.login.mutate({ email: user.email, password: next }))).toBe("ok");
});

test("Whoever only knows the link puts no password of their own in force: it takes what the last one who typed was given", async () => {
  await central.sql`delete from throttles`;
  const { person, token } = await forgotten();
  const [browser, thief] = [central.openBrowser(), central.openBrowser()];
  const typed = await browser.trpc.auth.accept.mutate({ token, password: next });
  const theirs = await thief.trpc.auth.accept.mutate({ token, password: "a passphrase of the thief" });
  expect(typed.proof).toMatch(/^[\w-]{43}$/);
  const code = codeOf(person.totpSecret);
  expect(await failureOf(browser.trpc.auth.confirm.mutate({ token, proof: typed.proof, code }))).toBe("not_found");
  for (const proof of ["", theirs.proof.toLowerCase(), "p".repeat(43)]) {
    await forget();
    const guess = thief.trpc.auth.confirm.mutate({ token, proof, code: "000000" });
    expect([proof, await failureOf(guess)]).toEqual([proof, "not_found"]);
  }
  // Nothing of it was an attempt at the person's code, and typing again makes the link theirs again.
  expect(await central.sql`select 1 from throttles`).toEqual([]);
  await forget();
  const again = await browser.trpc.auth.accept.mutate({ token, password: next });
  expect(await failureOf(thief.trpc.auth.confirm.mutate({ token, proof: theirs.proof, code }))).toBe("not_found");
  await browser.trpc.auth.confirm.mutate({ token, proof: again.proof, code });
  await central.sql`update users set totp_last_step = 0 where id = ${person.id}`;
  await forget();
  await signInAs(central.openBrowser(), { ...person, password: next });
});

test.each(["invite", "reset"] as const)("A proof of before is void for a link of kind %s, too", async (kind) => {
  const person = await aUser(central.central, "viewer");
  const token = kind === "reset" ? await reset(person) : (await invite(null)).token;
  const browser = central.openBrowser();
  const before = await accept(browser, { token, password: PASSWORD });
  const after = await accept(browser, { token, password: PASSWORD });
  expect(await failureOf(confirm(browser, token, { ...after, proof: before.proof }))).toBe("not_found");
  expect(await failureOf(confirm(browser, token, after))).toBe("ok");
});

test("Guessing the password behind a reset link is slowed down, wherever the guesses come from", async () => {
  const user = await aUser(central.central, "operator");
  const token = await reset(user);
  const guesses = [];
  for (let n = 0; n < 6; n++) {
    await forget();
    guesses.push(await failureOf(accept(central.openBrowser(), { token, password: `guess number ${n}` })));
  }
  expect(guesses).toEqual([...Array.from({ length: 5 }, () => "sign_in_failed"), "too_many"]);
});

test("A person who was disabled meanwhile cannot use a reset link", async () => {
  const user = await aUser(central.central, "viewer");
  const token = await reset(user);
  const browser = central.openBrowser();
  const accepted = await accept(browser, { token, password: PASSWORD });
  await central.sql`update users set disabled_at = now() where id = ${user.id}`;
  expect(await failureOf(confirm(browser, token, accepted))).toBe("not_found");
  expect(await failureOf(accept(browser, { token, password: PASSWORD }))).toBe("sign_in_failed");
});

test("An address that got an account meanwhile is told so", async () => {
  const { token, email } = await invite(null);
  const browser = central.openBrowser();
  const accepted = await accept(browser, { token, password: PASSWORD });
  await aUser(central.central, "viewer", { email });
  expect(await failureOf(confirm(browser, token, accepted))).toBe("conflict");
});

/** A link for a person's new password, made by another administrator. */
const forgotten = async () => {
  const person = await aUser(central.central, "operator");
  const admin = await central.signIn("admin");
  const { link } = await admin.trpc.users.resetPassword.mutate({ id: person.id });
  await forget();
  return { person, token: tokenOf(link) };
};
const next = "another passphrase that is long";

test("A forgotten password: the link and a code of the person's own authenticator make a new one, and every device ends", async () => {
  const { person, token } = await forgotten();
  const code = codeOf(person.totpSecret);
  const device = central.openBrowser();
  await device.trpc.auth.login.mutate({ email: person.email, password: person.password });
  await device.trpc.auth.totp.mutate({ code });
  const browser = central.openBrowser();
  expect((await browser.trpc.auth.invitation.query({ token })).kind).toBe("password");
  const { proof, ...enrolment } = await browser.trpc.auth.accept.mutate({ token, password: next });
  expect(enrolment).toEqual({ totpSecret: null, totpUri: null });
  // The code that signed the device in is used up; a moment later the app shows another.
  expect(await failureOf(browser.trpc.auth.confirm.mutate({ token, proof, code }))).toBe("sign_in_failed");
  await central.sql`update users set totp_last_step = 0 where id = ${person.id}`;
  const made = await browser.trpc.auth.confirm.mutate({ token, proof, code });
  expect([made.user.id, made.recoveryCodes]).toEqual([person.id, []]);
  await forget();
  expect(await failureOf(device.trpc.auth.me.query())).toBe("signed_out");
  expect(await failureOf(browser.trpc.auth.me.query())).toBe("ok");
  await central.sql`update users set totp_last_step = 0 where id = ${person.id}`;
  expect(await failureOf(signInAs(central.openBrowser(), person))).toBe("sign_in_failed");
  await signInAs(central.openBrowser(), { ...person, password: next });
});

test("Until it is used, the old password goes on; and whoever only has the link guesses at a code no more than five times", async () => {
  const { person, token } = await forgotten();
  const thief = central.openBrowser();
  const { proof } = await thief.trpc.auth.accept.mutate({ token, password: next });
  const outcomes: string[] = [];
  for (let guess = 0; guess < 8; guess++) {
    await forget();
    outcomes.push(await failureOf(thief.trpc.auth.confirm.mutate({ token, proof, code: "not a code" })));
  }
  expect(outcomes).toEqual([...Array<string>(5).fill("sign_in_failed"), ...Array<string>(3).fill("too_many")]);
  const rows = await central.sql`select 1 from users where id = ${person.id} and password_changed_at > created_at`;
  expect(rows).toHaveLength(0);
});

test("A password that is guessed first is refused with the link, too", async () => {
  const { token } = await forgotten();
  expect(await failureOf(central.openBrowser().trpc.auth.accept.mutate({ token, password: "1q2w3e4r5t6y" }))).toBe(
    "invalid",
  );
});
