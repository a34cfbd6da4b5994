/**
 * Whether a person can sign in: renewing password and authenticator, disabling and enabling the account.
 * Rule: nobody does this to the own account, and the only administrator stays.
 */
import type { PersonView } from "@chaverim/contracts";
import { type JSX, Show, createSignal } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { trpc } from "../../trpc.ts";
import { AskSheet } from "./ask-sheet.tsx";
import { OneTime } from "./one-time.tsx";
import { Sheet } from "../sheet.tsx";
import { longMoment } from "../training.ts";
import { showToast } from "../toasts.tsx";

type Account = {
  person: PersonView;
  /** Why it cannot be changed now; empty when it can. */
  locked: string;
  onChanged: () => void;
};

/** One thing that a person signs in with, and the link that lets them renew it. */
const Renewal = (
  props: Account & {
    what: JSX.Element;
    button: string;
    ask: string;
    consequence: string;
    madeTitle: string;
    makeLink: (id: string) => Promise<{ link: string; expiresAt: string }>;
  },
) => {
  const [asking, setAsking] = createSignal(false);
  const [made, setMade] = createSignal<{ link: string; expiresAt: string }>();
  return (
    <>
      <div class="office-line">
        <p>{props.what}</p>
        <button
          type="button"
          class="button"
          disabled={props.locked !== "" || props.person.disabled !== null}
          onClick={() => setAsking(true)}
        >
          {props.button}
        </button>
      </div>
      <AskSheet
        open={asking()}
        onClose={() => setAsking(false)}
        title={props.ask}
        lead={props.consequence}
        submit={w("person.resetDo")}
        danger
        run={async () => {
          setMade(await props.makeLink(props.person.id));
          props.onChanged();
        }}
      />
      <Sheet open={made() !== undefined} onClose={() => setMade(undefined)} title={props.madeTitle} stays>
        <Show when={made()}>
          {(reset) => (
            <OneTime
              label={w("invite.link")}
              value={reset().link}
              qr={w("invite.qr")}
              onDone={() => setMade(undefined)}
            >
              <p>{w("person.handOver", { name: props.person.name, time: momentLabel(reset().expiresAt) })}</p>
            </OneTime>
          )}
        </Show>
      </Sheet>
    </>
  );
};

export const PersonAuthenticator = (props: Account) => (
  <Renewal
    {...props}
    what={
      <>
        {w("person.authenticator")}
        <span classList={{ quiet: props.person.hasAuthenticator, warn: !props.person.hasAuthenticator }}>
          {" · "}
          {w(props.person.hasAuthenticator ? "person.authenticatorSet" : "people.resetWaits")}
        </span>
      </>
    }
    button={w("person.reset")}
    ask={w("person.resetAsk", { name: props.person.name })}
    consequence={w("person.resetAskNext", { name: props.person.name })}
    madeTitle={w("person.resetMade")}
    makeLink={(id) => trpc.users.resetAuthenticator.mutate({ id })}
  />
);

export const PersonPassword = (props: Account) => (
  <Renewal
    {...props}
    what={w("person.password")}
    button={w("person.passwordReset")}
    ask={w("person.passwordAsk", { name: props.person.name })}
    consequence={w("person.passwordAskNext", { name: props.person.name })}
    madeTitle={w("person.passwordMade")}
    makeLink={(id) => trpc.users.resetPassword.mutate({ id })}
  />
);

/** What is known of a disabled account, in one sentence. */
const disabledWords = ({ by, at, reason }: NonNullable<PersonView["disabled"]>): string =>
  w("person.disabledBy", { by: by ?? "–", time: longMoment(at), reason: reason ?? "" });

export const PersonDisabling = (props: Account) => {
  const [asking, setAsking] = createSignal(false);
  const isDisabled = () => props.person.disabled !== null;
  const change = async (reason: string): Promise<void> => {
    const disabled = !isDisabled();
    await trpc.users.setDisabled.mutate({ id: props.person.id, disabled, reason });
    showToast({ text: w(disabled ? "person.disableDone" : "person.enableDone", { name: props.person.name }) });
    props.onChanged();
  };
  return (
    <>
      <div class="office-line">
        <p>
          <Show when={props.person.disabled} fallback={w("person.active")}>
            {(disabled) => <bdi>{disabledWords(disabled())}</bdi>}
          </Show>
          <Show when={props.locked !== ""}>
            <span class="quiet"> {props.locked}</span>
          </Show>
        </p>
        <button type="button" class="button" disabled={props.locked !== ""} onClick={() => setAsking(true)}>
          {w(isDisabled() ? "person.enable" : "person.disable")}
        </button>
      </div>
      <AskSheet
        open={asking()}
        onClose={() => setAsking(false)}
        title={w(isDisabled() ? "person.enableAsk" : "person.disableAsk", { name: props.person.name })}
        lead={w(isDisabled() ? "person.enableAskNext" : "person.disableAskNext", { name: props.person.name })}
        submit={w(isDisabled() ? "person.enable" : "person.disable")}
        danger={!isDisabled()}
        needsReason
        run={change}
      />
    </>
  );
};
