/**
 * Collectors: which devices deliver, how late, and the cameras behind them.
 * Rule: only the abnormal has colour; what is not known says so and is never a zero.
 */
import type { CollectorView } from "@chaverim/contracts";
import ChevronDown from "lucide-solid/icons/chevron-down";
import Server from "lucide-solid/icons/server";
import { For, Match, Show, Switch, createSignal } from "solid-js";
import { ageLabel, momentLabel, spanLabel } from "../clock.ts";
import { t } from "../i18n/words.ts";
import { CollectorDot, CollectorState, collectorTone, perMinuteNow, queueSince } from "../parts/collector-state.tsx";
import { percentLabel } from "../parts/match-words.ts";
import { createOnline } from "../parts/online.ts";
import { Screen } from "../parts/screen.tsx";
import { Sparkline } from "../parts/sparkline.tsx";
import { NoPermission, Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { showToast } from "../parts/toasts.tsx";
import { mayI } from "../session.ts";
import { trpc, troubleOf, troubleText } from "../trpc.ts";

/** Heartbeats come every 60 s; asking four times as often shows a change within 15 s. */
const REFRESH_MS = 15_000;
/** From here on a Raspberry Pi is close to throttling itself at 80 °C. */
const HOT_CELSIUS = 75;
/** A disk that is this full needs a person within days. */
const DISK_FULL = 0.9;
/** Seconds; alerts are promised within 5. */
const DELAY_HIGH = 30;
const ADD_COMMAND = 'npm run -s alpr -- collector add --name "North Gate"';

const Cameras = (props: { collector: CollectorView; onChanged: () => void }) => {
  const approve = async (camera: { id: string; name: string }): Promise<void> => {
    try {
      await trpc.collectors.approveCamera.mutate({ cameraId: camera.id });
      showToast({ text: t("collectors.approved", { name: camera.name }) });
      props.onChanged();
    } catch (error) {
      showToast({ kind: "trouble", text: troubleText(troubleOf(error)) });
    }
  };
  return (
    <Show when={props.collector.cameras.length > 0} fallback={<p class="quiet">{t("collectors.noCameras")}</p>}>
      <ul class="cameras" aria-label={t("collectors.showCameras", { name: props.collector.name })}>
        <For each={props.collector.cameras}>
          {(camera) => (
            <li>
              <i
                class={camera.status === "online" ? "dot ok" : "dot hollow"}
                classList={{ critical: camera.status === "error" || camera.status === "offline" }}
              />
              <span class="camera-name">
                <bdi>{camera.name}</bdi>
                <span class="quiet">{t(`collectors.camera.${camera.status ?? "unknown"}`)}</span>
              </span>
              <span class="quiet">
                {camera.lastDetectionAt === null
                  ? t("collectors.noDetection")
                  : t("collectors.lastDetection", { time: momentLabel(camera.lastDetectionAt, true) })}
              </span>
              <Show when={!camera.approved} fallback={<span class="quiet">{t("collectors.approvedWord")}</span>}>
                <span class="warn">{t("collectors.unapproved")}</span>
                <Show when={mayI("manage_collectors")}>
                  <button
                    type="button"
                    class="button primary"
                    aria-label={t("collectors.approveCamera", { name: camera.name })}
                    onClick={() => void approve(camera)}
                  >
                    {t("collectors.approve")}
                  </button>
                </Show>
              </Show>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
};

const Row = (props: { collector: CollectorView; open: boolean; onToggle: () => void; onChanged: () => void }) => {
  const tone = () => collectorTone(props.collector.state);
  const unapproved = () => props.collector.cameras.filter((camera) => !camera.approved).length;
  return (
    <>
      <tr classList={{ open: props.open }} onClick={() => props.onToggle()}>
        <th scope="row">
          <button
            type="button"
            class="row-button"
            aria-expanded={props.open}
            onClick={(event) => {
              event.stopPropagation();
              props.onToggle();
            }}
          >
            <ChevronDown aria-hidden="true" class="chevron" />
            <bdi>{props.collector.name}</bdi>
          </button>
        </th>
        <td>
          <CollectorState collector={props.collector} />
        </td>
        <td class="number" data-label={t("collectors.cameras")}>
          <Show when={unapproved() > 0}>
            <span class="warn">{t("collectors.unapprovedShort", { count: unapproved() })} · </span>
          </Show>
          {props.collector.cameras.length}
        </td>
        <td class="spark-cell" data-label={t("collectors.received")}>
          <span class="spark-line">
            <Sparkline perMinute={props.collector.perMinute} state={props.collector.state} />
            <strong class={tone() === "ok" ? "" : tone()}>{perMinuteNow(props.collector)}</strong>
          </span>
        </td>
        <td
          class="number"
          data-label={t("collectors.delay")}
          classList={{ warn: (props.collector.delaySeconds ?? 0) > DELAY_HIGH }}
        >
          {props.collector.delaySeconds === null ? "–" : spanLabel(props.collector.delaySeconds * 1000)}
        </td>
        <td data-label={t("collectors.queue")}>
          <Show when={props.collector.queue} fallback={<span class="quiet">{t("collectors.unknown")}</span>}>
            {(queue) => (
              <span classList={{ quiet: queue().rows === 0 }}>
                {queue().rows}
                <Show when={queueSince(props.collector)}>{(since) => <span class="quiet"> · {since()}</span>}</Show>
              </span>
            )}
          </Show>
        </td>
        <td
          class="number"
          data-label={t("collectors.heartbeat")}
          classList={{ warn: tone() === "warn", critical: tone() === "critical" }}
        >
          {props.collector.lastHeartbeatAt === null ? t("collectors.never") : ageLabel(props.collector.lastHeartbeatAt)}
        </td>
        <td
          class="number"
          data-label={t("collectors.disk")}
          classList={{ warn: (props.collector.diskUsed ?? 0) > DISK_FULL }}
        >
          {props.collector.diskUsed === null ? "–" : percentLabel(props.collector.diskUsed)}
        </td>
        <td
          class="number"
          data-label={t("collectors.temp")}
          classList={{ warn: (props.collector.temperature ?? 0) > HOT_CELSIUS }}
        >
          {props.collector.temperature === null ? (
            "–"
          ) : (
            <bdi dir="ltr">{Math.round(props.collector.temperature)} °C</bdi>
          )}
        </td>
        <td class="number quiet" data-label={t("collectors.version")}>
          {props.collector.version ?? "–"}
        </td>
      </tr>
      <Show when={props.open}>
        <tr class="cameras-row">
          <td colspan="10">
            <Cameras collector={props.collector} onChanged={props.onChanged} />
          </td>
        </tr>
      </Show>
    </>
  );
};

const HEADS = [
  "collectors.name",
  "collectors.state",
  "collectors.cameras",
  "collectors.received",
  "collectors.delay",
  "collectors.queue",
  "collectors.heartbeat",
  "collectors.disk",
  "collectors.temp",
  "collectors.version",
] as const;
const NUMERIC: ReadonlySet<string> = new Set([
  "collectors.cameras",
  "collectors.delay",
  "collectors.heartbeat",
  "collectors.disk",
  "collectors.temp",
  "collectors.version",
]);

export default function CollectorsScreen() {
  const collectors = createOnline(
    () => (mayI("see_collectors") ? "all" : null),
    (_all, signal) => trpc.collectors.list.query(undefined, { signal }),
    REFRESH_MS,
  );
  const [openId, setOpenId] = createSignal<string | null>(null);
  const count = (states: readonly CollectorView["state"][]) =>
    (collectors.answer() ?? []).filter((collector) => states.includes(collector.state)).length;

  return (
    <Screen
      title={t("collectors.title")}
      class="collectors-main"
      lead={
        <Show when={collectors.answer()}>
          <span
            class="pill counts"
            role="img"
            aria-label={`${t("collectors.summary")}: ${count(["live"])} ${t("collectors.live")}, ${count(["late", "draining"])} ${t("collectors.late")}, ${count(["offline"])} ${t("collectors.offline")}`}
          >
            <CollectorDot state="live" /> {count(["live"])}
            <CollectorDot state="late" /> {count(["late", "draining"])}
            <CollectorDot state="offline" /> {count(["offline"])}
          </span>
        </Show>
      }
    >
      <Switch>
        <Match when={!mayI("see_collectors")}>
          <NoPermission title={t("collectors.who")} text={t("collectors.whoNext")} />
        </Match>
        <Match when={collectors.answer() === undefined && collectors.trouble()}>
          {(trouble) => (
            <TroubleNotice title={t("collectors.failed")} trouble={trouble()} onRetry={collectors.refresh} />
          )}
        </Match>
        <Match when={collectors.answer() === undefined}>
          <Shapes rows={6} />
        </Match>
        <Match when={collectors.answer()?.length === 0}>
          <Notice
            icon={<Server aria-hidden="true" />}
            title={t("collectors.empty")}
            text={
              <>
                {t("collectors.emptyNext")}
                <code class="command" dir="ltr" tabindex="0">
                  {ADD_COMMAND}
                </code>
              </>
            }
          />
        </Match>
        <Match when={collectors.answer()}>
          {(list) => (
            <>
              <Show when={collectors.trouble()}>
                <p class="stale-line" role="status">
                  {t("states.shownAsOf", { time: momentLabel(collectors.asOf() ?? 0, true) })}
                </p>
              </Show>
              <table class="collectors">
                <thead>
                  <tr>
                    <For each={HEADS}>
                      {(key) => (
                        <th scope="col" classList={{ number: NUMERIC.has(key) }}>
                          {t(key)}
                        </th>
                      )}
                    </For>
                  </tr>
                </thead>
                <tbody>
                  <For each={list()}>
                    {(collector) => (
                      <Row
                        collector={collector}
                        open={openId() === collector.id}
                        onToggle={() => setOpenId((id) => (id === collector.id ? null : collector.id))}
                        onChanged={collectors.refresh}
                      />
                    )}
                  </For>
                </tbody>
              </table>
            </>
          )}
        </Match>
      </Switch>
    </Screen>
  );
}
