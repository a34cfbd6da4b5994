/**
 * `npm run dev`: central, started again at each change, and the app with hot reload in front of it.
 * Rule: both live and die together, and people use the app's address alone.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Vite's own default. Central is told that it is the public one, so that set-up links and WebSockets fit. */
const APP_PORT = "5173";

const start = (folder: string, args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess =>
  spawn(process.execPath, args, {
    cwd: `${root}${folder}`,
    stdio: ["ignore", "inherit", "inherit"],
    // In a group of its own: Ctrl-C reaches this script alone, which passes on one signal. A second one would end central
    // before it has closed its database.
    detached: true,
    env: { ...process.env, ...env },
  });

const children = [
  start("", ["--watch", "--watch-preserve-output", "packages/api/src/main.ts"], {
    PUBLIC_URL: `http://127.0.0.1:${APP_PORT}`,
  }),
  start("packages/pwa", [`${root}node_modules/vite/bin/vite.js`, "--port", APP_PORT, "--strictPort"]),
];

let isStopping = false;

const stop = (code: number) => {
  if (isStopping) return;
  isStopping = true;
  process.exitCode = code;
  for (const child of children) child.kill("SIGTERM");
};

for (const child of children) child.once("exit", (code) => stop(code ?? 1));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop(0));
