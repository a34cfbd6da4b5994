/**
 * The sections of the settings: the organisation, limits, reviews, public pages.
 * Rule: every setting here changes what the system does or what a public page says.
 */
import { JURISDICTIONS, JURISDICTION_CODES, POLICY_ELEMENTS } from "@chaverim/contracts";
import { For, Show, createUniqueId } from "solid-js";
import TriangleAlert from "lucide-solid/icons/triangle-alert";
import { w } from "../../i18n/office.ts";
import type { SettingsDraft } from "./settings-draft.ts";
import { LongTextField, NumberField, SwitchField, TextField } from "./settings-fields.tsx";

type Section = { draft: SettingsDraft };

/** UTC is a zone too, though browsers leave it out of their list. */
const TIME_ZONES: readonly string[] = ["UTC", ...Intl.supportedValuesOf("timeZone")];

const TimeZoneField = (props: Section) => {
  const id = createUniqueId();
  const check = (input: HTMLInputElement): void => {
    input.setCustomValidity(TIME_ZONES.includes(input.value) ? "" : w("settings.timeZoneWrong"));
    props.draft.set("timeZone", input.value);
  };
  return (
    <div class="field">
      <label for={id}>{w("settings.timeZone")}</label>
      <input
        id={id}
        list={`${id}-zones`}
        value={props.draft.settings.timeZone}
        maxlength="64"
        required
        autocomplete="off"
        spellcheck={false}
        dir="ltr"
        aria-describedby={`${id}-hint`}
        onInput={(event) => check(event.currentTarget)}
      />
      <datalist id={`${id}-zones`}>
        <For each={TIME_ZONES}>{(zone) => <option value={zone} />}</For>
      </datalist>
      <small id={`${id}-hint`}>{w("settings.timeZoneHint")}</small>
    </div>
  );
};

const JurisdictionField = (props: Section) => {
  const law = () => {
    const { jurisdiction } = props.draft.settings;
    return jurisdiction === null ? "check" : JURISDICTIONS[jurisdiction].law;
  };
  return (
    <>
      <label class="field">
        <span>{w("settings.jurisdiction")}</span>
        <select
          onChange={(event) =>
            props.draft.set(
              "jurisdiction",
              JURISDICTION_CODES.find((code) => code === event.currentTarget.value) ?? null,
            )
          }
        >
          <option value="" selected={props.draft.settings.jurisdiction === null}>
            {w("settings.jurisdictionUnset")}
          </option>
          <For each={JURISDICTION_CODES}>
            {(code) => (
              <option value={code} selected={props.draft.settings.jurisdiction === code}>
                {w(`settings.jurisdiction.${code}`)}
              </option>
            )}
          </For>
        </select>
      </label>
      <p class="law" classList={{ warn: law() === "restricted" }} role="status">
        <TriangleAlert aria-hidden="true" />
        {w(`settings.law.${law()}`)}
      </p>
    </>
  );
};

export const OrganisationSettings = (props: Section) => (
  <section class="office-block">
    <h2>{w("settings.organisation")}</h2>
    <TextField
      label={w("settings.organisationName")}
      value={props.draft.settings.organisation}
      min={2}
      max={100}
      hint={w("settings.organisationHint")}
      onInput={(name) => props.draft.set("organisation", name)}
    />
    <TextField
      label={w("settings.contact")}
      value={props.draft.settings.contact}
      max={200}
      hint={w("settings.contactHint")}
      onInput={(contact) => props.draft.set("contact", contact)}
    />
    <TimeZoneField draft={props.draft} />
    <JurisdictionField draft={props.draft} />
  </section>
);

export const LimitSettings = (props: Section) => (
  <section class="office-block">
    <h2>{w("settings.limits")}</h2>
    <NumberField
      label={w("settings.validDays")}
      unit={w("settings.days")}
      value={props.draft.settings.training.validDays}
      min={1}
      max={1825}
      hint={w("settings.validDaysHint")}
      onInput={(days) => props.draft.set("training", "validDays", days)}
    />
    <NumberField
      label={w("settings.dailyLooks")}
      unit={w("settings.aDay")}
      value={props.draft.settings.viewer.dailyLooks}
      min={1}
      max={10_000}
      hint={w("settings.dailyLooksHint")}
      onInput={(looks) => props.draft.set("viewer", "dailyLooks", looks)}
    />
    <NumberField
      label={w("settings.idleMinutes")}
      unit={w("settings.minutes")}
      value={props.draft.settings.sessions.idleMinutes}
      min={5}
      max={720}
      hint={w("settings.idleMinutesHint")}
      onInput={(minutes) => props.draft.set("sessions", "idleMinutes", minutes)}
    />
    <SwitchField
      label={w("settings.strictInstalled")}
      hint={w("settings.strictInstalledHint")}
      checked={props.draft.settings.sessions.strictInstalled}
      onChange={(strict) => props.draft.set("sessions", "strictInstalled", strict)}
    />
  </section>
);

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

