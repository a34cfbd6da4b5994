/**
 * Sessions behind one port: lucia does the bookkeeping, this adapter stores only the hash of a session's id.
 * Rule: the id itself exists in the cookie alone; ending a session takes effect with the next request.
 */
import type { Role, User } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { type Adapter, Lucia, TimeSpan } from "lucia";
import { sha256 } from "../keys.ts";

export type SessionKind = "desktop" | "app";
/** `password` is the five minutes between the password and the code. */
export type Assurance = "password" | "password+totp";

const MINUTE_MS = 60_000;
/** How long a session lives without use, and at most, by kind; an installed app locks itself locally. */
const LIFETIMES: Record<SessionKind | "password", { idleMs: number; absoluteMs: number }> = {
  password: { idleMs: 5 * MINUTE_MS, absoluteMs: 5 * MINUTE_MS },
  desktop: { idleMs: 30 * MINUTE_MS, absoluteMs: 12 * 60 * MINUTE_MS },
  app: { idleMs: 14 * 24 * 60 * MINUTE_MS, absoluteMs: 14 * 24 * 60 * MINUTE_MS },
};
/** A session in use is written at most once a minute. */
const TOUCH_EVERY_MS = MINUTE_MS;

type SessionRow = {
  kind: SessionKind;
  assurance: Assurance;
  ip: string | null;
  userAgent: string | null;
  idleExpiresAt: Date;
  absoluteExpiresAt: Date;
};
type NewSession = Pick<SessionRow, "kind" | "assurance" | "ip" | "userAgent">;

declare module "lucia" {
  interface Register {
    Lucia: Lucia<SessionRow, Omit<User, "id">>;
    DatabaseSessionAttributes: NewSession & Partial<SessionRow>;
    DatabaseUserAttributes: Omit<User, "id">;
  }
}

export type Session = {
  id: string;
  user: User;
  kind: SessionKind;
  assurance: Assurance;
  absoluteExpiresAt: Date;
};

export type Sessions = {
  /** @returns the new session's id, for the cookie, and when it ends at the latest */
  create: (userId: string, session: NewSession) => Promise<{ id: string; maxAgeSeconds: number }>;
  /** The session with this id, or null when there is none, it has ended, or its user is disabled. */
  validate: (id: string) => Promise<Session | null>;
  /** Says whether a session goes on, without counting as use of it. */
  isOpen: (id: string) => Promise<boolean>;
  end: (id: string) => Promise<void>;
};

const lifetimeOf = (session: Pick<SessionRow, "kind" | "assurance">) =>
  LIFETIMES[session.assurance === "password" ? "password" : session.kind];

type JoinedRow = SessionRow & { userId: string; email: string; name: string; role: Role };

const createAdapter = (sql: Sql): Adapter => ({
  getSessionAndUser: async (id) => {
    const [row] = await sql<JoinedRow[]>`
      select s.user_id as "userId", s.kind, s.assurance, s.ip, s.user_agent as "userAgent",
        s.idle_expires_at as "idleExpiresAt", s.absolute_expires_at as "absoluteExpiresAt", u.email, u.name, u.role
      from sessions s join users u on u.id = s.user_id
      where s.id_hash = ${sha256(id)} and u.disabled_at is null and s.absolute_expires_at > now()`;
    if (!row) return [null, null];
    const { userId, email, name, role, ...attributes } = row;
    return [
      { id, userId, expiresAt: row.idleExpiresAt, attributes },
      { id: userId, attributes: { email, name, role } },
    ];
  },
  // Lists are read by the devices screen from the table itself; lucia asks for this only in getUserSessions.
  getUserSessions: () => Promise.resolve([]),
  setSession: async ({ id, userId, attributes }) => {
    const { idleMs, absoluteMs } = lifetimeOf(attributes);
    await sql`insert into sessions (id_hash, user_id, kind, assurance, idle_expires_at, absolute_expires_at, ip, user_agent)
      values (${sha256(id)}, ${userId}, ${attributes.kind}, ${attributes.assurance},
        ${new Date(Date.now() + idleMs)}, ${new Date(Date.now() + absoluteMs)}, ${attributes.ip}, ${attributes.userAgent})`;
  },
  updateSessionExpiration: async (id, expiresAt) => {
    await sql`update sessions set idle_expires_at = least(absolute_expires_at, greatest(idle_expires_at, ${expiresAt}))
      where id_hash = ${sha256(id)}`;
  },
  deleteSession: async (id) => {
    await sql`delete from sessions where id_hash = ${sha256(id)}`;
  },
  deleteUserSessions: async (userId) => {
    await sql`delete from sessions where user_id = ${userId}`;
  },
  deleteExpiredSessions: async () => {
    await sql`delete from sessions where idle_expires_at < now() or absolute_expires_at < now()`;
  },
});

/** Sessions in the database `sql`. */
export const createSessions = (sql: Sql): Sessions => {
  const adapter = createAdapter(sql);
  const lucia = new Lucia(adapter, {
    sessionExpiresIn: new TimeSpan(LIFETIMES.desktop.idleMs / MINUTE_MS, "m"),
    getSessionAttributes: (attributes) => attributes as SessionRow,
    getUserAttributes: ({ email, name, role }) => ({ email, name, role }),
  });
  return {
    create: async (userId, session) => {
      const { id } = await lucia.createSession(userId, session);
      return { id, maxAgeSeconds: lifetimeOf(session).absoluteMs / 1000 };
    },
    validate: async (id) => {
      const { session, user } = await lucia.validateSession(id);
      if (!session) return null;
      const idleEndMs = Date.now() + lifetimeOf(session).idleMs;
      if (idleEndMs - session.idleExpiresAt.getTime() > TOUCH_EVERY_MS)
        await adapter.updateSessionExpiration(id, new Date(idleEndMs));
      return {
        id,
        user: { id: user.id, email: user.email, name: user.name, role: user.role },
        kind: session.kind,
        assurance: session.assurance,
        absoluteExpiresAt: session.absoluteExpiresAt,
      };
    },
    isOpen: async (id) => {
      const [session] = await adapter.getSessionAndUser(id);
      return session !== null && session.expiresAt.getTime() > Date.now();
    },
    end: (id) => lucia.invalidateSession(id),
  };
};
