/**
 * What somebody is looking for: stated once, and attached to each look until it is closed.
 * Rule: one open investigation a session; it ends with the session at the latest.
 */
import { INVESTIGATION_MS, type Investigation } from "@chaverim/contracts";
import type { Transaction } from "@chaverim/db/open";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import type { Session } from "../sessions/port.ts";

export type Purpose = { code: string; text?: string | undefined; caseNumber?: string | undefined };

/** @throws AppError invalid when the policy in force does not know the purpose, or asks for a case number with it */
const checkPurpose = async ({ policy }: Pick<Central, "policy">, purpose: Purpose): Promise<void> => {
  const { settings } = await policy.current();
  const known = settings.purpose.codes.find(({ code }) => code === purpose.code);
  if (!known) throw new AppError("invalid", "This purpose is no longer in the policy. Choose another one.");
  if (known.needsCase && !purpose.caseNumber) throw new AppError("invalid", `"${known.label}" needs a case number.`);
  if (!purpose.text && !purpose.caseNumber)
    throw new AppError("invalid", "Say in a few words what you are looking for, or give a case number.");
};

const closeOpen = (transaction: Transaction, sessionId: string) =>
  transaction`update investigations set closed_at = now() where session_id = ${sessionId} and closed_at is null`;

type Row = Omit<Investigation, "openedAt" | "expiresAt"> & { openedAt: Date; expiresAt: Date };

/**
 * Opens an investigation for a session and closes the one that was open.
 * @throws AppError invalid
 */
export const openInvestigation = async (
  central: Pick<Central, "database" | "policy">,
  session: Session,
  purpose: Purpose,
): Promise<Investigation> => {
  await checkPurpose(central, purpose);
  const expiresAt = new Date(Math.min(Date.now() + INVESTIGATION_MS, session.absoluteExpiresAt.getTime()));
  const opened = await central.database.sql.begin(async (transaction) => {
    // Two at the same moment: the later one waits, and then closes the earlier one.
    await transaction`select 1 from sessions where id = ${session.deviceId} for update`;
    await closeOpen(transaction, session.deviceId);
    const [row] = await transaction<Row[]>`
      insert into investigations (user_id, session_id, code, text, case_number, expires_at)
      values (${session.user.id}, ${session.deviceId}, ${purpose.code}, ${purpose.text ?? null}, ${purpose.caseNumber ?? null},
        ${expiresAt})
      returning id, code, text, case_number as "caseNumber", opened_at as "openedAt", expires_at as "expiresAt"`;
    return row;
  });
  if (!opened) throw new Error("the investigation was not stored");
  return { ...opened, openedAt: opened.openedAt.toISOString(), expiresAt: opened.expiresAt.toISOString() };
};

/** Closes a session's investigation, if one is open. */
export const closeInvestigation = (central: Pick<Central, "database">, session: Session): Promise<void> =>
  central.database.sql.begin(async (transaction) => void (await closeOpen(transaction, session.deviceId)));
