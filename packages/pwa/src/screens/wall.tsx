/**
 * The wall: the alert in hand or the map beside the lanes of all alerts, the newest crops, the collectors.
 * Rule: stands still; a row moves only when its state changes, and one key acknowledges what is in hand.
 */
import type { AlertView, CollectorView, DetectionView } from "@chaverim/contracts";
import { A, useNavigate } from "@solidjs/router";
import { For, Match, Show, Suspense, Switch, createEffect, createMemo, createSignal, lazy, onCleanup } from "solid-js";
import { ageLabel, clockSeconds, momentLabel } from "../clock.ts";
import { m } from "../i18n/map.ts";
import { t } from "../i18n/words.ts";
import { link } from "../local/sync.ts";
import { plateAddress } from "../parts/addresses.ts";
import { acknowledge } from "../parts/alert-acts.tsx";
import { AlertInHand } from "../parts/alert-in-hand.tsx";
import { AlertState } from "../parts/alert-state.tsx";
import { CollectorDot, collectorTone, collectorWords, perMinuteNow } from "../parts/collector-state.tsx";
import { Crop } from "../parts/crop.tsx";
import { readAs } from "../parts/match-words.ts";
import { createOnline } from "../parts/online.ts";
import { PlateChip } from "../parts/plate-chip.tsx";
import { PriorityMark } from "../parts/priority-mark.tsx";
import { Screen, SoundSwitch } from "../parts/screen.tsx";
import { isLetter } from "../parts/search/keys.ts";
import { asOfLabel } from "../parts/states.tsx";
import { isWide } from "../parts/width.ts";
import { local, mayI } from "../session.ts";
import { shortcuts } from "../settings.ts";
import { trpc } from "../trpc.ts";
import "../styles/map.css";

const WallMap = lazy(() => import("../parts/map/wall-map.tsx"));
/** Set on a wall that shows the alert in hand in the map's place. */
const ALERT_CHOSEN = "chaverim.wallAlert";

/** Resolved alerts shown; older ones are in the list of alerts. */
const RESOLVED_SHOWN = 12;
/** Crops in the strip: as many as fit on the widest desk, the rest is clipped. */
const STRIP_SHOWN = 24;
/** As on the collectors' screen. */
const REFRESH_MS = 15_000;

const inField = (event: KeyboardEvent): boolean =>
  event.target instanceof HTMLElement && event.target.closest("input, textarea, select, [role=dialog]") !== null;

const LaneCard = (props: { alert: AlertView; selected: boolean; onSelect: () => void }) => {
  let card: HTMLLIElement | undefined;
  createEffect(() => props.selected && card?.scrollIntoView({ block: "nearest" }));
  return (
    <li
      ref={(item) => (card = item)}
      class="card"
      classList={{ selected: props.selected, new: props.alert.state === "new", [`q${props.alert.priority}`]: true }}
    >
      <button type="button" class="card-body" aria-pressed={props.selected} onClick={() => props.onSelect()}>
        <span class="card-head">
          <Show when={props.alert.state !== "resolved"}>
            <PriorityMark priority={props.alert.priority} />
          </Show>
          <PlateChip
            text={props.alert.entry.plate}
            side="listed"
            differences={props.alert.match.differences}
            size="small"
          />
          <span class="card-age">
            {props.alert.state === "resolved"
              ? momentLabel(props.alert.detection.detectedAt)
              : ageLabel(props.alert.detection.detectedAt)}
          </span>
        </span>
        <Show when={props.alert.state !== "resolved"}>
          <span class="card-line">
            <span class="clip">
              <bdi>{props.alert.watchlist.name}</bdi> · <bdi>{props.alert.detection.camera.name}</bdi>
            </span>
            <bdi class="quiet" dir="ltr">
              {clockSeconds(props.alert.detection.detectedAt)}
            </bdi>
          </span>
        </Show>
        <Show
          when={props.alert.state === "new" && !props.alert.late}
          fallback={<AlertState alert={props.alert} brief />}
        >
          <span class="card-look">
            <Crop detection={props.alert.detection} decorative />
            <span classList={{ warn: props.alert.match.differences.length > 0 }}>
              {readAs(props.alert.match) ?? t("match.exact")}
            </span>
          </span>
        </Show>
      </button>
      <Show when={props.alert.state === "new" && props.selected}>
        <button type="button" class="button primary card-ack" onClick={() => void acknowledge(props.alert)}>
          {t("wall.acknowledge")} <kbd aria-hidden="true">a</kbd>
        </button>
      </Show>
    </li>
  );
};

