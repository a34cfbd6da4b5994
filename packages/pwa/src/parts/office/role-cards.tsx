/**
 * The choice of a role.
 * Rule: each role says what it lets a person do.
 */
import { ROLES, type Role } from "@chaverim/contracts";
import { For } from "solid-js";
import { w } from "../../i18n/office.ts";
import { t } from "../../i18n/words.ts";

/** The least first: more is given on purpose. */
const ROLES_BY_REACH = ROLES.toReversed();

export const RoleCards = (props: { value: Role; without?: Role | undefined; onChange: (role: Role) => void }) => (
  <fieldset class="field radio-cards">
    <legend>{w("invite.role")}</legend>
    <For each={ROLES_BY_REACH.filter((role) => role !== props.without)}>
      {(role) => (
        <label>
          <input
            type="radio"
            name="role"
            value={role}
            checked={role === props.value}
            onChange={() => props.onChange(role)}
          />
          <span>
            <strong>{t(`me.role.${role}`)}</strong>
            <small>{w(`invite.role.${role}`)}</small>
          </span>
        </label>
      )}
    </For>
  </fieldset>
);
