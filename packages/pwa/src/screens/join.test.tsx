/** Joining by a one-time link: what each kind of link asks for, and that nothing goes on before the codes are kept. */
import type { InvitationState } from "@chaverim/contracts";
import { MemoryRouter, Route, createMemoryHistory } from "@solidjs/router";
import { fireEvent, render, screen } from "@solidjs/testing-library";
import { afterEach, beforeEach, expect, test } from "vitest";
import { setLanguage } from "../settings.ts";
import { refuses, says, standIn } from "../stand-in.ts";
import JoinScreen from "./join.tsx";

const central = standIn();
beforeEach(() => {
  setLanguage("en");
  location.hash = "#token-1";
});
afterEach(() => {
  location.hash = "";
});

const open = (kind: InvitationState["kind"]): void => {
  const known = kind === "setup" ? { email: null, name: null } : { email: "dov@example.org", name: "Dov Katz" };
  central.on("auth.invitation", () => says({ kind, role: "viewer", organisation: "Chaverim North", ...known }));
  const history = createMemoryHistory();
  render(() => (
    <MemoryRouter history={history}>
      <Route path="*" component={JoinScreen} />
    </MemoryRouter>
  ));
};
const submit = (): void => {
  fireEvent.submit(document.querySelector("form") as HTMLFormElement);
};
const type = (label: string | RegExp, value: string): void => {
  fireEvent.input(screen.getByLabelText(label), { target: { value } });
};

test("an invited person sees who was meant, and is asked for a password alone", async () => {
  const sent = central.on("auth.accept", () =>
    says({ totpSecret: "ABCDEFGH", totpUri: "otpauth://totp/x", proof: "proof-1" }),
  );
  open("invite");
  expect(await screen.findByText("Join Chaverim North")).toBeTruthy();
  expect(screen.getByText("dov@example.org")).toBeTruthy();
  expect(screen.queryByLabelText("E-mail")).toBeNull();
  type("Password", "correct horse battery");
  submit();
  expect(await screen.findByText("ABCD EFGH")).toBeTruthy();
  expect(sent).toEqual([{ token: "token-1", password: "correct horse battery" }]);
});

test("a short password is told before anything is sent", async () => {
  open("invite");
  await screen.findByLabelText("Password");
  type("Password", "short");
  submit();
  expect(await screen.findByText("Use at least 12 characters.")).toBeTruthy();
});

test("after a reset the account's own password is asked for, however long it is", async () => {
  central.on("auth.accept", () => refuses("sign_in_failed", 401));
  open("reset");
  await screen.findByLabelText("Your password");
  type("Your password", "old pass");
  submit();
  expect(await screen.findByText("This is not the password of this account.")).toBeTruthy();
});

test("a new password needs a code of the authenticator that the person has, and no new one", async () => {
  const sent = central.on("auth.accept", () => says({ totpSecret: null, totpUri: null, proof: "proof-1" }));
  const confirmed = central.on("auth.confirm", () => refuses("not_found", 404));
  open("password");
  await screen.findByLabelText("New password");
  type("New password", "another passphrase");
  submit();
  expect(await screen.findByText("Code from your authenticator")).toBeTruthy();
  expect(sent).toEqual([{ token: "token-1", password: "another passphrase" }]);
  expect(document.querySelector(".qr")).toBeNull();
  type("Code", "123456");
  submit();
  expect(await screen.findByText(/or somebody else used the link meanwhile/)).toBeTruthy();
  expect(confirmed).toEqual([{ token: "token-1", proof: "proof-1", code: "123456", installed: false }]);
});

test("the first administrator gives an e-mail address and a name, too", async () => {
  open("setup");
  await screen.findByLabelText("E-mail");
  type("E-mail", "nobody");
  submit();
  expect(await screen.findByText("Enter an e-mail address.")).toBeTruthy();
});

test("the recovery codes are shown, and nothing goes on before they are kept", async () => {
  central.on("auth.accept", () => says({ totpSecret: "ABCDEFGH", totpUri: "otpauth://totp/x", proof: "proof-1" }));
  const user = { id: "u", email: "dov@example.org", name: "Dov", role: "viewer", area: null, trainedOn: null };
  const confirmed = central.on("auth.confirm", () => says({ user, recoveryCodes: ["AAAAAA-BBBBBB-CCCCCC-DDDDDD"] }));
  open("invite");
  await screen.findByLabelText("Password");
  type("Password", "correct horse battery");
  submit();
  await screen.findByText("ABCD EFGH");
  type("Code", "123456");
  submit();
  expect(await screen.findByText("AAAAAA-BBBBBB-CCCCCC-DDDDDD")).toBeTruthy();
  expect(confirmed).toEqual([{ token: "token-1", proof: "proof-1", code: "123456", installed: false }]);
  const goOn = screen.getByRole<HTMLButtonElement>("button", { name: "Continue" });
  expect(goOn.disabled).toBe(true);
  fireEvent.click(screen.getByLabelText("I have kept them in a safe place"));
  expect(goOn.disabled).toBe(false);
});

test("a link that was used says so, and where to go", async () => {
  central.on("auth.invitation", () => refuses("not_found", 404));
  render(() => <JoinScreen />);
  expect(await screen.findByText("This link is not valid")).toBeTruthy();
  expect(screen.getByRole("link", { name: "To sign in" })).toBeTruthy();
});
