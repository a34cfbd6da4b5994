/**
 * Sessions kept by lucia, through an adapter that stores only the hash of a session's id.
 * Rule: what lucia does not know of (rotation, revocation, step-up) goes to the rows directly, as in plain-sessions.ts.
 */
import type { Sql } from "@chaverim/db/open";
import { type Adapter, Lucia, TimeSpan, generateIdFromEntropySize } from "lucia";
import type { Policy } from "../policy/policy.ts";
import type { NewSession, Sessions } from "./port.ts";
import {
  type SessionRow,
  deleteOldSessions,
  deleteSession,
  findSession,
  insertSession,
  lifetimeOf,
  postponedEnd,
  readLifetimes,
  revokeSessions,
  rotateSession,
  rowToSession,
  secondsUntil,
  touchSession,
  userOfDevice,
  withEnds,
} from "./rows.ts";

/** 25 bytes, 40 characters: what lucia makes by itself. */
const ID_BYTES = 25;

declare module "lucia" {
  interface Register {
    Lucia: Lucia<{ row: SessionRow | undefined }>;
    DatabaseSessionAttributes: NewSession & { row?: SessionRow };
    DatabaseUserAttributes: object;
  }
}

const createAdapter = (sql: Sql, policy: Policy): Adapter => ({
  getSessionAndUser: async (id) => {
    const found = await findSession(sql, { id });
    if (!found) return [null, null];
    const row = withEnds(found, lifetimeOf(await readLifetimes(policy), found));
    const { kind, assurance, device } = row;
    return [
      {
        id,
        userId: row.userId,
        expiresAt: row.idleExpiresAt,
        attributes: { kind, assurance, device, steppedUp: row.stepUpAt !== null, ip: null, userAgent: null, row },
      },
      { id: row.userId, attributes: {} },
    ];
  },
  // Devices are listed from the rows themselves; lucia asks for this only in getUserSessions.
  getUserSessions: () => Promise.resolve([]),
  setSession: async ({ id, userId, attributes }) => {
    await insertSession(sql, id, userId, attributes, lifetimeOf(await readLifetimes(policy), attributes));
  },
  updateSessionExpiration: (id, expiresAt) => touchSession(sql, id, expiresAt),
  deleteSession: (id) => deleteSession(sql, id),
  deleteUserSessions: async (userId) => void (await revokeSessions(sql, userId, null, { except: null })),
  deleteExpiredSessions: () => deleteOldSessions(sql),
});

/** Sessions in the database `sql`, kept by lucia. */
export const createLuciaSessions = (sql: Sql, policy: Policy): Sessions => {
  const adapter = createAdapter(sql, policy);
  const lucia = new Lucia(adapter, {
    // No sliding by lucia's own rule, which would count every question as use: the adapter sets each session's end.
    sessionExpiresIn: new TimeSpan(0, "s"),
    // Absent in what createSession returns: the row is only just being written.
    getSessionAttributes: ({ row }) => ({ row }),
  });
  return {
    create: async (userId, session) => {
      const { id } = await lucia.createSession(userId, session);
      return { id, maxAgeSeconds: lifetimeOf(await readLifetimes(policy), session).absoluteMs / 1000 };
    },
    validate: async (id, use) => {
      const { session } = await lucia.validateSession(id);
      if (!session?.row) return null;
      const { row } = session;
      const idleExpiresAt = use ? postponedEnd(row, lifetimeOf(await readLifetimes(policy), row)) : null;
      if (!idleExpiresAt) return rowToSession(id, row);
      await adapter.updateSessionExpiration(id, idleExpiresAt);
      return rowToSession(id, { ...row, idleExpiresAt });
    },
    userOfDevice: (deviceId) => userOfDevice(sql, policy, deviceId),
    stepUp: async (id) => {
      const next = generateIdFromEntropySize(ID_BYTES);
      const endsAt = await rotateSession(sql, id, next);
      return endsAt && { id: next, maxAgeSeconds: secondsUntil(endsAt) };
    },
    end: (id) => lucia.invalidateSession(id),
    revoke: async (deviceId, userId, by) => (await revokeSessions(sql, userId, by, { only: deviceId })) === 1,
    revokeAll: (userId, by, except) => revokeSessions(sql, userId, by, { except: except ?? null }),
  };
};
