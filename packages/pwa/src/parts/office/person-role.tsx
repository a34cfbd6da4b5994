/**
 * A person's role, and asking for another one.
 * Rule: the only administrator stays one, and nobody changes the own role.
 */
import type { PersonView, Role } from "@chaverim/contracts";
import { Show, createSignal } from "solid-js";
import { w } from "../../i18n/office.ts";
import { t } from "../../i18n/words.ts";
import { trpc } from "../../trpc.ts";
import { AskSheet } from "./ask-sheet.tsx";
import { RoleCards } from "./role-cards.tsx";
import { showToast } from "../toasts.tsx";

export const PersonRole = (props: {
  person: PersonView;
  /** Why it cannot be changed now; empty when it can. */
  locked: string;
  onChanged: () => void;
}) => {
  const [changing, setChanging] = createSignal(false);
  const [role, setRole] = createSignal<Role>("viewer");
  const change = async (reason: string): Promise<void> => {
    const wanted = role();
    const { approval } = await trpc.users.setRole.mutate({ id: props.person.id, role: wanted, reason });
    showToast({
      text:
        approval === null
          ? w("person.roleChanged", { name: props.person.name, role: t(`me.role.${wanted}`) })
          : w("person.roleWaits"),
    });
    props.onChanged();
  };
  return (
    <>
      <div class="office-line">
        <p>
          {t(`me.role.${props.person.role}`)}
          <Show when={props.locked !== ""}>
            <span class="quiet"> · {props.locked}</span>
          </Show>
        </p>
        <button
          type="button"
          class="button"
          disabled={props.locked !== ""}
          onClick={() => {
            setRole(props.person.role);
            setChanging(true);
          }}
        >
          {w("person.changeRole")}
        </button>
      </div>
      <AskSheet
        open={changing()}
        onClose={() => setChanging(false)}
        title={w("person.roleNow", { name: props.person.name, role: t(`me.role.${props.person.role}`) })}
        lead={role() === "admin" && props.person.role !== "admin" ? w("person.adminHint") : w("person.roleHint")}
        submit={w("person.changeRole")}
        needsReason
        run={change}
      >
        <RoleCards value={role()} onChange={setRole} />
      </AskSheet>
    </>
  );
};
