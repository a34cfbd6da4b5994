/**
 * Changing one's own password.
 * Rule: the old one is asked for, guesses at it are counted, and every other device is signed out.
 */
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import type { Session } from "../sessions/port.ts";
import { checkPassword } from "./password-rules.ts";
import { assertRoom, hashPassword, verifyPassword } from "./passwords.ts";
import { countAttempt, forgetAttempts } from "./throttle.ts";

/**
 * Puts a new password in force.
 * @returns how many other devices were signed out
 * @throws AppError sign_in_failed | invalid | conflict | too_many
 */
export const changePassword = async (
  central: Central,
  { user, deviceId }: Session,
  input: { current: string; next: string },
): Promise<number> => {
  const { sql } = central.database;
  assertRoom();
  // Its own count: whoever holds a session may not use up the attempts of the sign-in screen, nor get new ones there.
  await countAttempt(sql, "change", user.id);
  const [row] = await sql<{ hash: string }[]>`select password_hash as hash from users where id = ${user.id}`;
  if (!row || !(await verifyPassword(row.hash, input.current)))
    throw new AppError("sign_in_failed", "This is not your password. Check it and try again.");
  await forgetAttempts(sql, "change", user.id);
  if (input.next === input.current) throw new AppError("invalid", "The new password is the old one.");
  const { settings } = await central.policy.current();
  checkPassword(input.next, [user.email, user.name, settings.organisation]);
  const next = await hashPassword(input.next);
  const changed = await sql`update users set password_hash = ${next}, password_changed_at = now()
    where id = ${user.id} and password_hash = ${row.hash}`;
  if (changed.count === 0) throw new AppError("conflict", "Your password was changed meanwhile on another device.");
  return central.sessions.revokeAll(user.id, user.id, deviceId);
};