const Lane = (props: {
  name: string;
  alerts: readonly AlertView[];
  urgent?: boolean;
  selectedId: string | undefined;
  onSelect: (id: string) => void;
  class: string;
}) => (
  <section class={`lane ${props.class}`} aria-label={props.name}>
    <h2>
      {props.name}
      <span class="lane-count" classList={{ critical: props.urgent ?? false }}>
        {props.alerts.length}
      </span>
    </h2>
    <Show when={props.alerts.length > 0} fallback={<p class="lane-none quiet">{t("wall.none")}</p>}>
      <ul>
        <For each={props.alerts}>
          {(alert) => (
            <LaneCard
              alert={alert}
              selected={alert.id === props.selectedId}
              onSelect={() => props.onSelect(alert.id)}
            />
          )}
        </For>
      </ul>
    </Show>
  </section>
);

const Calm = (props: { last: AlertView | undefined; newest: DetectionView | undefined }) => (
  <div class="calm">
    <h2>{t("wall.calm")}</h2>
    <p class="quiet">
      {props.newest === undefined
        ? t("wall.quiet")
        : props.last === undefined
          ? t("wall.calmNever")
          : t("wall.calmLast", { time: momentLabel(props.last.createdAt) })}
    </p>
    <Show when={props.newest}>
      {(newest) => (
        <div class="calm-newest">
          <Crop detection={newest()} eager />
          <div class="calm-line">
            <Show when={newest().plate.text ?? newest().plate.normalized} fallback={<span>{t("live.noPlate")}</span>}>
              {(plate) => <PlateChip text={plate()} lit size="large" />}
            </Show>
            <span>
              <bdi>{newest().camera.name}</bdi>
              <span class="quiet">
                {momentLabel(newest().detectedAt, true)} · {ageLabel(newest().detectedAt)}
              </span>
            </span>
          </div>
        </div>
      )}
    </Show>
  </div>
);

const Strip = (props: { detections: readonly DetectionView[]; hot: ReadonlySet<string> }) => (
  <section class="strip stale-grey" aria-label={t("wall.strip")}>
    <Show when={props.detections.length === 0 && link().kind !== "starting"}>
      <p class="lane-none quiet">{t("live.emptyTitle")}</p>
    </Show>
    <ul>
      <For each={props.detections}>
        {(detection) => (
          <li classList={{ hot: props.hot.has(detection.id) }}>
            <A
              href={
                detection.plate.normalized === null || !mayI("see_timeline")
                  ? "/live"
                  : plateAddress(detection.plate.normalized)
              }
            >
              <Crop detection={detection} eager decorative />
              <bdi class="mono clip" dir="ltr">
                {detection.plate.text ?? "–"}
              </bdi>
              <span class="strip-line">
                <bdi class="clip">{detection.camera.name}</bdi>
                <bdi dir="ltr">{clockSeconds(detection.detectedAt)}</bdi>
              </span>
            </A>
          </li>
        )}
      </For>
    </ul>
  </section>
);

const Collectors = (props: { collectors: readonly CollectorView[] | undefined }) => (
  <section class="collector-strip" aria-label={t("wall.collectors")}>
    <Show
      when={props.collectors?.length}
      fallback={<span class="quiet">{props.collectors === undefined ? "" : t("wall.noCollectors")}</span>}
    >
      <ul>
        <For each={props.collectors}>
          {(collector) => (
            <li>
              <CollectorDot state={collector.state} />
              <bdi>{collector.name}</bdi>
              <span class={collectorTone(collector.state) === "ok" ? "quiet" : collectorTone(collector.state)}>
                {collector.state === "live"
                  ? t("wall.perMinute", { count: perMinuteNow(collector) })
                  : collectorWords(collector)}
              </span>
            </li>
          )}
        </For>
      </ul>
      <span class="quiet collector-total">
        {t("wall.total", {
          count: (props.collectors ?? []).reduce((sum, collector) => sum + perMinuteNow(collector), 0),
        })}
      </span>
    </Show>
  </section>
);

const Keys = () => (
  <p class="keys" aria-hidden="true">
    <span>
      <kbd>j</kbd> <kbd>k</kbd> {t("wall.keysMove")}
    </span>
    <span>
      <kbd>a</kbd> {t("wall.keysAck")}
    </span>
    <span>
      <kbd>/</kbd> {t("wall.keysSearch")}
    </span>
  </p>
);

