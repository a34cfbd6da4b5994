/**
 * A choice among a few, as one row of radio buttons.
 * Rule: native radios, so keyboard and screen reader know them.
 */
import { For, createUniqueId } from "solid-js";
import { loadWords } from "../i18n/words.ts";
import { t } from "../i18n/words.ts";
import { LANGUAGES, type Language, language, setLanguage } from "../settings.ts";

export const Segments = <Value extends string>(props: {
  label: string;
  hideLabel?: boolean;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
}) => {
  const name = createUniqueId();
  return (
    <fieldset class="segmented">
      <legend classList={{ unseen: props.hideLabel ?? false }}>{props.label}</legend>
      <div class="segmented-row">
        <For each={props.options}>
          {(option) => (
            <label>
              <input
                type="radio"
                name={name}
                value={option.value}
                checked={props.value === option.value}
                onChange={() => props.onChange(option.value)}
              />
              <span>{option.label}</span>
            </label>
          )}
        </For>
      </div>
    </fieldset>
  );
};

const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: "English", he: "עברית" };

export const LanguageChoice = (props: { showLabel?: boolean }) => (
  <Segments
    label={t("me.language")}
    hideLabel={!(props.showLabel ?? false)}
    value={language()}
    options={LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value] }))}
    onChange={(value) => void loadWords(value).then(() => setLanguage(value))}
  />
);
