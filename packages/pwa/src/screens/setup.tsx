/**
 * Set-up from the link that the server printed: the first account and its authenticator.
 * Rule: the token stays in the fragment of the address, so it never reaches a log.
 */
import { PASSWORD_MAX, PASSWORD_MIN } from "@chaverim/contracts";
import { useNavigate } from "@solidjs/router";
import Copy from "lucide-solid/icons/copy";
import Lock from "lucide-solid/icons/lock";
import { Match, Show, Switch, createMemo, createSignal } from "solid-js";
import { encode } from "uqr";
import { t } from "../i18n/words.ts";
import { CodeField } from "../parts/code-field.tsx";
import { Entrance, FormTrouble } from "../parts/entrance.tsx";
import { field, fieldText } from "../parts/form.ts";
import { createOnline } from "../parts/online.ts";
import { Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { showToast } from "../parts/toasts.tsx";
import { isInstalled, signedIn } from "../session.ts";
import { trpc, troubleOf, troubleText } from "../trpc.ts";

/** A QR code as one path; dark on light whatever the theme, as scanners expect. */
const QrCode = (props: { text: string }) => {
  const code = createMemo(() => encode(props.text, { border: 2 }));
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${code().size} ${code().size}`}
      role="img"
      aria-label={t("setup.qrAlt")}
      shape-rendering="crispEdges"
    >
      <rect width={code().size} height={code().size} fill="#fff" />
      <path
        fill="#000"
        d={code()
          .data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")))
          .join("")}
      />
    </svg>
  );
};

/** `ABCD EFGH …`: groups of four can be read aloud and typed. */
const grouped = (secret: string): string => secret.replaceAll(/(.{4})(?=.)/g, "$1 ");

export default function SetupScreen() {
  const navigate = useNavigate();
  const token = location.hash.slice(1);
  const link = createOnline(
    () => token,
    (asked) => trpc.auth.setupState.query({ token: asked }),
  );
  const [totp, setTotp] = createSignal<{ totpSecret: string; totpUri: string }>();
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal("");

  const attempt = async (act: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setProblem("");
    try {
      await act();
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble.code === "sign_in_failed") setProblem(t("signIn.codeWrong"));
      else setProblem(trouble.code === "invalid" && trouble.message !== "" ? trouble.message : troubleText(trouble));
    }
    setBusy(false);
  };

  const sendAccount = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const email = field(form, "email");
    const name = field(form, "name");
    const password = fieldText(form, "password");
    if (!email.includes("@")) return void setProblem(t("setup.emailShort"));
    if (name === "") return void setProblem(t("setup.nameShort"));
    if (password.length < PASSWORD_MIN) return void setProblem(t("setup.passwordShort", { count: PASSWORD_MIN }));
    void attempt(async () => {
      setTotp(await trpc.auth.setup.mutate({ token, email, name, password }));
    });
  };

  const confirm = (code: string): void => {
    if (code.length !== 6) return void setProblem(t("signIn.codeShort"));
    void attempt(async () => {
      const { user } = await trpc.auth.setupConfirm.mutate({ token, code, installed: isInstalled() });
      await signedIn(user);
      navigate("/", { replace: true });
    });
  };

  const copyKey = async (secret: string): Promise<void> => {
    try {
      await navigator.clipboard.writeText(secret);
      showToast({ text: t("setup.copied") });
    } catch {
      // Not allowed here (plain http): the key stands on the screen to be typed.
      showToast({ kind: "trouble", text: secret });
    }
  };

  return (
    <Switch>
      <Match when={link.trouble()?.code === "not_found" || link.trouble()?.code === "invalid" || token === ""}>
        <Entrance title={t("setup.title")}>
          <Notice
            icon={<Lock aria-hidden="true" />}
            title={t("setup.closed")}
            text={t("setup.closedNext")}
            action={
              <a class="button" href="/">
                {t("setup.toSignIn")}
              </a>
            }
          />
        </Entrance>
      </Match>
      <Match when={link.trouble()}>
        {(trouble) => (
          <Entrance title={t("setup.title")}>
            <TroubleNotice title={t("setup.title")} trouble={trouble()} onRetry={link.refresh} />
          </Entrance>
        )}
      </Match>
      <Match when={totp()}>
        {(made) => (
          <Entrance title={t("setup.qrTitle")} lead={t("setup.qrLead")}>
            <div class="qr-row">
              <QrCode text={made().totpUri} />
              <div class="qr-key">
                <span class="label">{t("setup.key")}</span>
                <code dir="ltr">{grouped(made().totpSecret)}</code>
                <button type="button" class="button" onClick={() => void copyKey(made().totpSecret)}>
                  <Copy aria-hidden="true" />
                  {t("setup.copy")}
                </button>
                <a class="text-link" href={made().totpUri}>
                  {t("setup.openApp")}
                </a>
              </div>
            </div>
            <CodeField
              label={t("signIn.code")}
              submit={busy() ? t("signIn.working") : t("setup.confirm")}
              busy={busy()}
              message={<FormTrouble text={problem()} />}
              onSubmit={confirm}
            />
          </Entrance>
        )}
      </Match>
      <Match when={link.answer()}>
        <Entrance title={t("setup.title")} lead={t("setup.lead")}>
          <form class="form" novalidate onSubmit={sendAccount}>
            <label class="field">
              <span>{t("setup.email")}</span>
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
              <span>{t("setup.name")}</span>
              <input name="name" autocomplete="name" required dir="auto" />
            </label>
            <div class="field">
              <label for="new-password">{t("setup.password")}</label>
              <input
                id="new-password"
                name="password"
                type="password"
                autocomplete="new-password"
                minlength={PASSWORD_MIN}
                maxlength={PASSWORD_MAX}
                aria-describedby="new-password-hint"
                required
                dir="ltr"
              />
              <small id="new-password-hint">{t("setup.passwordHint", { count: PASSWORD_MIN })}</small>
            </div>
            <FormTrouble text={problem()} />
            <button type="submit" class="button big primary" disabled={busy()}>
              {busy() ? t("signIn.working") : t("setup.submit")}
            </button>
          </form>
        </Entrance>
      </Match>
      <Match when={true}>
        <Entrance title={t("setup.title")}>
          <Show when={link.isLoading()}>
            <Shapes rows={2} />
          </Show>
        </Entrance>
      </Match>
    </Switch>
  );
}
