/**
 * Invites a person and shows the one-time link.
 * Rule: the link exists in this dialog alone; closing it leaves only the invitation, which can be cancelled.
 */
import type { Role } from "@chaverim/contracts";
import { Show, createSignal } from "solid-js";
import { currentMs, momentLabel } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { t } from "../../i18n/words.ts";
import { trpc } from "../../trpc.ts";
import { AreaField, createAreas } from "./area-field.tsx";
import { createAttempt } from "../attempt.ts";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { OneTime } from "./one-time.tsx";
import { RoleCards } from "./role-cards.tsx";
import { Sheet } from "../sheet.tsx";

type Made = { name: string; link: string; expiresAt: string };

/** Today as a date field wants it: nobody was trained tomorrow. */
export const today = (): string => new Date(currentMs()).toISOString().slice(0, 10);

const Fields = (props: { together: boolean; onMade: (made: Made) => void; onClose: () => void }) => {
  const attempt = createAttempt();
  const areas = createAreas();
  const [role, setRole] = createSignal<Role>("viewer");

  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const email = field(form, "email");
    const name = field(form, "name");
    if (!email.includes("@")) return attempt.setProblem(w("invite.emailShort"));
    if (name === "") return attempt.setProblem(w("invite.nameShort"));
    void attempt.run(async () => {
      const { invitation, link } = await trpc.users.invite.mutate({
        email,
        name,
        role: role(),
        area: field(form, "area") || null,
        trainedOn: field(form, "trainedOn") || null,
      });
      props.onMade({ name: invitation.name, link, expiresAt: invitation.expiresAt });
    });
  };

  return (
    <form class="form" novalidate onSubmit={submit}>
      <label class="field">
        <span>{w("people.name")}</span>
        <input name="name" maxlength="100" autocomplete="off" dir="auto" required />
      </label>
      <label class="field">
        <span>{w("invite.email")}</span>
        <input
          name="email"
          type="email"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          dir="ltr"
          required
        />
      </label>
      <RoleCards value={role()} without={props.together ? "admin" : undefined} onChange={setRole} />
      <Show when={props.together}>
        <p class="field-note quiet">{w("invite.adminTogether")}</p>
      </Show>
      <AreaField label={w("invite.area")} value="" areas={areas()} hint={w("invite.areaHint")} />
      <label class="field">
        <span>{w("invite.trainedOn")}</span>
        <input name="trainedOn" type="date" max={today()} />
        <small>{w("invite.trainedOnHint")}</small>
      </label>
      <FormTrouble text={attempt.problem()} />
      <div class="sheet-buttons">
        <button type="button" class="button big outlined" onClick={() => props.onClose()}>
          {t("app.cancel")}
        </button>
        <button type="submit" class="button big primary" disabled={attempt.busy()}>
          {w("invite.submit")}
        </button>
      </div>
    </form>
  );
};

export const InviteForm = (props: {
  open: boolean;
  /** Administrators decide together, so no link makes one. */
  together: boolean;
  onClose: () => void;
  onInvited: () => void;
}) => {
  const [made, setMade] = createSignal<Made>();
  const close = (): void => {
    setMade(undefined);
    props.onClose();
  };
  return (
    <Sheet
      open={props.open}
      onClose={close}
      stays={made() !== undefined}
      title={made() === undefined ? w("invite.title") : w("invite.madeTitle", { name: made()?.name ?? "" })}
    >
      <Show
        when={made()}
        fallback={
          <Fields
            together={props.together}
            onClose={close}
            onMade={(link) => {
              setMade(link);
              props.onInvited();
            }}
          />
        }
      >
        {(link) => (
          <OneTime label={w("invite.link")} value={link().link} qr={w("invite.qr")} onDone={close}>
            <p>{w("invite.handOver", { name: link().name, time: momentLabel(link().expiresAt) })}</p>
          </OneTime>
        )}
      </Show>
    </Sheet>
  );
};
