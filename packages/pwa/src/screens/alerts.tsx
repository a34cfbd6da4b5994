/**
 * Alerts: the list, and the chosen one beside it on a wide screen or instead of it on a phone.
 * Rule: the address names what is shown; both come from this device, online or not.
 */
import type { AlertView } from "@chaverim/contracts";
import { A, useParams, useSearchParams } from "@solidjs/router";
import Bell from "lucide-solid/icons/bell";
import BellRing from "lucide-solid/icons/bell-ring";
import { For, Match, Show, Switch } from "solid-js";
import { momentLabel } from "../clock.ts";
import { t } from "../i18n/words.ts";
import { local } from "../session.ts";
import { AlertInHand } from "../parts/alert-in-hand.tsx";
import { AlertRow } from "../parts/alert-row.tsx";
import { AlertStatePill } from "../parts/alert-state.tsx";
import { createHeld } from "../parts/held.ts";
import { PriorityMark } from "../parts/priority-mark.tsx";
import { Screen } from "../parts/screen.tsx";
import { Notice, Shapes } from "../parts/states.tsx";
import { isWide } from "../parts/width.ts";

const Rows = (props: { alerts: readonly AlertView[]; selected: string | undefined }) => (
  <For each={props.alerts}>{(alert) => <AlertRow alert={alert} selected={alert.id === props.selected} />}</For>
);

const Empty = (props: { filter: "open" | "resolved" }) => {
  const last = () => local().alerts.list[0];
  return (
    <Switch>
      <Match when={!local().alerts.ready}>
        <Shapes />
      </Match>
      <Match when={props.filter === "open"}>
        <Notice
          icon={<Bell aria-hidden="true" />}
          title={t("alerts.emptyOpen")}
          text={
            <Show when={last()} fallback={t("alerts.emptyOpenNever")}>
              {(alert) => t("alerts.emptyOpenLast", { time: momentLabel(alert().createdAt) })}
            </Show>
          }
        />
      </Match>
      <Match when={true}>
        <Notice
          icon={<Bell aria-hidden="true" />}
          title={t("alerts.emptyResolved")}
          text={t("alerts.emptyResolvedNext")}
        />
      </Match>
    </Switch>
  );
};

const List = (props: {
  selected: string | undefined;
  held: ReturnType<typeof createHeld<AlertView>>;
  filter: "open" | "resolved";
}) => {
  const now = () => props.held.shown().filter((alert) => !alert.late || alert.state === "resolved");
  const late = () => props.held.shown().filter((alert) => alert.late && alert.state !== "resolved");
  const count = (wantsResolved: boolean) =>
    local().alerts.list.filter((alert) => (alert.state === "resolved") === wantsResolved).length;
  return (
    <section
      class="alert-list"
      aria-label={t("alerts.title")}
      onPointerDown={() => props.held.onPointer()}
      onPointerMove={() => props.held.onPointer()}
    >
      <nav class="segments" aria-label={t("alerts.filter")}>
        <a href="/alerts" aria-current={props.filter === "open" ? "true" : undefined}>
          {t("alerts.open")} <span>{count(false)}</span>
        </a>
        <a href="/alerts?show=resolved" aria-current={props.filter === "resolved" ? "true" : undefined}>
          {t("alerts.resolved")} <span>{count(true)}</span>
        </a>
      </nav>
      <Show when={props.held.waiting() > 0}>
        <button type="button" class="waiting" onClick={() => props.held.release()}>
          {t("alerts.more", { count: props.held.waiting() })}
        </button>
      </Show>
      <Show when={props.held.shown().length > 0} fallback={<Empty filter={props.filter} />}>
        <ul>
          <Rows alerts={now()} selected={props.selected} />
        </ul>
        <Show when={late().length > 0}>
          <h2 class="section-line">
            <span>{t("alerts.late")}</span>
            <span>{t("alerts.noSound")}</span>
          </h2>
          <ul>
            <Rows alerts={late()} selected={props.selected} />
          </ul>
        </Show>
      </Show>
    </section>
  );
};

const Gone = () => (
  <Notice
    icon={<BellRing aria-hidden="true" />}
    title={t("alert.gone")}
    text={t("alert.goneNext")}
    action={
      <A class="button" href="/alerts">
        {t("alert.toList")}
      </A>
    }
  />
);

export default function AlertsScreen() {
  const params = useParams<{ id?: string }>();
  const [search] = useSearchParams<{ show?: string }>();
  const filter = () => (search.show === "resolved" ? "resolved" : "open");
  const chosen = () => local().alerts.list.find((alert) => alert.id === params.id);
  const held = createHeld(() =>
    local().alerts.list.filter((alert) => (alert.state === "resolved") === (filter() === "resolved")),
  );
  const isDetail = () => params.id !== undefined && !isWide();

  return (
    <Screen
      title={isDetail() ? t("alert.title") : t("alerts.title")}
      heading={
        <Show when={isDetail() && chosen()} fallback={isDetail() ? t("alert.title") : t("alerts.title")}>
          {(alert) => (
            <span class="alert-heading">
              <PriorityMark priority={alert().priority} />
              <bdi class="clip">{alert().watchlist.name}</bdi>
            </span>
          )}
        </Show>
      }
      back={isDetail() ? "/alerts" : undefined}
      state={<Show when={isDetail() && chosen()}>{(alert) => <AlertStatePill alert={alert()} />}</Show>}
      class="alerts-main"
      onScroll={(top) => !isDetail() && !isWide() && held.onScroll(top)}
    >
      <Show when={!isDetail()}>
        <List selected={params.id} held={held} filter={filter()} />
      </Show>
      <Show when={isDetail() || isWide()}>
        <div class="alert-side">
          <Switch>
            <Match when={chosen()}>{(alert) => <AlertInHand alert={alert()} headless={!isWide()} />}</Match>
            <Match when={params.id !== undefined && local().alerts.ready}>
              <Gone />
            </Match>
            <Match when={params.id === undefined && isWide()}>
              <Notice icon={<Bell aria-hidden="true" />} title={t("alerts.choose")} text={t("alerts.chooseNext")} />
            </Match>
          </Switch>
        </div>
      </Show>
    </Screen>
  );
}
