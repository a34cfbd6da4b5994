/**
 * What the address of the access log asks for.
 * Rule: days are the person's own, the last one whole; what is not understood is not asked.
 */
import { LOG_OUTCOMES, type LogOutcome } from "@chaverim/contracts";

/** The filters in the address; `from` and `to` are days, YYYY-MM-DD. */
export type LogSearch = {
  plate?: string | undefined;
  person?: string | undefined;
  action?: string | undefined;
  outcome?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
};

export type LogQuestion = {
  plate?: string;
  userId?: string;
  action?: string;
  outcome?: LogOutcome;
  from?: string;
  to?: string;
};

/** Midnight at the beginning of a day, so many days later; a day of summer time has no 24 hours. */
const midnight = (day: string | undefined, later: number): string | undefined => {
  const at = new Date(`${day ?? ""}T00:00:00`);
  at.setDate(at.getDate() + later);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
};

export const questionOf = (search: LogSearch): LogQuestion => {
  const outcome = LOG_OUTCOMES.find((known) => known === search.outcome);
  const from = midnight(search.from, 0);
  const to = midnight(search.to, 1);
  return {
    ...(search.plate ? { plate: search.plate } : {}),
    ...(search.person ? { userId: search.person } : {}),
    ...(search.action ? { action: search.action } : {}),
    ...(outcome ? { outcome } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
  };
};
