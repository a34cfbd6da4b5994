/**
 * One person, for administrators: details, role, sign-in, devices.
 * Rule: what cannot be done says why beside its button.
 */
import type { PersonView } from "@chaverim/contracts";
import { A, useParams } from "@solidjs/router";
import Eye from "lucide-solid/icons/eye";
import UserX from "lucide-solid/icons/user-x";
import { Match, Show, Switch } from "solid-js";
import { w } from "../i18n/office.ts";
import { t } from "../i18n/words.ts";
import { logAddress } from "../parts/addresses.ts";
import { createOnline } from "../parts/online.ts";
import { PersonAuthenticator, PersonDisabling, PersonPassword } from "../parts/office/person-account.tsx";
import { Approvals } from "../parts/office/person-approvals.tsx";
import { PersonDetails } from "../parts/office/person-details.tsx";
import { PersonDevices } from "../parts/office/person-devices.tsx";
import { PersonRole } from "../parts/office/person-role.tsx";
import { PersonState, TrainingWords, isLastAdmin } from "../parts/office/person-state.tsx";
import { Screen } from "../parts/screen.tsx";
import { NoPermission, Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { dayOfYear } from "../parts/training.ts";
import { mayI, user } from "../session.ts";
import { trpc } from "../trpc.ts";
import "../styles/office.css";
import "../styles/people.css";

const Head = (props: { person: PersonView; validDays: number | undefined }) => (
  <section class="person-head">
    <div>
      <h2>
        <bdi>{props.person.name}</bdi>
      </h2>
      <p class="quiet" dir="ltr">
        {props.person.email}
      </p>
      <p class="person-facts">
        <PersonState person={props.person} />
        <span class="state">
          {w("people.training")} <TrainingWords trainedOn={props.person.trainedOn} validDays={props.validDays} />
        </span>
        <span class="state quiet">{w("person.since", { date: dayOfYear(props.person.createdAt) })}</span>
      </p>
    </div>
    <A class="button" href={logAddress({ person: props.person.id })}>
      <Eye aria-hidden="true" />
      {w("person.looks", { name: props.person.name })}
    </A>
  </section>
);

const Gone = () => (
  <Notice
    icon={<UserX aria-hidden="true" />}
    title={w("person.gone")}
    text={w("person.goneNext")}
    action={
      <A class="button" href="/people">
        {w("person.toList")}
      </A>
    }
  />
);

export default function PersonScreen() {
  const params = useParams<{ id: string }>();
  const question = () => (mayI("manage_people") ? "all" : null);
  const people = createOnline(question, (_all, signal) => trpc.users.list.query(undefined, { signal }));
  const policy = createOnline(question, (_all, signal) => trpc.policy.read.query(undefined, { signal }));
  const person = () => people.answer()?.people.find(({ id }) => id === params.id);
  const approvals = () => people.answer()?.approvals.filter((approval) => approval.person.id === params.id) ?? [];

  const selfLock = (shown: PersonView): string => (shown.id === user()?.id ? w("person.self") : "");
  const lockedFor = (shown: PersonView): string => {
    if (isLastAdmin(shown, people.answer()?.people ?? [])) return w("person.lastAdmin");
    return selfLock(shown);
  };

  return (
    <Screen title={person()?.name ?? w("person.title")} heading={w("person.title")} back="/people" class="person-main">
      <Switch>
        <Match when={!mayI("manage_people")}>
          <NoPermission title={w("office.who")} text={w("office.whoNext")} />
        </Match>
        <Match when={people.answer() === undefined && people.trouble()}>
          {(trouble) => <TroubleNotice title={w("people.failed")} trouble={trouble()} onRetry={people.refresh} />}
        </Match>
        <Match when={people.answer() === undefined}>
          <Shapes rows={4} />
        </Match>
        <Match when={person() === undefined}>
          <Gone />
        </Match>
        <Match when={person()}>
          {(shown) => (
            <>
              <Head person={shown()} validDays={policy.answer()?.settings.training.validDays} />
              <Approvals approvals={approvals()} onDecided={people.refresh} />
              <section class="office-block">
                <h2>{w("person.details")}</h2>
                <PersonDetails person={shown()} locked={selfLock(shown())} onChanged={people.refresh} />
              </section>
              <section class="office-block">
                <h2>{w("people.role")}</h2>
                <PersonRole
                  person={shown()}
                  locked={approvals().length > 0 ? w("person.roleWaits") : lockedFor(shown())}
                  onChanged={people.refresh}
                />
              </section>
              <section class="office-block">
                <h2>{w("person.signIn")}</h2>
                <PersonAuthenticator person={shown()} locked={selfLock(shown())} onChanged={people.refresh} />
                <PersonPassword
                  person={shown()}
                  // Its link asks for a code, and would void the link for the new authenticator.
                  locked={shown().hasAuthenticator ? selfLock(shown()) : w("people.resetWaits")}
                  onChanged={people.refresh}
                />
                <PersonDisabling person={shown()} locked={lockedFor(shown())} onChanged={people.refresh} />
              </section>
              <section class="office-block">
                <h2>{w("people.devices")}</h2>
                <PersonDevices person={shown()} onChanged={people.refresh} />
              </section>
              <Show when={people.trouble()}>
                <p class="stale-line" role="status">
                  {t("link.offline")}
                </p>
              </Show>
            </>
          )}
        </Match>
      </Switch>
    </Screen>
  );
}
