/**
 * Whose request it is: the session behind its cookie.
 * Rule: what an application asks by itself says so in a header, and does not count as use of the session.
 */
import type { IncomingMessage } from "node:http";
import type { Central } from "../central.ts";
import type { NewSession, Session, SessionKind } from "../sessions/port.ts";
import { readCookie } from "./cookies.ts";

/** Sent by applications with what nobody pressed a button for. */
const BACKGROUND_HEADER = "x-background";

/**
 * The session of a request: its cookie, its code done, its user enabled.
 * @param use whether the request counts as use, if it does not say itself that it is in the background
 */
export const readSession = async (
  central: Pick<Central, "origins" | "sessions">,
  request: IncomingMessage,
  use: boolean,
): Promise<Session | null> => {
  const id = readCookie(request, "session", central.origins.secure);
  const inUse = use && request.headers[BACKGROUND_HEADER] === undefined;
  const session = id ? await central.sessions.validate(id, inUse) : null;
  return session?.assurance === "password+totp" ? session : null;
};

/** Browsers and systems as people call them; the first that fits. */
const BROWSERS: readonly [RegExp, string][] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "Mac"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

const nameOf = (userAgent: string, names: readonly [RegExp, string][]): string | null =>
  names.find(([pattern]) => pattern.test(userAgent))?.[1] ?? null;

/** What a new session of this request is called until the person gives it a name. */
export const describeDevice = (
  request: IncomingMessage,
  kind: SessionKind,
  ip: string,
): Omit<NewSession, "assurance" | "steppedUp"> => {
  const userAgent = request.headers["user-agent"]?.slice(0, 400) ?? null;
  const browser = nameOf(userAgent ?? "", BROWSERS);
  const system = nameOf(userAgent ?? "", SYSTEMS);
  const device = [browser ?? (kind === "app" ? "App" : "Browser"), system].filter(Boolean).join(" · ");
  return { kind, device, ip, userAgent };
};