const HourField = (props: { label: string; value: number; onChange: (hour: number) => void }) => (
  <label class="field">
    <span>{props.label}</span>
    <select onChange={(event) => props.onChange(Number(event.currentTarget.value))}>
      <For each={HOURS}>
        {(hour) => (
          <option value={hour} selected={hour === props.value}>
            {String(hour).padStart(2, "0")}:00
          </option>
        )}
      </For>
    </select>
  </label>
);

export const ReviewSettings = (props: Section) => (
  <section class="office-block">
    <h2>{w("settings.reviews")}</h2>
    <p class="quiet">{w("settings.reviewsHint")}</p>
    <NumberField
      label={w("settings.repeatLooks")}
      unit={w("settings.repeatLooksUnit")}
      value={props.draft.settings.reviews.repeatLooks}
      min={2}
      max={100}
      onInput={(looks) => props.draft.set("reviews", "repeatLooks", looks)}
    />
    <NumberField
      label={w("settings.nightLooks")}
      unit={w("settings.nightLooksUnit")}
      value={props.draft.settings.reviews.nightLooks}
      min={1}
      max={10_000}
      onInput={(looks) => props.draft.set("reviews", "nightLooks", looks)}
    />
    <div class="hours">
      <HourField
        label={w("settings.night")}
        value={props.draft.settings.reviews.nightFrom}
        onChange={(hour) => props.draft.set("reviews", "nightFrom", hour)}
      />
      <HourField
        label={w("settings.nightTo")}
        value={props.draft.settings.reviews.nightTo}
        onChange={(hour) => props.draft.set("reviews", "nightTo", hour)}
      />
    </div>
    <NumberField
      label={w("settings.sample")}
      unit={w("settings.sampleUnit")}
      value={props.draft.settings.reviews.samplePerMonth}
      min={0}
      max={1000}
      onInput={(looks) => props.draft.set("reviews", "samplePerMonth", looks)}
    />
  </section>
);

/** Where a page stands, as a link once it is public. Saved settings decide, not the draft. */
const PageAddress = (props: { path: "/transparency" | "/policy"; isPublic: boolean }) => {
  const address = `${location.origin}${props.path}`;
  return (
    <Show when={props.isPublic} fallback={w("settings.notPublic", { address })}>
      <a class="text-link" href={props.path} target="_blank" rel="noreferrer">
        {w("settings.publicAt", { address })}
      </a>
    </Show>
  );
};

export const PageSettings = (props: Section) => (
  <section class="office-block">
    <h2>{w("settings.pages")}</h2>
    <p class="quiet">{w("settings.pagesHint")}</p>
    <div>
      <SwitchField
        label={w("settings.publishTransparency")}
        checked={props.draft.settings.pages.transparency}
        onChange={(on) => props.draft.set("pages", "transparency", on)}
      />
      <p class="page-address quiet">
        <PageAddress path="/transparency" isPublic={props.draft.base().settings.pages.transparency} />
      </p>
    </div>
    <div>
      <SwitchField
        label={w("settings.publishPolicy")}
        checked={props.draft.settings.pages.policy}
        onChange={(on) => props.draft.set("pages", "policy", on)}
      />
      <p class="page-address quiet">
        <PageAddress path="/policy" isPublic={props.draft.base().settings.pages.policy} />
      </p>
    </div>
    <For each={POLICY_ELEMENTS}>
      {(element) => (
        <LongTextField
          label={w(`settings.element.${element}`)}
          hint={w("settings.generated", { what: w(`settings.generated.${element}`) })}
          value={props.draft.settings.pages.elements[element]}
          max={4000}
          onInput={(text) => props.draft.set("pages", "elements", element, text)}
        />
      )}
    </For>
  </section>
);
