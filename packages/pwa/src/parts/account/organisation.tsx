/**
 * The first administrator's last step: what the organisation is called, its time zone, and where it stands.
 * Rule: the law of the place is named before the place is saved; it is a fact to act on, not advice.
 */
import { type Jurisdiction, JURISDICTIONS, JURISDICTION_CODES, type PolicyView } from "@chaverim/contracts";
import Scale from "lucide-solid/icons/scale";
import { For, createSignal } from "solid-js";
import { w } from "../../i18n/account.ts";
import { w as office } from "../../i18n/office.ts";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";

/** The shortest name that the policy takes. */
const NAME_MIN = 2;

const ownZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;
/** Every zone that this browser knows; its own may be an older name that the list leaves out. */
const zones = (): string[] => [...new Set([ownZone(), ...Intl.supportedValuesOf("timeZone"), "UTC"])].toSorted();

export default function OrganisationForm(props: { policy: PolicyView; onDone: () => void }) {
  const attempt = createAttempt();
  const [place, setPlace] = createSignal<Jurisdiction | "">("");
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const organisation = field(event.currentTarget, "organisation");
    const timeZone = field(event.currentTarget, "timeZone");
    const jurisdiction = place();
    if (organisation.length < NAME_MIN) return attempt.setProblem(w("organisation.nameShort"));
    if (jurisdiction === "") return attempt.setProblem(w("organisation.placeMissing"));
    void attempt.run(async () => {
      const { settings, version } = props.policy;
      await trpc.policy.set.mutate({
        settings: { ...settings, organisation, timeZone, jurisdiction },
        basedOn: version,
      });
      props.onDone();
    });
  };
  return (
    <form class="form" novalidate onSubmit={submit}>
      <label class="field">
        <span>{w("organisation.name")}</span>
        <input name="organisation" maxlength="100" autocomplete="organization" dir="auto" required />
        <small>{w("organisation.nameHint")}</small>
      </label>
      <label class="field">
        <span>{w("organisation.timeZone")}</span>
        <select name="timeZone" dir="ltr">
          <For each={zones()}>{(zone) => <option selected={zone === ownZone()}>{zone}</option>}</For>
        </select>
      </label>
      <label class="field">
        <span>{w("organisation.place")}</span>
        <select onChange={(event) => setPlace(event.currentTarget.value as Jurisdiction | "")} required>
          <option value="">{w("organisation.choose")}</option>
          <For each={JURISDICTION_CODES}>
            {(code) => <option value={code}>{office(`settings.jurisdiction.${code}`)}</option>}
          </For>
        </select>
      </label>
      <div role="status" class="law-note">
        {(() => {
          const code = place();
          if (code === "") return null;
          const { law } = JURISDICTIONS[code];
          return (
            <p classList={{ warn: law === "restricted" }}>
              <Scale aria-hidden="true" />
              <span>{office(`settings.law.${law}`)}</span>
            </p>
          );
        })()}
      </div>
      <FormTrouble text={attempt.problem()} />
      <button type="submit" class="button big primary" disabled={attempt.busy()}>
        {attempt.busy() ? w("try.working") : w("organisation.submit")}
      </button>
    </form>
  );
}
