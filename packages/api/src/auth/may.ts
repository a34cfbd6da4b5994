/**
 * Decides whether a signed-in person may do what a procedure or route is for.
 * Rule: the access table decides; what it leaves to the policy (purpose, training, budget) is asked here and nowhere else.
 */
import { type ProcedureName, type RouteName, STEP_UP_MS, accessOf, can } from "@chaverim/contracts";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import type { Session } from "../sessions/port.ts";
import { assertBudget } from "./budget.ts";

/** @throws AppError signed_out */
export const assertSignedIn = (session: Session | null): Session => {
  if (!session) throw new AppError("signed_out", "You are signed out. Sign in again to go on.");
  return session;
};

/** Says whether a code from the authenticator was given within the last five minutes. */
export const isSteppedUp = ({ stepUpAt }: Session): boolean =>
  stepUpAt !== null && Date.now() - stepUpAt.getTime() < STEP_UP_MS;

const DAY_MS = 24 * 3_600_000;

/** The last day on which a training counts, YYYY-MM-DD; null when there was none. */
export const trainedUntil = (trainedOn: string | null, validDays: number): string | null =>
  trainedOn && new Date(Date.parse(trainedOn) + validDays * DAY_MS).toISOString().slice(0, 10);

/**
 * Refuses a look that the policy closes to this person.
 * @throws AppError training_needed | purpose_needed | budget_spent
 */
export const assertLookAllowed = async (
  central: Central,
  name: ProcedureName | RouteName,
  session: Session,
): Promise<void> => {
  const { settings } = await central.policy.current();
  const until = trainedUntil(session.user.trainedOn, settings.training.validDays);
  if (until === null || until < new Date().toISOString().slice(0, 10))
    throw new AppError(
      "training_needed",
      "Your training is missing or too old, so searching is closed. An administrator enters the day of your next training.",
    );
  if (settings.purpose.requiredFor.includes(session.user.role) && !session.investigation)
    throw new AppError("purpose_needed", "Say first what you are looking for: the purpose is kept with every look.");
  if (name === "detections.search") await assertBudget(central, session.user);
};

/**
 * Refuses whoever may not.
 * @throws AppError too_many | forbidden | step_up_needed | training_needed | purpose_needed | budget_spent
 */
export const assertMay = async (central: Central, name: ProcedureName | RouteName, session: Session): Promise<void> => {
  const { needs, limit, stepUp, purpose } = accessOf(name);
  const { user } = session;
  if (needs === "collector_key" || needs === "password" || needs === "public")
    throw new Error(`${name} is not for people`);
  // First of all: what is refused is written down, too.
  if (limit) await central.limits.consume(limit, user.id);
  if (needs !== "signed_in" && !can(user.role, needs))
    throw new AppError("forbidden", "Your role does not include this. An administrator can change it.");
  if (stepUp && !isSteppedUp(session))
    throw new AppError("step_up_needed", "Confirm with a code from your authenticator that it is you.");
  if (purpose) await assertLookAllowed(central, name, session);
};
