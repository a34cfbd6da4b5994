/**
 * The purposes that whoever looks chooses from, and who has to choose.
 * Rule: a short name is written into the access log for ever, so it is given once and never changed.
 */
import { ROLES, type PurposeCode, type Role } from "@chaverim/contracts";
import Plus from "lucide-solid/icons/plus";
import Trash from "lucide-solid/icons/trash";
import { For, Show, createSignal } from "solid-js";
import { w } from "../../i18n/office.ts";
import { t } from "../../i18n/words.ts";
import { FormTrouble } from "../entrance.tsx";
import type { SettingsDraft } from "./settings-draft.ts";
import { SwitchField } from "./settings-fields.tsx";

/** The form of a short name, as contracts has it. */
const CODE = /^[a-z][a-z0-9_]{1,39}$/;

/** A short name from a label, as far as its letters allow: `Stolen vehicle` -> `stolen_vehicle`. */
export const codeFrom = (label: string): string =>
  label
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^[_0-9]+|_+$/g, "")
    .slice(0, 40);

/** The first thing that is wrong with a new purpose, as a sentence; empty when nothing is. */
export const purposeProblem = (label: string, code: string, known: readonly PurposeCode[]): string => {
  if (label.length < 2) return w("settings.purposeShort");
  if (!CODE.test(code)) return w("settings.codeWrong");
  return known.some((purpose) => purpose.code === code) ? w("settings.codeTaken") : "";
};

const NewPurpose = (props: { known: readonly PurposeCode[]; onAdd: (purpose: PurposeCode) => void }) => {
  const [label, setLabel] = createSignal("");
  /** null: follows the label. */
  const [typed, setTyped] = createSignal<string | null>(null);
  const [problem, setProblem] = createSignal("");
  const code = () => typed() ?? codeFrom(label());
  const add = (): void => {
    const wrong = purposeProblem(label().trim(), code(), props.known);
    setProblem(wrong);
    if (wrong !== "") return;
    props.onAdd({ code: code(), label: label().trim(), needsCase: false });
    setLabel("");
    setTyped(null);
  };
  /** Enter in here adds the purpose instead of saving the page. */
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  };
  return (
    <div class="purpose-new">
      <label class="field">
        <span>{w("settings.newPurpose")}</span>
        <input
          value={label()}
          maxlength="60"
          autocomplete="off"
          dir="auto"
          onInput={(event) => setLabel(event.currentTarget.value)}
          onKeyDown={onKey}
        />
      </label>
      <label class="field">
        <span>{w("settings.newCode")}</span>
        <input
          class="mono"
          value={code()}
          maxlength="40"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          placeholder={w("settings.newCodeHint")}
          dir="ltr"
          onInput={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={onKey}
        />
      </label>
      <button type="button" class="button" onClick={add}>
        <Plus aria-hidden="true" />
        {w("settings.addPurpose")}
      </button>
      <FormTrouble text={problem()} />
    </div>
  );
};

export const PurposeSettings = (props: { draft: SettingsDraft }) => {
  const codes = () => props.draft.settings.purpose.codes;
  const require = (role: Role, required: boolean): void =>
    props.draft.set("purpose", "requiredFor", (roles) =>
      // In the order of ROLES, so that taking a change back leaves no change.
      ROLES.filter((known) => (known === role ? required : roles.includes(known))),
    );
  return (
    <section class="office-block">
      <h2>{w("settings.purposes")}</h2>
      <p class="quiet">{w("settings.purposesHint")}</p>
      <ul class="purposes">
        <For each={codes()}>
          {(purpose, index) => (
            <li>
              <label class="field">
                <span class="unseen">{w("settings.purposeLabel")}</span>
                <input
                  value={purpose.label}
                  minlength="2"
                  maxlength="60"
                  required
                  autocomplete="off"
                  dir="auto"
                  onInput={(event) => props.draft.set("purpose", "codes", index(), "label", event.currentTarget.value)}
                />
              </label>
              <code class="quiet" dir="ltr">
                {purpose.code}
              </code>
              <SwitchField
                label={w("settings.needsCase")}
                checked={purpose.needsCase}
                onChange={(needed) => props.draft.set("purpose", "codes", index(), "needsCase", needed)}
              />
              <button
                type="button"
                class="target"
                aria-label={w("settings.removePurpose", { name: purpose.label })}
                title={codes().length === 1 ? w("settings.lastPurpose") : undefined}
                disabled={codes().length === 1}
                onClick={() => props.draft.set("purpose", "codes", (all) => all.filter((_, at) => at !== index()))}
              >
                <Trash aria-hidden="true" />
              </button>
            </li>
          )}
        </For>
      </ul>
      <Show when={codes().length === 1}>
        <p class="quiet">{w("settings.lastPurpose")}</p>
      </Show>
      <NewPurpose
        known={codes()}
        onAdd={(purpose) => props.draft.set("purpose", "codes", (all) => [...all, purpose])}
      />
      <fieldset class="field switch-row">
        <legend>{w("settings.requiredFor")}</legend>
        <For each={ROLES}>
          {(role) => (
            <SwitchField
              label={t(`me.role.${role}`)}
              checked={props.draft.settings.purpose.requiredFor.includes(role)}
              onChange={(required) => require(role, required)}
            />
          )}
        </For>
      </fieldset>
    </section>
  );
};
