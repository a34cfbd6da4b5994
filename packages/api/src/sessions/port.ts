/**
 * Sessions as the rest of central knows them; lucia-sessions.ts and plain-sessions.ts are the two ways to keep them.
 * Rule: the id itself exists in the cookie alone; ending a session takes effect with the next request.
 */
import type { Investigation, User } from "@chaverim/contracts";

export type SessionKind = "desktop" | "app";
/** `password` is the five minutes between the password and the code. */
export type Assurance = "password" | "password+totp";

export type NewSession = {
  kind: SessionKind;
  assurance: Assurance;
  /** A code from the authenticator was given just now: it counts as a step-up. A recovery code does not. */
  steppedUp: boolean;
  /** Derived from the browser; the person can rename it. */
  device: string;
  ip: string | null;
  userAgent: string | null;
};

export type Session = {
  /** The secret of the cookie. */
  id: string;
  /** Names the session in lists and in the access log; the same before and after a rotation. */
  deviceId: string;
  device: string;
  user: User;
  kind: SessionKind;
  assurance: Assurance;
  /** When a code from the authenticator was last given; null when the id is one that was rotated away. */
  stepUpAt: Date | null;
  idleExpiresAt: Date;
  absoluteExpiresAt: Date;
  /** What the person is looking for, while an investigation is open. */
  investigation: Investigation | null;
};

export type SessionLifetimes = Record<SessionKind | "password", { idleMs: number; absoluteMs: number }>;

export type Sessions = {
  /** @returns the new session's id, for the cookie, and when it ends at the latest */
  create: (userId: string, session: NewSession) => Promise<{ id: string; maxAgeSeconds: number }>;
  /**
   * The session with this id, or null when there is none, it has ended, or its user is disabled.
   * @param use counts as use of it, and so postpones its end; what an application asks by itself does not
   */
  validate: (id: string, use: boolean) => Promise<Session | null>;
  /** Who is signed in at a device now, as `validate` would say; for what lasts longer than one request and its id. */
  userOfDevice: (deviceId: string) => Promise<User | null>;
  /**
   * Gives a session a new id after a step-up. The old one goes on for ten seconds, for requests that are under way, and
   * no longer counts as stepped up.
   * @returns null when the session has ended meanwhile
   */
  stepUp: (id: string) => Promise<{ id: string; maxAgeSeconds: number } | null>;
  /** Signs a device out; its row goes. */
  end: (id: string) => Promise<void>;
  /** Ends a device from elsewhere; its row stays for the list of devices. @returns false when there is no open one */
  revoke: (deviceId: string, userId: string, by: string) => Promise<boolean>;
  /** Ends all of a person's devices, but for one. @returns how many */
  revokeAll: (userId: string, by: string | null, exceptDeviceId?: string) => Promise<number>;
};
