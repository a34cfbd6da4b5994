/**
 * Joining by a one-time link: the first account, an invitation, a new authenticator after a reset, or a new password.
 * Rule: the token stays in the fragment of the address, so it never reaches a log; nothing goes on before the recovery codes
 * are kept.
 */
import { type InvitationState, PASSWORD_MIN, type PolicyView, type User } from "@chaverim/contracts";
import { useNavigate } from "@solidjs/router";
import Lock from "lucide-solid/icons/lock";
import { Match, Show, Suspense, Switch, createSignal, lazy } from "solid-js";
import { w } from "../i18n/account.ts";
import { t } from "../i18n/words.ts";
import { createGuess } from "../parts/account/attempt.ts";
import { Authenticator } from "../parts/account/authenticator.tsx";
import { PasswordField } from "../parts/account/password-field.tsx";
import { RecoveryCodes } from "../parts/account/recovery-codes.tsx";
import { CodeField } from "../parts/code-field.tsx";
import { Entrance, FormTrouble } from "../parts/entrance.tsx";
import { field, fieldText } from "../parts/form.ts";
import { createOnline } from "../parts/online.ts";
import { Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { isInstalled, signedIn } from "../session.ts";
import { type Trouble, trpc } from "../trpc.ts";

/** One person in the life of a server sees it. */
const OrganisationForm = lazy(() => import("../parts/account/organisation.tsx"));

type Account = { email?: string; name?: string; password: string };
type Step =
  | { kind: "account" }
  | { kind: "authenticator"; totpSecret: string; totpUri: string; proof: string }
  /** The authenticator that the person has and keeps. */
  | { kind: "code"; proof: string }
  | { kind: "codes"; user: User; recoveryCodes: readonly string[] }
  | { kind: "organisation"; user: User; policy: PolicyView };

const LinkClosed = () => (
  <Notice
    icon={<Lock aria-hidden="true" />}
    title={w("join.closed")}
    text={w("join.closedNext")}
    action={
      <a class="button" href="/">
        {w("join.toSignIn")}
      </a>
    }
  />
);

/** What whoever made the link has said already. */
const Known = (props: { invitation: InvitationState }) => (
  <dl class="known">
    <dt>{w("join.email")}</dt>
    <dd>
      <bdi dir="ltr">{props.invitation.email}</bdi>
    </dd>
    <dt>{w("join.name")}</dt>
    <dd>
      <bdi>{props.invitation.name}</bdi>
    </dd>
    <dt>{w("join.role")}</dt>
    <dd>{t(`me.role.${props.invitation.role}`)}</dd>
  </dl>
);

const AccountForm = (props: { invitation: InvitationState; onAccount: (account: Account) => Promise<void> }) => {
  const kind = () => props.invitation.kind;
  const attempt = createGuess(({ code }) => (code === "sign_in_failed" ? w("join.passwordWrong") : null));
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const password = fieldText(form, "password");
    const email = field(form, "email");
    const name = field(form, "name");
    if (kind() === "setup" && !email.includes("@")) return attempt.setProblem(w("join.emailShort"));
    if (kind() === "setup" && name === "") return attempt.setProblem(w("join.nameShort"));
    if (password.length < (kind() === "reset" ? 1 : PASSWORD_MIN))
      return attempt.setProblem(w("password.short", { count: PASSWORD_MIN }));
    void attempt.run(() => props.onAccount(kind() === "setup" ? { email, name, password } : { password }));
  };
  return (
    <form class="form" novalidate onSubmit={submit}>
      <Show when={kind() === "setup"} fallback={<Known invitation={props.invitation} />}>
        <label class="field">
          <span>{w("join.email")}</span>
          <input
            name="email"
            type="email"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            dir="ltr"
          />
        </label>
        <label class="field">
          <span>{w("join.name")}</span>
          <input name="name" autocomplete="name" maxlength="100" required dir="auto" />
        </label>
      </Show>
      <Show
        when={kind() === "reset"}
        fallback={
          <PasswordField
            label={w(kind() === "password" ? "password.next" : "join.newPassword")}
            name="password"
            autocomplete="new-password"
            hint={w("password.hint", { count: PASSWORD_MIN })}
          />
        }
      >
        <PasswordField label={w("join.ownPassword")} name="password" autocomplete="current-password" />
      </Show>
      <FormTrouble text={attempt.problem()} />
      <button type="submit" class="button big primary" disabled={attempt.held()}>
        {attempt.busy() ? w("try.working") : w("join.next")}
      </button>
    </form>
  );
};

