/**
 * The three cookies: the session, the five minutes between password and code, and the device that is known.
 * Rule: HttpOnly and SameSite=Lax always; `__Host-` and Secure whenever the public address is https.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

/** Each cookie and the shape that we set; anything else was not set by us. */
const SHAPES = {
  /** An id of 25 bytes in base32. */
  session: /^[a-z0-9]{40}$/,
  signin: /^[a-z0-9]{40}$/,
  /** 16 bytes of nonce and 32 of MAC in base64url. */
  device: /^[\w-]{22}\.[\w-]{43}$/,
} as const;
export type CookieName = keyof typeof SHAPES;

const fullName = (name: CookieName, secure: boolean): string => (secure ? `__Host-${name}` : name);

/** Reads one cookie of a request; null when it is absent or not of the shape that we set. */
export const readCookie = (request: IncomingMessage, name: CookieName, secure: boolean): string | null => {
  const wanted = `${fullName(name, secure)}=`;
  for (const pair of (request.headers.cookie ?? "").split(/; */)) {
    if (!pair.startsWith(wanted)) continue;
    const value = pair.slice(wanted.length);
    return SHAPES[name].test(value) ? value : null;
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
