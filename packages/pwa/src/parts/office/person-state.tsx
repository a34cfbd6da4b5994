/**
 * A person's account and training in words, for the list and the person's own page.
 * Rule: shape and word always, colour only for what needs somebody.
 */
import type { PersonView } from "@chaverim/contracts";
import { Show } from "solid-js";
import { now } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { dayOfYear, longMoment, trainingOf } from "../training.ts";

export const PersonState = (props: { person: PersonView }) => (
  <Show
    when={props.person.disabled}
    fallback={
      <Show
        when={props.person.hasAuthenticator}
        fallback={
          <span class="state warn">
            <i class="dot diamond" />
            {w("people.resetWaits")}
          </span>
        }
      >
        <span class="state">
          <i class="dot" />
          {w("people.active")}
        </span>
      </Show>
    }
  >
    {(disabled) => (
      <span class="state quiet">
        <i class="dot hollow" />
        {w("people.disabledSince", { time: longMoment(disabled().at) })}
      </span>
    )}
  </Show>
);

const TONES = { none: "critical", ended: "critical", soon: "warn", valid: "" } as const;

export const TrainingWords = (props: { trainedOn: string | null; validDays: number | undefined }) => {
  const training = () =>
    props.validDays === undefined ? undefined : trainingOf(props.trainedOn, props.validDays, now());
  return (
    <Show when={training()} fallback={props.trainedOn === null ? w("people.untrained") : dayOfYear(props.trainedOn)}>
      {(known) => (
        <span class={TONES[known().state]}>
          <Show when={known().until} fallback={w("people.untrained")}>
            {(until) =>
              w(known().state === "ended" ? "people.trainedEnded" : "people.trainedUntil", { date: dayOfYear(until()) })
            }
          </Show>
        </span>
      )}
    </Show>
  );
};

const isAdmin = ({ role, disabled }: PersonView): boolean => role === "admin" && disabled === null;

/** Says whether a person is the last administrator; whoever waits for a new authenticator has the old one until then. */
export const isLastAdmin = (person: PersonView, people: readonly PersonView[]): boolean =>
  isAdmin(person) && !people.some((other) => other.id !== person.id && isAdmin(other));

/** Says whether a new administrator needs two people: as soon as there are two. */
export const decideTogether = (people: readonly PersonView[]): boolean => people.filter(isAdmin).length >= 2;
