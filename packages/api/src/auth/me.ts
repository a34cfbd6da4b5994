/**
 * What a person's own screens need to know of them.
 * Rule: read often and by every open screen, so it is one round to the database.
 */
import { type Me, STEP_UP_MS, type Notice } from "@chaverim/contracts";
import type { Central } from "../central.ts";
import type { Session } from "../sessions/port.ts";
import { looksLeft } from "./budget.ts";
import { isSteppedUp, trainedUntil } from "./may.ts";

type Row = { codes: number; reviews: number; notices: Notice[] | null };

/** Reads it all for one session. */
export const readMe = async (central: Central, session: Session): Promise<Me> => {
  const { user } = session;
  const [{ settings }, left, [row]] = await Promise.all([
    central.policy.current(),
    looksLeft(central, user),
    central.database.sql<Row[]>`
      select (select count(*)::int from recovery_codes where user_id = ${user.id} and used_at is null) as codes,
        (select count(*)::int from reviews where assigned_to = ${user.id} and decided_at is null) as reviews,
        (select jsonb_agg(jsonb_build_object('id', id, 'kind', kind, 'at', created_at, 'by', detail ->> 'by') order by created_at desc)
          from notices where user_id = ${user.id} and dismissed_at is null
            and detail ->> 'deviceId' is distinct from ${session.deviceId}) as notices`,
  ]);
  return {
    user,
    deviceId: session.deviceId,
    expiresAt: session.absoluteExpiresAt.toISOString(),
    idleExpiresAt: session.idleExpiresAt.toISOString(),
    stepUpUntil:
      session.stepUpAt && isSteppedUp(session) ? new Date(session.stepUpAt.getTime() + STEP_UP_MS).toISOString() : null,
    investigation: session.investigation,
    trainedUntil: trainedUntil(user.trainedOn, settings.training.validDays),
    looksLeft: left,
    recoveryCodesLeft: row?.codes ?? 0,
    notices: row?.notices ?? [],
    reviewsWaiting: row?.reviews ?? 0,
  };
};
