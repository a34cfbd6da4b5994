/**
 * What the person at the terminal sees: a banner with the way in, and a line for each thing worth knowing.
 * Rule: calm; one fact a line, no log lines, and secrets of the demo's own accounts alone.
 */
import { createInterface } from "node:readline";
import type { Account, Credentials } from "./run/state.ts";
import { decodeBase32, secondsLeft, totpCode } from "./totp.ts";

/** hasColors heeds NO_COLOR and the kind of terminal. */
const isTerminal = process.stdout.isTTY && process.stdout.hasColors();
const dim = (text: string): string => (isTerminal ? `\u001b[2m${text}\u001b[22m` : text);
const bold = (text: string): string => (isTerminal ? `\u001b[1m${text}\u001b[22m` : text);

export const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** A line of the story: how long the town has been running, and what happened. */
export const tell = (atMs: number, what: string): void => {
  const seconds = Math.round(atMs / 1000);
  const clock = seconds < 600 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  say(`  ${dim(`${clock.padStart(6)} ·`)} ${what}`);
};

const codeOf = ({ totpSecret }: Account, nowMs: number): string =>
  totpCode(decodeBase32(totpSecret), nowMs).replace(/^(...)/, "$1 ");

/** One line an account: who, the code of this half minute. */
const codeLines = (accounts: readonly Account[], nowMs: number): string[] => [
  ...accounts.map((account) => `  ${account.email.padEnd(22)} ${bold(codeOf(account, nowMs))}`),
  `  ${dim(`for ${secondsLeft(nowMs)} s more`)}`,
];

/** The banner: where, who, and how to get in. */
export const banner = (url: string, { accounts, password }: Credentials, nowMs: number): string[] => {
  const row = (cells: readonly string[]) =>
    `  ${cells[0]?.padEnd(22)}  ${cells[1]?.padEnd(9)}  ${cells[2]?.padEnd(32)}  ${cells[3]}`;
  return [
    "",
    `  ${bold("Chaverim ALPR")} ${dim("· simulated town, nothing here is real")}`,
    "",
    `  Open      ${bold(url)}`,
    `  Password  ${bold(password)}  ${dim("(all three accounts)")}`,
    "",
    dim(row(["Account", "Role", "Secret for an authenticator app", `Code (${secondsLeft(nowMs)} s)`])),
    ...accounts.map((account) =>
      row([
        account.email,
        account.role === "viewer" ? "volunteer" : account.role,
        account.totpSecret,
        bold(codeOf(account, nowMs)),
      ]),
    ),
    "",
    `  ${dim(process.stdin.isTTY ? "Enter shows fresh codes · Ctrl-C stops everything" : "Ctrl-C stops everything")}`,
    "",
  ];
};

/** Prints fresh codes whenever Enter is pressed, if there is somebody to press it. */
export const offerCodes = (accounts: readonly Account[], signal: AbortSignal): void => {
  if (!process.stdin.isTTY) return;
  const input = createInterface({ input: process.stdin });
  input.on("line", () => codeLines(accounts, Date.now()).forEach(say));
  signal.addEventListener("abort", () => input.close(), { once: true });
};
