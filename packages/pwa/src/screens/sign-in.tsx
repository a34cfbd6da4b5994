/**
 * Sign in: password, then the code of the authenticator or, without it, a recovery code.
 * Rule: never says which of e-mail and password was wrong; a code may be pasted with spaces.
 */
import { Match, Show, Switch, createSignal } from "solid-js";
import { w } from "../i18n/account.ts";
import { createGuess } from "../parts/account/attempt.ts";
import { FEW_CODES } from "../parts/account/recovery-codes.tsx";
import { PasswordField } from "../parts/account/password-field.tsx";
import { CodeField } from "../parts/code-field.tsx";
import { Entrance, FormTrouble } from "../parts/entrance.tsx";
import { field, fieldText } from "../parts/form.ts";
import { showToast } from "../parts/toasts.tsx";
import { ending, isInstalled, signedIn } from "../session.ts";
import { trpc } from "../trpc.ts";

/** A recovery code without its dashes and spaces. */
const RECOVERY_LENGTH = 24;

type Step = "password" | "code" | "recovery";

export default function SignInScreen() {
  const [step, setStep] = createSignal<Step>("password");
  const [setupNeeded, setSetupNeeded] = createSignal(false);
  const attempt = createGuess(({ code }) => {
    if (code === "signed_out") {
      setStep("password");
      return w("signIn.expired");
    }
    if (code !== "sign_in_failed" && code !== "invalid") return null;
    if (step() === "recovery") return w("signIn.recoveryWrong");
    return step() === "code" ? w("code.wrong") : w("signIn.wrong");
  });
  const go = (next: Step): void => {
    attempt.setProblem("");
    setStep(next);
  };

  trpc.system.info
    .query()
    .then((info) => setSetupNeeded(info.setupNeeded))
    // Not reached: the form says so when it is sent.
    .catch(() => setSetupNeeded(false));

  const sendPassword = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const form = event.currentTarget;
    void attempt.run(async () => {
      await trpc.auth.login.mutate({ email: field(form, "email"), password: fieldText(form, "password") });
      setStep("code");
    });
  };
  const sendCode = (code: string): void => {
    if (code.length !== 6) return attempt.setProblem(w("code.short"));
    void attempt.run(async () => {
      const { user } = await trpc.auth.totp.mutate({ code, installed: isInstalled() });
      await signedIn(user);
    });
  };
  const sendRecovery = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const code = field(event.currentTarget, "recovery");
    if (code.replaceAll(/[\s\-–—]/g, "").length !== RECOVERY_LENGTH)
      return attempt.setProblem(w("signIn.recoveryShort"));
    void attempt.run(async () => {
      const { user } = await trpc.auth.recover.mutate({ code, installed: isInstalled() });
      await signedIn(user);
      const { recoveryCodesLeft } = await trpc.auth.me.query();
      if (recoveryCodesLeft > FEW_CODES) return;
      showToast({ kind: "trouble", text: w("codes.few", { count: recoveryCodesLeft }) });
    });
  };

  const title = () =>
    ({ password: w("signIn.title"), code: w("signIn.codeTitle"), recovery: w("signIn.recoveryTitle") })[step()];
  const lead = () => ({ password: undefined, code: w("signIn.codeLead"), recovery: w("signIn.recoveryLead") })[step()];

  return (
    <Entrance title={title()} lead={lead()}>
      <Show when={step() === "password" && ending()}>
        {(why) => <p class="entrance-note">{w(`ended.${why()}`)}</p>}
      </Show>
      <Show when={setupNeeded()}>
        <p class="entrance-note">{w("signIn.setupNeeded")}</p>
      </Show>
      <Switch>
        <Match when={step() === "password"}>
          <form class="form" onSubmit={sendPassword} novalidate>
            <label class="field">
              <span>{w("signIn.email")}</span>
              <input
                name="email"
                type="email"
                autocomplete="username"
                inputmode="email"
                autocapitalize="none"
                spellcheck={false}
                required
                dir="ltr"
              />
            </label>
            <PasswordField label={w("signIn.password")} name="password" autocomplete="current-password" />
            <FormTrouble text={attempt.problem()} />
            <button type="submit" class="button big primary" disabled={attempt.held()}>
              {attempt.busy() ? w("try.working") : w("signIn.submit")}
            </button>
          </form>
        </Match>
        <Match when={step() === "code"}>
          <CodeField
            ref={(input) => queueMicrotask(() => input.focus())}
            busy={attempt.held()}
            label={w("code.label")}
            submit={attempt.busy() ? w("try.working") : w("signIn.codeSubmit")}
            message={<FormTrouble text={attempt.problem()} />}
            onSubmit={sendCode}
          >
            <div class="form-ways">
              <button type="button" class="button quiet-button" onClick={() => go("recovery")}>
                {w("signIn.useRecovery")}
              </button>
              <button type="button" class="button quiet-button" onClick={() => go("password")}>
                {w("signIn.back")}
              </button>
            </div>
          </CodeField>
        </Match>
        <Match when={step() === "recovery"}>
          <form class="form" onSubmit={sendRecovery} novalidate>
            <label class="field">
              <span>{w("signIn.recovery")}</span>
              <input
                ref={(input) => queueMicrotask(() => input.focus())}
                class="recovery-input"
                name="recovery"
                autocomplete="off"
                autocapitalize="characters"
                spellcheck={false}
                // Room for the dashes or spaces of a paste.
                maxlength="64"
                required
                dir="ltr"
              />
              <small>{w("signIn.recoveryHint")}</small>
            </label>
            <FormTrouble text={attempt.problem()} />
            <button type="submit" class="button big primary" disabled={attempt.held()}>
              {attempt.busy() ? w("try.working") : w("signIn.codeSubmit")}
            </button>
            <div class="form-ways">
              <button type="button" class="button quiet-button" onClick={() => go("code")}>
                {w("signIn.useCode")}
              </button>
            </div>
          </form>
        </Match>
      </Switch>
    </Entrance>
  );
}
