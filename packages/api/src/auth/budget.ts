/**
 * The looks that a viewer may take in a day.
 * Rule: counted from the access log, so that no restart and no second device gives a new budget.
 */
import type { User } from "@chaverim/contracts";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";

/** When the day began in a time zone. */
const dayBeganSql = (central: Pick<Central, "database">, timeZone: string) =>
  central.database.sql`date_trunc('day', now() at time zone ${timeZone}) at time zone ${timeZone}`;

/** Looks that are left to a person today; null for roles without a budget. */
export const looksLeft = async (central: Pick<Central, "database" | "policy">, user: User): Promise<number | null> => {
  if (user.role !== "viewer") return null;
  const { settings } = await central.policy.current();
  const [row] = await central.database.sql<{ taken: number }[]>`
    select count(*)::int as taken from access_log
    where user_id = ${user.id} and action = 'detections.search' and outcome = 'ok'
      -- Ids rise with time: the day's first one keeps the count off the years before.
      and id >= coalesce((select min(id) from access_log where at >= ${dayBeganSql(central, settings.timeZone)}), 0)
      and at >= ${dayBeganSql(central, settings.timeZone)}`;
  return Math.max(0, settings.viewer.dailyLooks - (row?.taken ?? 0));
};

/** @throws AppError budget_spent */
export const assertBudget = async (central: Pick<Central, "database" | "policy">, user: User): Promise<void> => {
  const left = await looksLeft(central, user);
  if (left === 0) throw new AppError("budget_spent", "Today's plate checks are used up. Dispatch can look for you.");
};
