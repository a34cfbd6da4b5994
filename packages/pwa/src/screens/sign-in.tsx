/**
 * Sign in: password, then the code of the authenticator.
 * Rule: never says which of e-mail and password was wrong; a code may be pasted with spaces.
 */
import Eye from "lucide-solid/icons/eye";
import EyeOff from "lucide-solid/icons/eye-off";
import { Show, createSignal, onCleanup } from "solid-js";
import { t } from "../i18n/words.ts";
import { CodeField } from "../parts/code-field.tsx";
import { Entrance, FormTrouble } from "../parts/entrance.tsx";
import { field, fieldText } from "../parts/form.ts";
import { endedByCentral, isInstalled, signedIn } from "../session.ts";
import { type Trouble, trpc, troubleOf, troubleText } from "../trpc.ts";

/** `1:05` */
const countdown = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

export default function SignInScreen() {
  const [step, setStep] = createSignal<"password" | "code">("password");
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal("");
  const [waitSeconds, setWaitSeconds] = createSignal(0);
  const [visible, setVisible] = createSignal(false);
  const [setupNeeded, setSetupNeeded] = createSignal(false);
  let code: HTMLInputElement | undefined;

  trpc.system.info
    .query()
    .then((info) => setSetupNeeded(info.setupNeeded))
    // Not reached: the form says so when it is sent.
    .catch(() => setSetupNeeded(false));

  const timer = setInterval(() => setWaitSeconds((seconds) => Math.max(0, seconds - 1)), 1000);
  onCleanup(() => clearInterval(timer));

  const explain = (trouble: Trouble): void => {
    if (trouble.code === "too_many" && trouble.retryAfterSeconds !== null) {
      setProblem("");
      setWaitSeconds(trouble.retryAfterSeconds);
    } else if (trouble.code === "signed_out") {
      setStep("password");
      setProblem(t("signIn.expired"));
    } else if (trouble.code === "sign_in_failed" || trouble.code === "invalid") {
      setProblem(step() === "code" ? t("signIn.codeWrong") : t("signIn.wrong"));
    } else setProblem(troubleText(trouble));
  };

  const attempt = async (act: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setProblem("");
    try {
      await act();
    } catch (error) {
      explain(troubleOf(error));
    }
    setBusy(false);
  };

  const sendPassword = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const form = event.currentTarget;
    void attempt(async () => {
      await trpc.auth.login.mutate({ email: field(form, "email"), password: fieldText(form, "password") });
      setStep("code");
      code?.focus();
    });
  };

  const sendCode = (digits: string): void => {
    if (digits.length !== 6) {
      setProblem(t("signIn.codeShort"));
      return;
    }
    void attempt(async () => {
      const { user } = await trpc.auth.totp.mutate({ code: digits, installed: isInstalled() });
      await signedIn(user);
    });
  };

  const message = (): string =>
    waitSeconds() > 0 ? t("signIn.retryIn", { time: countdown(waitSeconds()) }) : problem();

  return (
    <Entrance
      title={step() === "password" ? t("signIn.title") : t("signIn.codeTitle")}
      lead={step() === "code" ? t("signIn.codeLead") : undefined}
    >
      <Show when={endedByCentral() && step() === "password"}>
        <p class="entrance-note">{t("signIn.signedOut")}</p>
      </Show>
      <Show when={setupNeeded()}>
        <p class="entrance-note">{t("signIn.setupNeeded")}</p>
      </Show>
      <Show
        when={step() === "password"}
        fallback={
          <CodeField
            ref={(input) => (code = input)}
            busy={busy() || waitSeconds() > 0}
            label={t("signIn.code")}
            submit={busy() ? t("signIn.working") : t("signIn.codeSubmit")}
            message={<FormTrouble text={message()} />}
            onSubmit={sendCode}
          >
            <button type="button" class="button quiet-button" onClick={() => setStep("password")}>
              {t("signIn.back")}
            </button>
          </CodeField>
        }
      >
        <form class="form" onSubmit={sendPassword} novalidate>
          <label class="field">
            <span>{t("signIn.email")}</span>
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
          <div class="field">
            <label for="password">{t("signIn.password")}</label>
            <span class="field-with-button">
              <input
                id="password"
                name="password"
                type={visible() ? "text" : "password"}
                autocomplete="current-password"
                required
                dir="ltr"
              />
              <button
                type="button"
                class="target"
                aria-label={visible() ? t("signIn.hidePassword") : t("signIn.showPassword")}
                onClick={() => setVisible((shown) => !shown)}
              >
                <Show when={visible()} fallback={<Eye aria-hidden="true" />}>
                  <EyeOff aria-hidden="true" />
                </Show>
              </button>
            </span>
          </div>
          <FormTrouble text={message()} />
          <button type="submit" class="button big primary" disabled={busy() || waitSeconds() > 0}>
            {busy() ? t("signIn.working") : t("signIn.submit")}
          </button>
        </form>
      </Show>
    </Entrance>
  );
}
