/**
 * People: who has an account, what they may do, how long their training counts, and who is invited.
 * Rule: the list is a look and is written down, so it is asked once and again only after a change.
 */
import type { InvitationView, PersonView } from "@chaverim/contracts";
import { A, useNavigate } from "@solidjs/router";
import UserPlus from "lucide-solid/icons/user-plus";
import { For, Match, Show, Switch, createSignal } from "solid-js";
import { momentLabel } from "../clock.ts";
import { w } from "../i18n/office.ts";
import { t } from "../i18n/words.ts";
import { tellTrouble } from "../parts/attempt.ts";
import { InviteForm } from "../parts/office/invite-form.tsx";
import { createOnline } from "../parts/online.ts";
import { Approvals } from "../parts/office/person-approvals.tsx";
import { PersonState, TrainingWords, decideTogether } from "../parts/office/person-state.tsx";
import { Screen } from "../parts/screen.tsx";
import { NoPermission, Shapes, TroubleNotice } from "../parts/states.tsx";
import { longMoment } from "../parts/training.ts";
import { showToast } from "../parts/toasts.tsx";
import { mayI, user } from "../session.ts";
import { trpc } from "../trpc.ts";
import "../styles/office.css";
import "../styles/people.css";

const HEADS = [
  "people.name",
  "people.role",
  "people.area",
  "people.training",
  "people.lastSeen",
  "people.devices",
  "people.state",
] as const;

const PersonRow = (props: { person: PersonView; validDays: number | undefined }) => {
  const navigate = useNavigate();
  const href = () => `/people/${props.person.id}`;
  return (
    <tr classList={{ disabled: props.person.disabled !== null }} onClick={() => navigate(href())}>
      <th scope="row">
        <A class="person-link" href={href()}>
          <bdi>{props.person.name}</bdi>
        </A>
        <Show when={props.person.id === user()?.id}>
          <span class="quiet"> · {w("people.you")}</span>
        </Show>
        <span class="person-email quiet" dir="ltr">
          {props.person.email}
        </span>
      </th>
      <td data-label={w("people.role")}>{t(`me.role.${props.person.role}`)}</td>
      <td data-label={w("people.area")}>
        <Show when={props.person.area} fallback={<span class="quiet">{w("office.everywhere")}</span>}>
          {(area) => <bdi>{area()}</bdi>}
        </Show>
      </td>
      <td data-label={w("people.training")}>
        <TrainingWords trainedOn={props.person.trainedOn} validDays={props.validDays} />
      </td>
      <td data-label={w("people.lastSeen")}>
        {props.person.lastSeenAt === null ? (
          <span class="quiet">{w("people.never")}</span>
        ) : (
          longMoment(props.person.lastSeenAt)
        )}
      </td>
      <td class="number" data-label={w("people.devices")}>
        {props.person.devices}
      </td>
      <td class="cell-state">
        <PersonState person={props.person} />
      </td>
    </tr>
  );
};

const InvitationRow = (props: { invitation: InvitationView; onCancel: () => void }) => (
  <tr class="invited">
    <th scope="row">
      <bdi>{props.invitation.name}</bdi>
      <span class="person-email quiet" dir="ltr">
        {props.invitation.email}
      </span>
    </th>
    <td data-label={w("people.role")}>{t(`me.role.${props.invitation.role}`)}</td>
    <td class="cell-invited" colspan="4" />
    <td class="cell-state">
      <span class="state accent">
        <i class="dot hollow" />
        {w("people.invitedUntil", { time: momentLabel(props.invitation.expiresAt) })}
      </span>
      <button
        type="button"
        class="button"
        aria-label={w("people.cancelInvitationOf", { name: props.invitation.name })}
        onClick={() => props.onCancel()}
      >
        {w("people.cancelInvitation")}
      </button>
    </td>
  </tr>
);

export default function PeopleScreen() {
  const question = () => (mayI("manage_people") ? "all" : null);
  const people = createOnline(question, (_all, signal) => trpc.users.list.query(undefined, { signal }));
  const policy = createOnline(question, (_all, signal) => trpc.policy.read.query(undefined, { signal }));
  const [inviting, setInviting] = createSignal(false);

  const cancel = async ({ id, name }: InvitationView): Promise<void> => {
    try {
      await trpc.users.cancelInvitation.mutate({ id });
      showToast({ text: w("people.invitationCancelled", { name }) });
      people.refresh();
    } catch (error) {
      tellTrouble(error);
    }
  };
  /** A reset waits with its person; the others are not people yet. */
  const invited = () => people.answer()?.invitations.filter(({ kind }) => kind === "invite") ?? [];

  return (
    <Screen title={w("people.title")} class="people-main">
      <Switch>
        <Match when={!mayI("manage_people")}>
          <NoPermission title={w("office.who")} text={w("office.whoNext")} />
        </Match>
        <Match when={people.answer() === undefined && people.trouble()}>
          {(trouble) => <TroubleNotice title={w("people.failed")} trouble={trouble()} onRetry={people.refresh} />}
        </Match>
        <Match when={people.answer() === undefined}>
          <Shapes rows={6} />
        </Match>
        <Match when={people.answer()}>
          {(answer) => (
            <>
              <div class="actions-line">
                <p class="quiet">{w("people.count", { count: answer().people.length })}</p>
                <button type="button" class="button primary" onClick={() => setInviting(true)}>
                  <UserPlus aria-hidden="true" />
                  {w("people.invite")}
                </button>
              </div>
              <Show when={people.trouble()}>
                <p class="stale-line" role="status">
                  {t("states.shownAsOf", { time: momentLabel(people.asOf() ?? 0, true) })}
                </p>
              </Show>
              <Approvals approvals={answer().approvals} onDecided={people.refresh} />
              <table class="office-table people">
                <thead>
                  <tr>
                    <For each={HEADS}>
                      {(key) => (
                        <th scope="col" classList={{ number: key === "people.devices" }}>
                          {w(key)}
                        </th>
                      )}
                    </For>
                  </tr>
                </thead>
                <tbody>
                  <For each={invited()}>
                    {(invitation) => <InvitationRow invitation={invitation} onCancel={() => void cancel(invitation)} />}
                  </For>
                  <For each={answer().people}>
                    {(person) => <PersonRow person={person} validDays={policy.answer()?.settings.training.validDays} />}
                  </For>
                </tbody>
              </table>
            </>
          )}
        </Match>
      </Switch>
      <InviteForm
        open={inviting()}
        together={decideTogether(people.answer()?.people ?? [])}
        onClose={() => setInviting(false)}
        onInvited={people.refresh}
      />
    </Screen>
  );
}
