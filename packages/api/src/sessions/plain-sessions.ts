/**
 * Sessions without lucia, which gets no more releases: the same port on the same rows.
 * Rule: passes the same contract as lucia-sessions.ts, so that open-central.ts may use either and nobody is signed out.
 */
import { randomBytes } from "node:crypto";
import type { Sql } from "@chaverim/db/open";
import { encodeBase32LowerCaseNoPadding } from "@oslojs/encoding";
import type { Policy } from "../policy/policy.ts";
import type { Session, Sessions } from "./port.ts";
import {
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

/** 200 random bits: 40 characters, as the cookies of lucia's sessions have. */
const ID_BYTES = 25;

const createId = (): string => encodeBase32LowerCaseNoPadding(randomBytes(ID_BYTES));

/** Sessions in the database `sql`. */
export const createPlainSessions = (sql: Sql, policy: Policy): Sessions => ({
  create: async (userId, session) => {
    const id = createId();
    const lifetime = lifetimeOf(await readLifetimes(policy), session);
    await insertSession(sql, id, userId, session, lifetime);
    return { id, maxAgeSeconds: lifetime.absoluteMs / 1000 };
  },
  validate: async (id, use): Promise<Session | null> => {
    const found = await findSession(sql, { id });
    if (!found) return null;
    const lifetime = lifetimeOf(await readLifetimes(policy), found);
    const row = withEnds(found, lifetime);
    if (row.idleExpiresAt.getTime() <= Date.now()) {
      await deleteSession(sql, id);
      return null;
    }
    const idleExpiresAt = use ? postponedEnd(row, lifetime) : null;
    if (!idleExpiresAt) return rowToSession(id, row);
    await touchSession(sql, id, idleExpiresAt);
    return rowToSession(id, { ...row, idleExpiresAt });
  },
  userOfDevice: (deviceId) => userOfDevice(sql, policy, deviceId),
  stepUp: async (id) => {
    const next = createId();
    const endsAt = await rotateSession(sql, id, next);
    return endsAt && { id: next, maxAgeSeconds: secondsUntil(endsAt) };
  },
  end: (id) => deleteSession(sql, id),
  revoke: async (deviceId, userId, by) => (await revokeSessions(sql, userId, by, { only: deviceId })) === 1,
  revokeAll: (userId, by, except) => revokeSessions(sql, userId, by, { except: except ?? null }),
});
