/** Signing in: what a person is told when it does not work, and that a pasted code works. */
import { fireEvent, render, screen } from "@solidjs/testing-library";
import { HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import { setLanguage } from "../settings.ts";
import { refuses, says, standIn } from "../stand-in.ts";
import SignInScreen from "./sign-in.tsx";

const central = standIn();
beforeEach(() => {
  setLanguage("en");
  central.on("system.info", () =>
    says({ version: "1", simulated: false, serverTime: new Date().toISOString(), setupNeeded: false }),
  );
});

const signIn = (): void => {
  fireEvent.input(screen.getByLabelText("E-mail"), { target: { value: "miri@example.org" } });
  fireEvent.input(screen.getByLabelText("Password"), { target: { value: "correct horse battery" } });
  fireEvent.submit(screen.getByRole("button", { name: "Continue" }).closest("form") as HTMLFormElement);
};

const acceptPassword = () => central.on("auth.login", () => says({ next: "totp" }));

test("a wrong password does not say which of the two was wrong", async () => {
  central.on("auth.login", () => refuses("sign_in_failed", 401));
  render(() => <SignInScreen />);
  signIn();
  expect(await screen.findByText("E-mail or password is not right.")).toBeTruthy();
});

test("too many tries say when to try again and hold the button until then", async () => {
  central.on("auth.login", () => refuses("too_many", 429, { retryAfterSeconds: 65 }));
  render(() => <SignInScreen />);
  signIn();
  expect(await screen.findByText("Too many tries. Again in 1:05.")).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Continue" }).disabled).toBe(true);
});

test("without a line it says that central did not answer", async () => {
  central.on("auth.login", () => HttpResponse.error());
  render(() => <SignInScreen />);
  signIn();
  expect(await screen.findByText("Central did not answer.")).toBeTruthy();
});

test("a code is sent without the spaces of a paste, and a stale one is explained", async () => {
  acceptPassword();
  const sent = central.on("auth.totp", () => refuses("sign_in_failed", 401));
  render(() => <SignInScreen />);
  signIn();
  const code = await screen.findByLabelText("Code");
  fireEvent.input(code, { target: { value: " 123 456 " } });
  fireEvent.submit(code.closest("form") as HTMLFormElement);
  expect(await screen.findByText(/This code is not valid now/)).toBeTruthy();
  expect(sent).toEqual([{ code: "123456", installed: false }]);
});

test("an incomplete code is not sent at all", async () => {
  acceptPassword();
  render(() => <SignInScreen />);
  signIn();
  const code = await screen.findByLabelText("Code");
  fireEvent.input(code, { target: { value: "12345" } });
  fireEvent.submit(code.closest("form") as HTMLFormElement);
  expect(await screen.findByText("The code has six digits.")).toBeTruthy();
});

test("without the authenticator a recovery code is sent, in whatever form it was typed", async () => {
  acceptPassword();
  const sent = central.on("auth.recover", () => refuses("sign_in_failed", 401));
  render(() => <SignInScreen />);
  signIn();
  fireEvent.click(await screen.findByRole("button", { name: "Use a recovery code" }));
  const typed = "aaaaaa-bbbbbb-cccccc-dddddd";
  const recovery = await screen.findByLabelText(/Recovery code/);
  fireEvent.input(recovery, { target: { value: typed } });
  fireEvent.submit(recovery.closest("form") as HTMLFormElement);
  expect(await screen.findByText("This recovery code does not fit, or it was used before.")).toBeTruthy();
  expect(sent).toEqual([{ code: typed, installed: false }]);
});

test("half a recovery code is not sent", async () => {
  acceptPassword();
  render(() => <SignInScreen />);
  signIn();
  fireEvent.click(await screen.findByRole("button", { name: "Use a recovery code" }));
  const recovery = await screen.findByLabelText(/Recovery code/);
  fireEvent.input(recovery, { target: { value: "aaaaaa-bbbbbb" } });
  fireEvent.submit(recovery.closest("form") as HTMLFormElement);
  expect(await screen.findByText("A recovery code has 24 letters and digits.")).toBeTruthy();
});
