/**
 * A person's own recovery codes and password.
 * Rule: both ask for a fresh code first; new recovery codes void the old ones and are shown once.
 */
import { PASSWORD_MIN } from "@chaverim/contracts";
import KeyRound from "lucide-solid/icons/key-round";
import LifeBuoy from "lucide-solid/icons/life-buoy";
import { Show, createSignal } from "solid-js";
import { w } from "../../i18n/account.ts";
import { t } from "../../i18n/words.ts";
import { following, local, user } from "../../session.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";
import { FormTrouble } from "../entrance.tsx";
import { fieldText } from "../form.ts";
import { Sheet } from "../sheet.tsx";
import { showToast } from "../toasts.tsx";
import { createGuess } from "./attempt.ts";
import { PasswordField } from "./password-field.tsx";
import { FEW_CODES, RecoveryCodes } from "./recovery-codes.tsx";

const CodesSheet = (props: { open: boolean; onClose: () => void }) => {
  const attempt = createAttempt();
  const [codes, setCodes] = createSignal<readonly string[]>();
  const make = (): void =>
    void attempt.run(async () => {
      const { recoveryCodes } = await trpc.auth.renewRecoveryCodes.mutate();
      setCodes(recoveryCodes);
      await following().learn({ recoveryCodesLeft: recoveryCodes.length });
    });
  const close = (): void => {
    setCodes(undefined);
    attempt.setProblem("");
    props.onClose();
  };
  return (
    <Sheet
      open={props.open}
      onClose={close}
      stays={codes() !== undefined}
      title={codes() === undefined ? w("codes.renewAsk") : w("codes.title")}
      lead={codes() === undefined ? w("codes.renewNext") : w("codes.lead")}
    >
      <Show
        when={codes()}
        fallback={
          <>
            <FormTrouble text={attempt.problem()} />
            <div class="sheet-buttons">
              <button type="button" class="button big outlined" onClick={close}>
                {t("app.cancel")}
              </button>
              <button type="button" class="button big primary" disabled={attempt.busy()} onClick={make}>
                {w("codes.renew")}
              </button>
            </div>
          </>
        }
      >
        {(made) => <RecoveryCodes email={user()?.email ?? ""} codes={made()} submit={w("codes.done")} onKept={close} />}
      </Show>
    </Sheet>
  );
};

const PasswordSheet = (props: { open: boolean; onClose: () => void }) => {
  const attempt = createGuess(({ code }) => (code === "sign_in_failed" ? w("password.wrong") : null));
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const current = fieldText(event.currentTarget, "current");
    const next = fieldText(event.currentTarget, "next");
    if (current === "") return attempt.setProblem(w("password.currentMissing"));
    if (next.length < PASSWORD_MIN) return attempt.setProblem(w("password.short", { count: PASSWORD_MIN }));
    void attempt.run(async () => {
      const { signedOut } = await trpc.auth.changePassword.mutate({ current, next });
      showToast({ text: signedOut > 0 ? w("password.changedOthers", { count: signedOut }) : w("password.changed") });
      props.onClose();
    });
  };
  return (
    <Sheet open={props.open} onClose={props.onClose} title={w("password.change")} lead={w("password.changeNext")}>
      <form class="form" novalidate onSubmit={submit}>
        <PasswordField label={w("password.current")} name="current" autocomplete="current-password" />
        <PasswordField
          label={w("password.next")}
          name="next"
          autocomplete="new-password"
          hint={w("password.hint", { count: PASSWORD_MIN })}
        />
        <FormTrouble text={attempt.problem()} />
        <div class="sheet-buttons">
          <button type="button" class="button big outlined" onClick={() => props.onClose()}>
            {t("app.cancel")}
          </button>
          <button type="submit" class="button big primary" disabled={attempt.held()}>
            {attempt.busy() ? w("try.working") : w("password.submit")}
          </button>
        </div>
      </form>
    </Sheet>
  );
};

export const Secrets = () => {
  const [open, setOpen] = createSignal<"codes" | "password">();
  const close = (): void => {
    setOpen(undefined);
  };
  return (
    <>
      <section class="me-block me-line">
        <div>
          <h2>{w("codes.label")}</h2>
          <Show when={local().facts().recoveryCodesLeft !== undefined}>
            <p classList={{ warn: (local().facts().recoveryCodesLeft ?? 0) <= FEW_CODES }} class="quiet">
              {w("codes.left", { count: local().facts().recoveryCodesLeft ?? 0 })}
            </p>
          </Show>
        </div>
        <button type="button" class="button" onClick={() => setOpen("codes")}>
          <LifeBuoy aria-hidden="true" />
          {w("codes.renew")}
        </button>
      </section>
      <section class="me-block me-line">
        <h2>{w("signIn.password")}</h2>
        <button type="button" class="button" onClick={() => setOpen("password")}>
          <KeyRound aria-hidden="true" />
          {w("password.change")}
        </button>
      </section>
      <CodesSheet open={open() === "codes"} onClose={close} />
      <PasswordSheet open={open() === "password"} onClose={close} />
    </>
  );
};