const Steps = (props: { token: string; invitation: InvitationState }) => {
  const navigate = useNavigate();
  const [step, setStep] = createSignal<Step>({ kind: "account" });
  const attempt = createGuess(({ code }) => {
    if (code === "not_found") return w("join.used");
    return code === "sign_in_failed" ? w("code.wrong") : null;
  });
  const at = <Kind extends Step["kind"]>(kind: Kind): Extract<Step, { kind: Kind }> | undefined => {
    const current = step();
    return current.kind === kind ? (current as Extract<Step, { kind: Kind }>) : undefined;
  };

  const enter = async (user: User): Promise<void> => {
    await signedIn(user);
    navigate("/", { replace: true });
  };
  const confirm = (proof: string, code: string): void => {
    if (code.length !== 6) return attempt.setProblem(w("code.short"));
    void attempt.run(async () => {
      const made = await trpc.auth.confirm.mutate({ token: props.token, proof, code, installed: isInstalled() });
      // With a new password the recovery codes stay as they were.
      if (made.recoveryCodes.length === 0) await enter(made.user);
      else setStep({ kind: "codes", ...made });
    });
  };
  const afterCodes = (user: User): void => {
    void attempt.run(async () => {
      if (props.invitation.kind !== "setup") return enter(user);
      setStep({ kind: "organisation", user, policy: await trpc.policy.read.query() });
    });
  };

  return (
    <Switch>
      <Match when={at("account")}>
        <Entrance
          title={w(`join.${props.invitation.kind}`, { organisation: props.invitation.organisation })}
          lead={w(`join.${props.invitation.kind}Lead`, { organisation: props.invitation.organisation })}
        >
          <AccountForm
            invitation={props.invitation}
            onAccount={async (account) => {
              const made = await trpc.auth.accept.mutate({ token: props.token, ...account });
              setStep(
                made.totpSecret === null ? { kind: "code", proof: made.proof } : { kind: "authenticator", ...made },
              );
            }}
          />
        </Entrance>
      </Match>
      <Match when={at("authenticator")}>
        {(totp) => (
          <Entrance title={w("authenticator.title")} lead={w("authenticator.lead")}>
            <Authenticator totp={totp()} attempt={attempt} onCode={(code) => confirm(totp().proof, code)} />
          </Entrance>
        )}
      </Match>
      <Match when={at("code")}>
        {(accepted) => (
          <Entrance title={w("signIn.codeTitle")} lead={w("signIn.codeLead")}>
            <CodeField
              label={w("code.label")}
              submit={attempt.busy() ? w("try.working") : w("authenticator.confirm")}
              busy={attempt.held()}
              message={<FormTrouble text={attempt.problem()} />}
              onSubmit={(code) => confirm(accepted().proof, code)}
            />
          </Entrance>
        )}
      </Match>
      <Match when={at("codes")}>
        {(made) => (
          <Entrance title={w("codes.title")} lead={w("codes.lead")}>
            <RecoveryCodes
              email={made().user.email}
              codes={made().recoveryCodes}
              submit={w("join.next")}
              onKept={() => afterCodes(made().user)}
            />
            <FormTrouble text={attempt.problem()} />
          </Entrance>
        )}
      </Match>
      <Match when={at("organisation")}>
        {(made) => (
          <Entrance title={w("organisation.title")} lead={w("organisation.lead")}>
            <Suspense>
              <OrganisationForm policy={made().policy} onDone={() => void enter(made().user)} />
            </Suspense>
          </Entrance>
        )}
      </Match>
    </Switch>
  );
};

const isClosed = (trouble: Trouble | undefined): boolean =>
  trouble?.code === "not_found" || trouble?.code === "invalid";

export default function JoinScreen() {
  const token = location.hash.slice(1);
  const link = createOnline(
    () => (token === "" ? null : token),
    (asked) => trpc.auth.invitation.query({ token: asked }),
  );
  return (
    <Show
      when={link.answer()}
      fallback={
        <Entrance title={w("join.title")}>
          <Switch>
            <Match when={token === "" || isClosed(link.trouble())}>
              <LinkClosed />
            </Match>
            <Match when={link.trouble()}>
              {(trouble) => <TroubleNotice title={w("join.failed")} trouble={trouble()} onRetry={link.refresh} />}
            </Match>
            <Match when={link.isLoading()}>
              <Shapes rows={2} />
            </Match>
          </Switch>
        </Entrance>
      }
    >
      {(invitation) => <Steps token={token} invitation={invitation()} />}
    </Show>
  );
}
