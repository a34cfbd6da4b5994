/**
 * The devices of a person, for administrators.
 * Rule: signing a device out is asked first, since only its owner can sign it in again.
 */
import type { DeviceView, PersonView } from "@chaverim/contracts";
import Monitor from "lucide-solid/icons/monitor";
import Smartphone from "lucide-solid/icons/smartphone";
import { For, Match, Show, Switch, createSignal } from "solid-js";
import { w } from "../../i18n/office.ts";
import { trpc } from "../../trpc.ts";
import { AskSheet } from "./ask-sheet.tsx";
import { createOnline } from "../online.ts";
import { Shapes, TroubleNotice } from "../states.tsx";
import { longMoment } from "../training.ts";
import { showToast } from "../toasts.tsx";

const Device = (props: { device: DeviceView; onRevoke: () => void }) => (
  <li classList={{ ended: props.device.revoked !== null }}>
    <Show when={props.device.kind === "app"} fallback={<Monitor aria-hidden="true" />}>
      <Smartphone aria-hidden="true" />
    </Show>
    <div class="item-text">
      <span>
        <bdi>{props.device.name}</bdi>
        <Show when={props.device.current}>
          <span class="quiet"> · {w("person.deviceCurrent")}</span>
        </Show>
      </span>
      <span class="quiet">
        {w("person.deviceUsed", {
          kind: w(props.device.kind === "app" ? "person.deviceApp" : "person.deviceDesktop"),
          time: longMoment(props.device.lastUsedAt),
        })}
        <Show when={props.device.ip}>{(ip) => <> {w("person.deviceFrom", { ip: ip() })}</>}</Show>
      </span>
      <span class="quiet">
        <Show
          when={props.device.revoked}
          fallback={w("person.deviceEnds", { time: longMoment(props.device.expiresAt) })}
        >
          {(revoked) => w("person.deviceEnded", { time: longMoment(revoked().at) })}
        </Show>
      </span>
    </div>
    <Show when={props.device.revoked === null}>
      <button
        type="button"
        class="button"
        aria-label={w("person.revokeDevice", { device: props.device.name })}
        onClick={() => props.onRevoke()}
      >
        {w("person.revoke")}
      </button>
    </Show>
  </li>
);

export const PersonDevices = (props: { person: PersonView; onChanged: () => void }) => {
  const devices = createOnline(
    () => props.person.id,
    (id, signal) => trpc.users.devices.query({ id }, { signal }),
  );
  const [revoking, setRevoking] = createSignal<DeviceView>();
  const revoke = async (device: DeviceView): Promise<void> => {
    await trpc.users.revokeDevice.mutate({ id: device.id });
    showToast({ text: w("person.revoked", { device: device.name }) });
    devices.refresh();
    props.onChanged();
  };
  return (
    <>
      <Switch>
        <Match when={devices.answer() === undefined && devices.trouble()}>
          {(trouble) => (
            <TroubleNotice title={w("person.devicesFailed")} trouble={trouble()} onRetry={devices.refresh} />
          )}
        </Match>
        <Match when={devices.answer() === undefined}>
          <Shapes rows={2} />
        </Match>
        <Match when={devices.answer()?.length === 0}>
          <p class="quiet">{w("person.noDevices")}</p>
        </Match>
        <Match when={devices.answer()}>
          {(list) => (
            <ul class="items">
              <For each={list()}>{(device) => <Device device={device} onRevoke={() => setRevoking(device)} />}</For>
            </ul>
          )}
        </Match>
      </Switch>
      <AskSheet
        open={revoking() !== undefined}
        onClose={() => setRevoking(undefined)}
        title={w("person.revokeAsk", { device: revoking()?.name ?? "", name: props.person.name })}
        lead={w("person.revokeAskNext")}
        submit={w("person.revoke")}
        danger
        run={async () => {
          const device = revoking();
          if (device !== undefined) await revoke(device);
        }}
      />
    </>
  );
};
