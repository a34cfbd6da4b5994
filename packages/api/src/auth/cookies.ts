/**
 * The two cookies: the session, and the five minutes between password and code.
 * Rule: HttpOnly and SameSite=Lax always; `__Host-` and Secure whenever the public address is https.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

export type CookieName = "session" | "signin";

const fullName = (name: CookieName, secure: boolean): string => (secure ? `__Host-${name}` : name);

/** Reads one cookie of a request; null when it is absent or not of the shape that we set. */
export const readCookie = (request: IncomingMessage, name: CookieName, secure: boolean): string | null => {
  const wanted = `${fullName(name, secure)}=`;
  for (const pair of (request.headers.cookie ?? "").split(/; */)) {
    if (!pair.startsWith(wanted)) continue;
    const value = pair.slice(wanted.length);
    // lucia's ids: 40 characters of base32; anything else was not set by us.
    return /^[a-z0-9]{40}$/.test(value) ? value : null;
  }
  return null;
};

/** Sets a cookie, or clears it when `value` is null. */
export const writeCookie = (
  response: ServerResponse,
  name: CookieName,
  secure: boolean,
  cookie: { value: string; maxAgeSeconds: number } | null,
): void => {
  const parts = [
    `${fullName(name, secure)}=${cookie?.value ?? ""}`,
    "Path=/",
    "HttpOnly",
    "SameSite=Lax",
    `Max-Age=${cookie?.maxAgeSeconds ?? 0}`,
  ];
  if (secure) parts.push("Secure");
  response.appendHeader("Set-Cookie", parts.join("; "));
};
