/**
 * Why looking at plates is closed to somebody now, and what opens it: a purpose, a training, tomorrow.
 * Rule: calm and whole: these are the organisation's rules, not faults.
 */
import CalendarClock from "lucide-solid/icons/calendar-clock";
import GraduationCap from "lucide-solid/icons/graduation-cap";
import Target from "lucide-solid/icons/target";
import { Match, Switch } from "solid-js";
import { ask } from "../../asking.ts";
import { now } from "../../clock.ts";
import { w } from "../../i18n/account.ts";
import { local } from "../../session.ts";
import type { Trouble } from "../../trpc.ts";
import { Notice } from "../states.tsx";

export type Closed = "training_needed" | "budget_spent" | "purpose_needed";

/** What is known before anything is asked; an untrained person is not asked for a purpose first. */
export const closedBefore = (): "training_needed" | "budget_spent" | null => {
  const { trainedUntil, looksLeft } = local().facts();
  if (trainedUntil === null || (trainedUntil && trainedUntil < new Date(now()).toISOString().slice(0, 10)))
    return "training_needed";
  return looksLeft === 0 ? "budget_spent" : null;
};

/** The same as told by central. */
export const closedBy = (trouble: Trouble | undefined): Closed | null =>
  trouble?.code === "training_needed" || trouble?.code === "budget_spent" || trouble?.code === "purpose_needed"
    ? trouble.code
    : null;

/** @param onSaid called after the purpose was said */
export const LookClosed = (props: { why: Closed; onSaid: () => void }) => (
  <Switch>
    <Match when={props.why === "training_needed"}>
      <Notice
        icon={<GraduationCap aria-hidden="true" />}
        title={(local().facts().trainedUntil ?? null) === null ? w("closed.untrained") : w("closed.trainingEnded")}
        text={w("closed.trainingNext")}
      />
    </Match>
    <Match when={props.why === "budget_spent"}>
      <Notice icon={<CalendarClock aria-hidden="true" />} title={w("closed.spent")} text={w("closed.spentNext")} />
    </Match>
    <Match when={props.why === "purpose_needed"}>
      <Notice
        icon={<Target aria-hidden="true" />}
        title={w("closed.purpose")}
        text={w("closed.purposeNext")}
        action={
          <button
            type="button"
            class="button primary"
            onClick={() => void ask("purpose").then((said) => said && props.onSaid())}
          >
            {w("purpose.say")}
          </button>
        }
      />
    </Match>
  </Switch>
);
