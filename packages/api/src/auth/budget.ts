/**
 * The looks that a viewer may take in a day.
 * Rule: counted from the access log, so that no restart, no second device and no crowd of requests gives a new budget.
 */
import type { User } from "@chaverim/contracts";
import type { Queryable } from "@chaverim/db/open";
import { type LogEntry, appendEntry, insertEntry } from "../audit/append.ts";
import { appendRefusal } from "../audit/looks.ts";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import type { PolicyInForce } from "../policy/policy.ts";

const spent = () => new AppError("budget_spent", "Today's plate checks are used up. Dispatch can look for you.");

/** Counts today's looks: a range of the index access_log_budget, whose condition is spelled out here. */
export const looksTaken = (sql: Queryable, { settings: { timeZone } }: PolicyInForce, user: User) => {
  const dayBegan = sql`date_trunc('day', now() at time zone ${timeZone}) at time zone ${timeZone}`;
  return sql<{ taken: number }[]>`
    select count(*)::int as taken from access_log
    where user_id = ${user.id} and at >= ${dayBegan} and action = 'detections.search' and outcome = 'ok'`;
};

const countLeft = async (sql: Queryable, policy: PolicyInForce, user: User): Promise<number> => {
  const [row] = await looksTaken(sql, policy, user);
  return Math.max(0, policy.settings.viewer.dailyLooks - (row?.taken ?? 0));
};

/** Looks that are left to a person today; null for roles without a budget. */
export const looksLeft = async (central: Pick<Central, "database" | "policy">, user: User): Promise<number | null> =>
  user.role === "viewer" ? countLeft(central.database.sql, await central.policy.current(), user) : null;

/**
 * Refuses before anything is looked up; `appendLook` has the last word.
 * @throws AppError budget_spent
 */
export const assertBudget = async (central: Pick<Central, "database" | "policy">, user: User): Promise<void> => {
  if ((await looksLeft(central, user)) === 0) throw spent();
};

/**
 * Writes a look down before its answer leaves. One that counts against a budget waits for those of the same person that
 * came before it, in whichever process, and is refused when they were the last.
 * @throws AppError budget_spent
 */
export const appendLook = async (central: Central, look: LogEntry): Promise<void> => {
  const user = look.who?.user;
  if (user?.role !== "viewer" || look.action !== "detections.search") return appendEntry(central, look);
  // Known before the transaction: whoever holds the lock must need no other connection than its own.
  const policy = await central.policy.current();
  const taken = await central.database.sql.begin(async (transaction) => {
    await transaction`select pg_advisory_xact_lock(hashtext('chaverim.budget'), hashtext(${user.id}))`;
    if ((await countLeft(transaction, policy, user)) === 0) return false;
    await insertEntry(transaction, policy, look);
    return true;
  });
  if (taken) return;
  const { shown: _, ...asked } = look;
  await appendRefusal(central, asked, spent());
  throw spent();
};
