/**
 * Collectors: what is wrong with them first, then which devices deliver and how late.
 * Rule: only the abnormal has colour; what is not known says so and is never a zero.
 */
import type { CollectorView } from "@chaverim/contracts";
import { A, useNavigate } from "@solidjs/router";
import Plus from "lucide-solid/icons/plus";
import Server from "lucide-solid/icons/server";
import { For, Match, Show, Switch, createSignal } from "solid-js";
import { ageLabel, momentLabel, spanLabel } from "../clock.ts";
import { w } from "../i18n/office.ts";
import { t } from "../i18n/words.ts";
import { CollectorDot, CollectorState, collectorTone, perMinuteNow } from "../parts/collector-state.tsx";
import { percentLabel } from "../parts/match-words.ts";
import { type CollectorAct, CollectorActs } from "../parts/office/collector-acts.tsx";
import { DELAY_HIGH, DISK_FULL, HOT_CELSIUS } from "../parts/office/collector-facts.tsx";
import { CollectorTabs, countQuarantined } from "../parts/office/collector-tabs.tsx";
import { degreesLabel } from "../parts/office/health-words.ts";
import { AllProblems } from "../parts/office/problems.tsx";
import { drainBrief, queueSince } from "../parts/office/queue-words.ts";
import { createOnline } from "../parts/online.ts";
import { Screen } from "../parts/screen.tsx";
import { Sparkline } from "../parts/sparkline.tsx";
import { NoPermission, Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { mayI } from "../session.ts";
import { trpc } from "../trpc.ts";
import "../styles/office.css";
import "../styles/log.css";
import "../styles/collectors.css";

/** Heartbeats come every 60 s; asking four times as often shows a change within 15 s. */
const REFRESH_MS = 15_000;

/** A line is quiet while all is well, and while nothing is expected. */
const lineTone = (state: CollectorView["state"]): "warn" | "critical" | undefined => {
  const tone = collectorTone(state);
  return tone === "warn" || tone === "critical" ? tone : undefined;
};

const Received = (props: { collector: CollectorView }) => (
  <span class="spark-line">
    <Sparkline
      counts={props.collector.perMinute}
      tone={lineTone(props.collector.state)}
      label={w("collectors.spark", {
        now: perMinuteNow(props.collector),
        highest: Math.max(0, ...props.collector.perMinute),
        total: props.collector.perMinute.reduce((sum, count) => sum + count, 0),
      })}
    />
    <strong class={lineTone(props.collector.state) ?? ""}>{perMinuteNow(props.collector)}</strong>
  </span>
);

const Queue = (props: { collector: CollectorView }) => (
  <Show when={props.collector.queue} fallback={<span class="quiet">{w("collectors.unknown")}</span>}>
    {(queue) => (
      <>
        <span classList={{ quiet: queue().rows === 0 }}>
          {queue().rows}
          <Show when={queueSince(props.collector)}>{(since) => <span class="quiet"> · {since()}</span>}</Show>
        </span>
        <Show when={drainBrief(props.collector)}>{(brief) => <span class="queue-end quiet">{brief()}</span>}</Show>
      </>
    )}
  </Show>
);

const Row = (props: { collector: CollectorView }) => {
  const navigate = useNavigate();
  const href = () => `/collectors/${props.collector.id}`;
  const tone = () => collectorTone(props.collector.state);
  const unapproved = () => props.collector.cameras.filter((camera) => !camera.approved).length;
  return (
    <tr onClick={() => navigate(href())}>
      <th scope="row">
        <A class="site-link" href={href()}>
          <bdi>{props.collector.name}</bdi>
        </A>
      </th>
      <td>
        <CollectorState collector={props.collector} />
      </td>
      <td class="number" data-label={w("collectors.cameras")}>
        <Show when={unapproved() > 0}>
          <span class="warn">{w("collectors.unapprovedShort", { count: unapproved() })} · </span>
        </Show>
        {props.collector.cameras.length}
      </td>
      <td class="spark-cell" data-label={w("collectors.received")}>
        <Received collector={props.collector} />
      </td>
      <td
        class="number"
        data-label={w("collectors.delay")}
        classList={{ warn: (props.collector.delaySeconds ?? 0) > DELAY_HIGH }}
      >
        {props.collector.delaySeconds === null ? "–" : spanLabel(props.collector.delaySeconds * 1000)}
      </td>
      <td class="queue-cell" data-label={w("collectors.queue")}>
        <Queue collector={props.collector} />
      </td>
      <td
        class="number"
        data-label={w("collectors.heartbeat")}
        classList={{ warn: tone() === "warn", critical: tone() === "critical" }}
      >
        {props.collector.lastHeartbeatAt === null ? w("collectors.never") : ageLabel(props.collector.lastHeartbeatAt)}
      </td>
      <td
        class="number"
        data-label={w("collectors.disk")}
        classList={{ warn: (props.collector.diskUsed ?? 0) > DISK_FULL }}
      >
        {props.collector.diskUsed === null ? "–" : percentLabel(props.collector.diskUsed)}
      </td>
      <td
        class="number"
        data-label={w("collectors.temp")}
        classList={{ warn: (props.collector.temperature ?? 0) > HOT_CELSIUS || props.collector.throttled === true }}
      >
        {props.collector.temperature === null ? "–" : <bdi dir="ltr">{degreesLabel(props.collector.temperature)}</bdi>}
      </td>
      <td class="number quiet" data-label={w("collectors.version")}>
        {props.collector.version ?? "–"}
      </td>
    </tr>
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

const AddButton = (props: { onAdd: () => void }) => (
  <button type="button" class="button primary" onClick={() => props.onAdd()}>
    <Plus aria-hidden="true" />
    {w("keys.add")}
  </button>
);

export default function CollectorsScreen() {
  const collectors = createOnline(
    () => (mayI("see_collectors") ? "all" : null),
    (_all, signal, putting) => trpc.collectors.list.query(undefined, { signal, ...putting }),
    REFRESH_MS,
  );
  const [act, setAct] = createSignal<CollectorAct>();
  const count = (states: readonly CollectorView["state"][]) =>
    (collectors.answer() ?? []).filter((collector) => states.includes(collector.state)).length;

  return (
    <Screen
      title={w("collectors.title")}
      class="collectors-main"
      lead={
        <Show when={collectors.answer()}>
          <span
            class="pill counts"
            role="img"
            aria-label={`${w("collectors.summary")}: ${count(["live"])} ${t("collectors.live")}, ${count(["late", "draining"])} ${t("collectors.late")}, ${count(["offline"])} ${t("collectors.offline")}`}
          >
            <CollectorDot state="live" /> {count(["live"])}
            <CollectorDot state="late" /> {count(["late", "draining"])}
            <CollectorDot state="offline" /> {count(["offline"])}
          </span>
        </Show>
      }
    >
      <Show when={mayI("manage_collectors")}>
        <div class="log-head">
          <CollectorTabs here="collectors" waiting={countQuarantined(collectors.answer())} />
          <Show when={collectors.answer()?.length}>
            <span class="log-acts">
              <AddButton onAdd={() => setAct({ kind: "add" })} />
            </span>
          </Show>
        </div>
      </Show>
      <Switch>
        <Match when={!mayI("see_collectors")}>
          <NoPermission title={w("collectors.who")} text={w("collectors.whoNext")} />
        </Match>
        <Match when={collectors.answer() === undefined && collectors.trouble()}>
          {(trouble) => (
            <TroubleNotice title={w("collectors.failed")} trouble={trouble()} onRetry={collectors.refresh} />
          )}
        </Match>
        <Match when={collectors.answer() === undefined}>
          <Shapes rows={6} />
        </Match>
        <Match when={collectors.answer()?.length === 0}>
          <Notice
            icon={<Server aria-hidden="true" />}
            title={w("collectors.empty")}
            text={w("collectors.emptyNext")}
            action={
              <Show when={mayI("manage_collectors")}>
                <AddButton onAdd={() => setAct({ kind: "add" })} />
              </Show>
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
              <AllProblems collectors={list()} />
              <table class="collectors">
                <thead>
                  <tr>
                    <For each={HEADS}>
                      {(key) => (
                        <th scope="col" classList={{ number: NUMERIC.has(key) }}>
                          {w(key)}
                        </th>
                      )}
                    </For>
                  </tr>
                </thead>
                <tbody>
                  {/* By id: a refresh changes what a row says and leaves the row, and the focus in it, alone. */}
                  <For each={list().map(({ id }) => id)}>
                    {(id) => (
                      <Show when={list().find((collector) => collector.id === id)}>
                        {(collector) => <Row collector={collector()} />}
                      </Show>
                    )}
                  </For>
                </tbody>
              </table>
            </>
          )}
        </Match>
      </Switch>
      <CollectorActs act={act()} onClose={() => setAct(undefined)} onChanged={collectors.refresh} />
    </Screen>
  );
}
