/**
 * People for tests: accounts, and browsers that keep cookies and send what a browser sends.
 * Rule: signing in is done with the real password and a real code, over HTTP.
 */
import { randomUUID } from "node:crypto";
import type { FailureCode, Role } from "@chaverim/contracts";
import { users } from "@chaverim/db/schema";
import { generateTOTP } from "@oslojs/otp";
import {
  TRPCClientError,
  type TRPCClient,
  createTRPCClient,
  createWSClient,
  httpLink,
  splitLink,
  wsLink,
} from "@trpc/client";
import { WebSocket } from "ws";
import { hashPassword } from "../auth/passwords.ts";
import { createTotpSecret } from "../auth/totp.ts";
import type { Central } from "../central.ts";
import type { AppRouter } from "../router.ts";

export type TestUser = { id: string; email: string; name: string; role: Role; password: string; totpSecret: Buffer };

const PASSWORD = "a long enough passphrase";

/** An account of its own, made in the database. */
export const aUser = async (central: Central, role: Role, overrides: { email?: string } = {}): Promise<TestUser> => {
  const totpSecret = createTotpSecret();
  const email = overrides.email ?? `${role}-${randomUUID()}@example.org`;
  const name = `A ${role}`;
  const [made] = await central.database.orm
    .insert(users)
    .values({
      email,
      name,
      role,
      trainedOn: new Date().toISOString().slice(0, 10),
      passwordHash: await hashPassword(PASSWORD),
      totpSecret: central.keys.seal(totpSecret),
    })
    .returning({ id: users.id });
  if (!made) throw new Error("the account was not made");
  return { id: made.id, email, name, role, password: PASSWORD, totpSecret };
};

/** The code that an authenticator app shows now. */
export const codeOf = (secret: Uint8Array): string => generateTOTP(secret, 30, 6);

export type Browser = AsyncDisposable & {
  url: string;
  /** By full name, e.g. `session`. */
  cookies: Map<string, string>;
  /** The last Set-Cookie lines as they came. */
  setCookies: string[];
  /** HTTP with this browser's cookies and Origin. */
  fetch: (path: string, init?: RequestInit) => Promise<Response>;
  /** One procedure by its name, as a raw HTTP request: {status, body}. */
  call: (procedure: string, input?: unknown) => Promise<{ status: number; body: unknown }>;
  trpc: TRPCClient<AppRouter>;
  /** Headers of a request of this browser. */
  headers: () => Record<string, string>;
};

const wsUrl = (url: string): string => `${url.replace("http", "ws")}/trpc`;

/**
 * Opens a browser without a session on central at `url`.
 * @param origin what stands in its address bar, when a proxy is in front
 */
export const openBrowser = (url: string, origin: string = url): Browser => {
  const cookies = new Map<string, string>();
  const setCookies: string[] = [];
  const headers = () => ({
    Origin: origin,
    ...(cookies.size > 0 ? { Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") } : {}),
  });
  const keepCookies = (response: Response): Response => {
    const lines = response.headers.getSetCookie();
    if (lines.length > 0) setCookies.splice(0, setCookies.length, ...lines);
    for (const line of lines) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split("=");
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
  const request = async (address: string, init: RequestInit = {}): Promise<Response> =>
    keepCookies(
      await fetch(address, { ...init, headers: { ...headers(), ...(init.headers as Record<string, string>) } }),
    );
  // ws takes headers, which a browser would add by itself.
  const Socket = class extends WebSocket {
    constructor(address: string | URL) {
      super(address, { headers: headers() });
    }
  };
  const sockets = createWSClient({
    url: wsUrl(url),
    WebSocket: Socket as unknown as typeof globalThis.WebSocket,
    lazy: { enabled: true, closeMs: 0 },
    retryDelayMs: () => 50,
  });
  return {
    url,
    cookies,
    setCookies,
    headers,
    fetch: (path, init) => request(`${url}${path}`, init),
    call: async (procedure, input) => {
      const response = await request(`${url}/trpc/${procedure}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(input ?? {}),
      });
      return { status: response.status, body: await response.json() };
    },
    trpc: createTRPCClient<AppRouter>({
      links: [
        splitLink({
          condition: ({ type }) => type === "subscription",
          true: wsLink({ client: sockets }),
          false: httpLink({
            url: `${url}/trpc`,
            methodOverride: "POST",
            fetch: (address, init) => request(String(address), init as RequestInit),
          }),
        }),
      ],
    }),
    [Symbol.asyncDispose]: async () => sockets.close(),
  };
};

/** Signs `user` in with password and code. */
export const signInAs = async (browser: Browser, user: TestUser, installed = false): Promise<Browser> => {
  await browser.trpc.auth.login.mutate({ email: user.email, password: user.password });
  await browser.trpc.auth.totp.mutate({ code: codeOf(user.totpSecret), installed });
  return browser;
};

/** The code of the failure that a tRPC call ends with; "ok" when it does not fail. */
export const failureOf = async (call: Promise<unknown>): Promise<FailureCode | "ok" | "no failure body"> => {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (!(error instanceof TRPCClientError)) throw error;
    return (error as TRPCClientError<AppRouter>).data?.failure?.code ?? "no failure body";
  }
};
