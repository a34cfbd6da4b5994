/**
 * The central server seen from outside: starting it, its operator's command, and a signed-in person's calls.
 * Rule: only what anybody can reach: the process, its output, HTTP.
 */
import { type Running, freePort, runProcess, startProcess, until } from "./processes.ts";
import { totpCode } from "./totp.ts";

/** The first start makes a database. */
const START_MS = 60_000;

export type Central = Running & { url: string; dataDir: string; port: number; startedInMs: number };

/** Starts central and waits until it listens. */
export const startCentral = async (
  dataDir: string,
  port?: number,
  environment: Record<string, string> = {},
  root?: string,
): Promise<Central> => {
  const chosen = port ?? (await freePort());
  const startedAt = performance.now();
  const running = startProcess({
    script: "packages/api/src/main.ts",
    ...(root === undefined ? {} : { root }),
    environment: { ...environment, DATA_DIR: dataDir, PORT: String(chosen) },
  });
  await until("central listens", () => running.output().includes('"listening"') || !running.isAlive(), {
    withinMs: START_MS,
    everyMs: 20,
    told: running.output,
  });
  if (!running.isAlive()) throw new Error(`Central ended: ${running.output()}`);
  const url = `http://127.0.0.1:${chosen}`;
  return { ...running, url, dataDir, port: chosen, startedInMs: performance.now() - startedAt };
};

/** Runs the operator's command and reads its JSON. */
export const operate = async (
  dataDir: string,
  args: readonly string[],
  input?: string,
  environment: Record<string, string> = {},
  root?: string,
): Promise<Record<string, string>> => {
  const { code, output } = await runProcess({
    script: "packages/api/src/ops/cli.ts",
    ...(root === undefined ? {} : { root }),
    args: [...args, "--json"],
    environment: { ...environment, DATA_DIR: dataDir },
    ...(input === undefined ? {} : { input }),
  });
  if (code !== 0) throw new Error(`alpr ${args.join(" ")} ended with ${code}: ${output}`);
  return JSON.parse(output) as Record<string, string>;
};

export type Account = { email: string; password: string; totpSecret: string };

/** Makes an administrator. */
export const addAdministrator = async (
  dataDir: string,
  environment: Record<string, string> = {},
  root?: string,
): Promise<Account> => {
  const account = { email: "dispatcher@example.org", password: "a long enough passphrase" };
  const args = ["user", "add", "--email", account.email, "--name", "Dispatcher", "--role", "admin", "--password-stdin"];
  const { totpSecret } = await operate(dataDir, args, account.password, environment, root);
  if (!totpSecret) throw new Error("The operator's command printed no secret.");
  return { ...account, totpSecret };
};

export type Person = {
  call: <T>(procedure: string, input?: unknown) => Promise<T>;
  get: (path: string) => Promise<Response>;
  /** A cookie's value; empty when there is none. */
  cookie: (name: string) => string;
};

/** Signs in as the screens do: password, then code. */
export const signIn = async (url: string, account: Account): Promise<Person> => {
  const cookies = new Map<string, string>();
  const cookie = () => [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const call = async <T>(procedure: string, input?: unknown): Promise<T> => {
    const response = await fetch(`${url}/trpc/${procedure}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Origin: url, Cookie: cookie() },
      ...(input === undefined ? {} : { body: JSON.stringify(input) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split("=");
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    const body = (await response.json()) as { result?: { data: T }; error?: { message: string } };
    if (!response.ok || !body.result) throw new Error(`${procedure}: ${response.status} ${body.error?.message ?? ""}`);
    return body.result.data;
  };
  await call("auth.login", { email: account.email, password: account.password });
  await call("auth.totp", { code: totpCode(account.totpSecret) });
  return {
    call,
    get: (path) => fetch(`${url}${path}`, { headers: { Cookie: cookie() } }),
    cookie: (name) => cookies.get(name) ?? "",
  };
};

/** Reads a counter or gauge of /metrics: the sum over the series whose labels include `labels`. */
export const readMetric = async (url: string, name: string, labels: Record<string, string> = {}): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const series = text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((label) => line.includes(label)));
  if (series.length === 0) throw new Error(`/metrics has no ${name} ${wanted.join(" ")}`);
  return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
};
