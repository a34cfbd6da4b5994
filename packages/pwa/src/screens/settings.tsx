/**
 * Settings of the organisation: its policy, as one page that is saved as one version.
 * Rule: nothing is in force before Save, and nothing typed is lost without asking.
 */
import type { PolicyView } from "@chaverim/contracts";
import { type BeforeLeaveEventArgs, useBeforeLeave } from "@solidjs/router";
import { Match, Show, Switch, createSignal, onCleanup } from "solid-js";
import { momentLabel } from "../clock.ts";
import { w } from "../i18n/office.ts";
import { createAttempt } from "../parts/attempt.ts";
import { FormTrouble } from "../parts/entrance.tsx";
import { createOnline } from "../parts/online.ts";
import { Screen } from "../parts/screen.tsx";
import { type SettingsDraft, createSettingsDraft } from "../parts/office/settings-draft.ts";
import { PurposeSettings } from "../parts/office/settings-purposes.tsx";
import {
  LimitSettings,
  OrganisationSettings,
  PageSettings,
  ReviewSettings,
} from "../parts/office/settings-sections.tsx";
import { Sheet } from "../parts/sheet.tsx";
import { NoPermission, Shapes, TroubleNotice } from "../parts/states.tsx";
import { longMoment } from "../parts/training.ts";
import { showToast } from "../parts/toasts.tsx";
import { mayI } from "../session.ts";
import { trpc } from "../trpc.ts";
import "../styles/office.css";
import "../styles/settings.css";

const versionWords = ({ version, setAt, setBy }: PolicyView): string => {
  if (setAt === null) return w("settings.versionDefault");
  const time = longMoment(setAt);
  return setBy === null
    ? w("settings.versionByServer", { version, time })
    : w("settings.version", { version, name: setBy, time });
};

/** Asks before typed changes are left behind, within the application and when the page closes. */
const LeaveGuard = (props: { isChanged: boolean }) => {
  const [leaving, setLeaving] = createSignal<BeforeLeaveEventArgs>();
  useBeforeLeave((leave) => {
    if (!props.isChanged || leave.defaultPrevented) return;
    leave.preventDefault();
    setLeaving(leave);
  });
  const onUnload = (event: BeforeUnloadEvent): void => {
    if (props.isChanged) event.preventDefault();
  };
  addEventListener("beforeunload", onUnload);
  onCleanup(() => removeEventListener("beforeunload", onUnload));
  return (
    <Sheet
      open={leaving() !== undefined}
      onClose={() => setLeaving(undefined)}
      title={w("settings.leaveAsk")}
      lead={w("settings.leaveAskNext")}
    >
      <div class="sheet-buttons">
        <button type="button" class="button big outlined" onClick={() => setLeaving(undefined)}>
          {w("settings.stay")}
        </button>
        <button type="button" class="button big danger" onClick={() => leaving()?.retry(true)}>
          {w("settings.leave")}
        </button>
      </div>
    </Sheet>
  );
};

const Conflict = (props: { view: PolicyView; onLoad: () => void }) => (
  <div class="settings-conflict" role="alert">
    <div>
      <strong>
        <Show when={props.view.setBy} fallback={w("settings.conflictUnknown")}>
          {(name) => w("settings.conflict", { name: name(), time: momentLabel(props.view.setAt ?? 0) })}
        </Show>
      </strong>
      <p>{w("settings.conflictNext", { version: props.view.version })}</p>
    </div>
    <button type="button" class="button" onClick={() => props.onLoad()}>
      {w("settings.conflictLoad", { version: props.view.version })}
    </button>
  </div>
);

const SaveBar = (props: { draft: SettingsDraft; busy: boolean }) => (
  <div class="save-bar">
    <Show when={props.draft.isChanged()} fallback={<p class="quiet">{versionWords(props.draft.base())}</p>}>
      <p class="warn">{w("settings.unsaved")}</p>
      <button type="button" class="button" onClick={() => props.draft.load(props.draft.base())}>
        {w("settings.discard")}
      </button>
    </Show>
    <button
      type="submit"
      class="button primary"
      disabled={!props.draft.isChanged() || props.busy || props.draft.conflict() !== undefined}
    >
      {props.busy ? w("settings.saving") : w("settings.save")}
    </button>
  </div>
);

/** The form; `view` is only what it begins from. */
const SettingsForm = (props: { view: PolicyView }) => {
  const draft = createSettingsDraft(props.view);
  const attempt = createAttempt();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void attempt.run(async () => {
      if (await draft.save()) showToast({ text: w("settings.saved", { version: draft.base().version }) });
    });
  };
  return (
    // The browser itself checks the fields: it leads to the first wrong one.
    <form class="settings" onSubmit={submit}>
      <OrganisationSettings draft={draft} />
      <PurposeSettings draft={draft} />
      <LimitSettings draft={draft} />
      <ReviewSettings draft={draft} />
      <PageSettings draft={draft} />
      <div class="save-area">
        <Show when={draft.conflict()}>{(view) => <Conflict view={view()} onLoad={() => draft.load(view())} />}</Show>
        <FormTrouble text={attempt.problem()} />
        <SaveBar draft={draft} busy={attempt.busy()} />
      </div>
      <LeaveGuard isChanged={draft.isChanged()} />
    </form>
  );
};

export default function SettingsScreen() {
  const policy = createOnline(
    () => (mayI("set_policy") ? "now" : null),
    (_now, signal) => trpc.policy.read.query(undefined, { signal }),
  );
  return (
    <Screen title={w("settings.title")} class="settings-main">
      <Switch>
        <Match when={!mayI("set_policy")}>
          <NoPermission title={w("office.who")} text={w("office.whoNext")} />
        </Match>
        <Match when={policy.trouble()}>
          {(trouble) => <TroubleNotice title={w("settings.failed")} trouble={trouble()} onRetry={policy.refresh} />}
        </Match>
        <Match when={policy.answer()}>{(view) => <SettingsForm view={view()} />}</Match>
        <Match when={true}>
          <Shapes rows={6} />
        </Match>
      </Switch>
    </Screen>
  );
}
