/**
 * People for tests: accounts, and browsers that keep cookies and send what a browser sends.
 * Rule: signing in is done with the real password and a real code, over HTTP.
 */
import { randomUUID } from "node:crypto";
import { type FailureCode, INVESTIGATION_MS, type Role, type User } from "@chaverim/contracts";
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

export type TestUser = User & { password: string; totpSecret: Buffer };
export type UserOverrides = Partial<Pick<User, "email" | "area" | "trainedOn">>;

const PASSWORD = "a long enough passphrase";
let hashed: Promise<string> | undefined;
/** Made once for all people of a test file: a hash takes as long as it is meant to. */
const passwordHash = (): Promise<string> => (hashed ??= hashPassword(PASSWORD));

/** An account of its own, made in the database: trained today, for every area. */
export const aUser = async (central: Central, role: Role, overrides: UserOverrides = {}): Promise<TestUser> => {
  const totpSecret = createTotpSecret();
  const person = {
    email: `${role}-${randomUUID()}@example.org`,
    name: `A ${role}`,
    role,
    area: null,
    trainedOn: new Date().toISOString().slice(0, 10),
    ...overrides,
  };
  const [made] = await central.database.orm
    .insert(users)
    .values({ ...person, passwordHash: await passwordHash(), totpSecret: central.keys.seal(totpSecret) })
    .returning({ id: users.id });
  if (!made) throw new Error("the account was not made");
  return { id: made.id, ...person, password: PASSWORD, totpSecret };
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
 * @param userAgent what it says that it is
 */
export const openBrowser = (url: string, origin: string = url, userAgent?: string): Browser => {
  const cookies = new Map<string, string>();
  const setCookies: string[] = [];
  const headers = () => ({
    Origin: origin,
    ...(userAgent ? { "User-Agent": userAgent } : {}),
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

/** States a purpose for the browser's session, as the screens do before the first search. */
export const statePurpose = async (central: Central, browser: Browser): Promise<void> => {
  const { user, deviceId } = await browser.trpc.auth.me.query();
  await central.database.sql`insert into investigations (user_id, session_id, code, text, expires_at)
    values (${user.id}, ${deviceId}, 'stolen_vehicle', 'Told by the owner', ${new Date(Date.now() + INVESTIGATION_MS)})`;
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