export default function WallScreen() {
  const navigate = useNavigate();
  const inState = (state: AlertView["state"]) => local().alerts.list.filter((alert) => alert.state === state);
  const fresh = createMemo(() => inState("new").toSorted((a, b) => Number(a.late) - Number(b.late)));
  const acknowledged = createMemo(() => inState("acknowledged"));
  const resolved = createMemo(() => inState("resolved").slice(0, RESOLVED_SHOWN));
  const order = () => [...fresh(), ...acknowledged(), ...resolved()];
  const [chosenId, setChosenId] = createSignal<string>();
  // What is in hand stays in hand when its state changes; with nothing chosen the newest open alert is shown.
  const chosen = () => order().find((alert) => alert.id === chosenId()) ?? fresh()[0] ?? acknowledged()[0];
  const collectors = createOnline(
    () => (mayI("see_collectors") ? "all" : null),
    (_all, signal, putting) => trpc.collectors.list.query(undefined, { signal, ...putting }),
    REFRESH_MS,
  );
  const hot = createMemo(() => new Set(local().alerts.list.map((alert) => alert.detection.id)));

  const [isMap, setMap] = createSignal(localStorage.getItem(ALERT_CHOSEN) === null);
  const chooseMap = (wanted: boolean): void => {
    setMap(wanted);
    if (wanted) localStorage.removeItem(ALERT_CHOSEN);
    else localStorage.setItem(ALERT_CHOSEN, "1");
  };
  const move = (step: 1 | -1): void => {
    const alerts = order();
    const place = alerts.findIndex((alert) => alert.id === chosen()?.id);
    const next = alerts[Math.min(alerts.length - 1, Math.max(0, place + step))];
    if (next !== undefined) setChosenId(next.id);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (!shortcuts() || event.ctrlKey || event.metaKey || event.altKey || inField(event)) return;
    const alert = chosen();
    if (isLetter(event, "j")) move(1);
    else if (isLetter(event, "k")) move(-1);
    else if (isLetter(event, "m")) chooseMap(!isMap());
    else if (isLetter(event, "a") && alert?.state === "new" && !event.repeat) {
      setChosenId(alert.id);
      void acknowledge(alert);
    } else if (event.key === "Enter" && alert !== undefined && event.target === document.body)
      navigate(`/alerts/${alert.id}`);
  };
  addEventListener("keydown", onKey);
  onCleanup(() => removeEventListener("keydown", onKey));

  return (
    <Screen title={t("wall.title")} class="wall-main" lead={<SoundSwitch />}>
      <section class="in-hand" aria-label={isMap() ? m("map.title") : t("alert.title")}>
        <p class="wall-choice">
          <button type="button" class="button" aria-pressed={!isMap()} onClick={() => chooseMap(false)}>
            {m("map.showAlert")}
          </button>
          <button type="button" class="button" aria-pressed={isMap()} onClick={() => chooseMap(true)}>
            {m("map.showMap")} <kbd aria-hidden="true">m</kbd>
          </button>
        </p>
        <Switch>
          <Match when={isMap() && isWide()}>
            <div class="wall-ground">
              <Suspense>
                <WallMap chosenCameraId={chosen()?.detection.camera.id} />
              </Suspense>
            </div>
          </Match>
          <Match when={chosen()} keyed={false}>
            {(alert) => <AlertInHand alert={alert()} />}
          </Match>
          <Match when={local().alerts.ready}>
            <Calm last={local().alerts.list[0]} newest={local().detections.list[0]} />
          </Match>
        </Switch>
      </section>
      <section class="lanes" aria-label={t("wall.lanes")}>
        <Lane
          class="lane-new"
          name={t("wall.new")}
          alerts={fresh()}
          urgent={fresh().some((alert) => alert.priority === 1)}
          selectedId={chosen()?.id}
          onSelect={setChosenId}
        />
        <Lane
          class="lane-acknowledged"
          name={t("wall.acknowledged")}
          alerts={acknowledged()}
          selectedId={chosen()?.id}
          onSelect={setChosenId}
        />
        <div class="lane-last">
          <Lane
            class="lane-resolved"
            name={t("wall.resolved")}
            alerts={resolved()}
            selectedId={chosen()?.id}
            onSelect={setChosenId}
          />
          <Show when={shortcuts()}>
            <Keys />
          </Show>
        </div>
      </section>
      <Strip detections={local().detections.list.slice(0, STRIP_SHOWN)} hot={hot()} />
      <Show
        when={link().kind !== "offline"}
        fallback={
          <p class="collector-strip stale-line" role="status">
            {t("link.staleSince", { time: asOfLabel() })}
          </p>
        }
      >
        <Show when={mayI("see_collectors")}>
          <Collectors collectors={collectors.answer()} />
        </Show>
      </Show>
    </Screen>
  );
}
