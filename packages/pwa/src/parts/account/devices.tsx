/**
 * A person's own devices: which is this one, when each was used, a name for it, and the way out of the others.
 * Rule: signing a device out is asked first, since only signing in again undoes it.
 */
import type { DeviceView } from "@chaverim/contracts";
import LogOut from "lucide-solid/icons/log-out";
import Monitor from "lucide-solid/icons/monitor";
import Pencil from "lucide-solid/icons/pencil";
import Smartphone from "lucide-solid/icons/smartphone";
import { For, Match, Show, Switch, createSignal } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { w } from "../../i18n/account.ts";
import { t } from "../../i18n/words.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { type Online, createOnline } from "../online.ts";
import { Sheet } from "../sheet.tsx";
import { Shapes, TroubleNotice } from "../states.tsx";
import { showToast } from "../toasts.tsx";

const DeviceRow = (props: { device: DeviceView; onName: () => void; onLeave: () => void }) => (
  <li class="device">
    <Show when={props.device.kind === "app"} fallback={<Monitor aria-hidden="true" />}>
      <Smartphone aria-hidden="true" />
    </Show>
    <div>
      <bdi class="device-name">{props.device.name}</bdi>
      <p class="quiet">
        {w(`devices.${props.device.kind}`)} ·{" "}
        {props.device.current
          ? w("devices.current")
          : w("devices.used", { time: momentLabel(props.device.lastUsedAt) })}
      </p>
    </div>
    <button
      type="button"
      class="target"
      aria-label={w("devices.name", { device: props.device.name })}
      onClick={() => props.onName()}
    >
      <Pencil aria-hidden="true" />
    </button>
    <Show when={!props.device.current} fallback={<span class="target-space" />}>
      <button
        type="button"
        class="target"
        aria-label={w("devices.leave", { device: props.device.name })}
        onClick={() => props.onLeave()}
      >
        <LogOut aria-hidden="true" class="mirrors" />
      </button>
    </Show>
  </li>
);

const NameSheet = (props: { device: DeviceView | undefined; onClose: () => void; onNamed: () => void }) => {
  const attempt = createAttempt();
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const id = props.device?.id;
    const name = field(event.currentTarget, "name");
    if (id === undefined) return;
    if (name === "") return attempt.setProblem(w("devices.nameShort"));
    void attempt.run(async () => {
      await trpc.auth.nameDevice.mutate({ id, name });
      props.onNamed();
      props.onClose();
    });
  };
  return (
    <Sheet open={props.device !== undefined} onClose={props.onClose} title={w("devices.nameTitle")}>
      <form class="form" novalidate onSubmit={submit}>
        <label class="field">
          <span>{w("devices.nameLabel")}</span>
          <input name="name" maxlength="60" autocomplete="off" dir="auto" value={props.device?.name ?? ""} />
        </label>
        <FormTrouble text={attempt.problem()} />
        <div class="sheet-buttons">
          <button type="button" class="button big outlined" onClick={() => props.onClose()}>
            {t("app.cancel")}
          </button>
          <button type="submit" class="button big primary" disabled={attempt.busy()}>
            {w("devices.nameSubmit")}
          </button>
        </div>
      </form>
    </Sheet>
  );
};

const LeaveSheet = (props: { leaving: DeviceView | "others" | undefined; onClose: () => void; onLeft: () => void }) => {
  const attempt = createAttempt();
  const others = () => props.leaving === "others";
  const name = () => (typeof props.leaving === "object" ? props.leaving.name : "");
  const leave = (): void => {
    const { leaving } = props;
    void attempt.run(async () => {
      if (leaving === "others") {
        const { signedOut } = await trpc.auth.revokeOtherDevices.mutate();
        showToast({ text: w("devices.othersLeft", { count: signedOut }) });
      } else if (leaving !== undefined) {
        await trpc.auth.revokeDevice.mutate({ id: leaving.id });
        showToast({ text: w("devices.left", { device: leaving.name }) });
      }
      props.onLeft();
      props.onClose();
    });
  };
  return (
    <Sheet
      open={props.leaving !== undefined}
      onClose={props.onClose}
      title={others() ? w("devices.othersAsk") : w("devices.leaveAsk", { device: name() })}
      lead={w("devices.leaveNext")}
    >
      <FormTrouble text={attempt.problem()} />
      <div class="sheet-buttons">
        <button type="button" class="button big outlined" onClick={() => props.onClose()}>
          {t("app.cancel")}
        </button>
        <button type="button" class="button big danger" disabled={attempt.busy()} onClick={leave}>
          {w("me.signOut")}
        </button>
      </div>
    </Sheet>
  );
};

const List = (props: { devices: Online<DeviceView[]> }) => {
  const [naming, setNaming] = createSignal<DeviceView>();
  const [leaving, setLeaving] = createSignal<DeviceView | "others">();
  const open = () => (props.devices.answer() ?? []).filter(({ revoked }) => revoked === null);
  return (
    <>
      <ul class="devices">
        <For each={open()}>
          {(device) => (
            <DeviceRow device={device} onName={() => setNaming(device)} onLeave={() => setLeaving(device)} />
          )}
        </For>
      </ul>
      <Show when={open().length > 1}>
        <button type="button" class="button" onClick={() => setLeaving("others")}>
          {w("devices.leaveOthers")}
        </button>
      </Show>
      <NameSheet device={naming()} onClose={() => setNaming(undefined)} onNamed={props.devices.refresh} />
      <LeaveSheet leaving={leaving()} onClose={() => setLeaving(undefined)} onLeft={props.devices.refresh} />
    </>
  );
};

export const Devices = () => {
  const devices = createOnline(
    () => "mine",
    (_mine, signal) => trpc.auth.devices.query(undefined, { signal }),
  );
  return (
    <section class="me-block">
      <h2>{w("devices.title")}</h2>
      <Switch fallback={<Shapes rows={2} />}>
        <Match when={devices.answer()}>
          <List devices={devices} />
        </Match>
        <Match when={devices.trouble()}>
          {(trouble) => <TroubleNotice title={w("devices.failed")} trouble={trouble()} onRetry={devices.refresh} />}
        </Match>
      </Switch>
    </section>
  );
};
