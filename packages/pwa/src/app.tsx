/**
 * The application: who is signed in, and the lock, decide between the entrance and the screens; the shell around them is
 * navigation, the news of alerts, messages, and what central asks of the person.
 * Rule: an alert that arrives anywhere is told without taking the focus, and rings behind the lock, too.
 */
import type { AlertView, Capability } from "@chaverim/contracts";
import { A, Navigate, Route, Router, type RouteSectionProps, useLocation, useNavigate } from "@solidjs/router";
import Bell from "lucide-solid/icons/bell";
import FileText from "lucide-solid/icons/file-text";
import LayoutPanelLeft from "lucide-solid/icons/layout-panel-left";
import MapIcon from "lucide-solid/icons/map";
import ListIcon from "lucide-solid/icons/list";
import Radio from "lucide-solid/icons/radio";
import Search from "lucide-solid/icons/search";
import Server from "lucide-solid/icons/server";
import SlidersHorizontal from "lucide-solid/icons/sliders-horizontal";
import User from "lucide-solid/icons/user";
import Users from "lucide-solid/icons/users";
import { type Component, For, Match, Show, Suspense, Switch, createEffect, lazy, on, onCleanup } from "solid-js";
import { Dynamic } from "solid-js/web";
import { asked, settle } from "./asking.ts";
import { now } from "./clock.ts";
import type { WordKey } from "./i18n/en.ts";
import { t } from "./i18n/words.ts";
import { link } from "./local/sync.ts";
import { Mark } from "./parts/mark.tsx";
import { PlateChip } from "./parts/plate-chip.tsx";
import { PriorityMark } from "./parts/priority-mark.tsx";
import { Screen, newAlertsCount } from "./parts/screen.tsx";
import { Notice } from "./parts/states.tsx";
import { Toasts, showToast } from "./parts/toasts.tsx";
import { isWall } from "./parts/width.ts";
import { followPresence } from "./presence.ts";
import { local, lock, mayI, user } from "./session.ts";
import { shortcuts } from "./settings.ts";
import { type Rung, dueTone, play } from "./sound.ts";
import AlertsScreen from "./screens/alerts.tsx";
import LiveScreen from "./screens/live.tsx";

const AccessLogScreen = lazy(() => import("./screens/access-log.tsx"));
const CollectorScreen = lazy(() => import("./screens/collector.tsx"));
const CollectorsScreen = lazy(() => import("./screens/collectors.tsx"));
const ListsScreen = lazy(() => import("./screens/lists.tsx"));
const JoinScreen = lazy(() => import("./screens/join.tsx"));
const LockScreen = lazy(() => import("./screens/lock.tsx"));
const MapScreen = lazy(() => import("./screens/map.tsx"));
const MeScreen = lazy(() => import("./screens/me.tsx"));
const MyLogScreen = lazy(() => import("./screens/my-log.tsx"));
const PeopleScreen = lazy(() => import("./screens/people.tsx"));
const PersonScreen = lazy(() => import("./screens/person.tsx"));
const PlateScreen = lazy(() => import("./screens/plate.tsx"));
const QuarantineScreen = lazy(() => import("./screens/quarantine.tsx"));
const ReviewsScreen = lazy(() => import("./screens/reviews.tsx"));
const SearchScreen = lazy(() => import("./screens/search.tsx"));
const SettingsScreen = lazy(() => import("./screens/settings.tsx"));
const SignInScreen = lazy(() => import("./screens/sign-in.tsx"));
const WallScreen = lazy(() => import("./screens/wall.tsx"));
const Purpose = lazy(() => import("./parts/account/purpose.tsx"));
const StepUp = lazy(() => import("./parts/account/step-up.tsx"));
const StillThere = lazy(() => import("./parts/account/still-there.tsx"));

type Place = {
  href: string;
  word: Extract<WordKey, `nav.${string}`>;
  icon: Component<{ "aria-hidden": "true" }>;
  needs?: Capability;
  /** Where it is offered; both when left out. */
  only?: "wall" | "desk";
  /** Further addresses that belong to this place. */
  also?: string;
};

const PLACES: readonly Place[] = [
  { href: "/wall", word: "nav.wall", icon: LayoutPanelLeft, needs: "see_alerts", only: "wall" },
  { href: "/alerts", word: "nav.alerts", icon: Bell, needs: "see_alerts" },
  { href: "/live", word: "nav.live", icon: Radio, needs: "search_plates" },
  { href: "/search", word: "nav.search", icon: Search, needs: "search_plates", also: "/plates" },
  { href: "/map", word: "nav.map", icon: MapIcon, needs: "see_alerts" },
  { href: "/lists", word: "nav.lists", icon: ListIcon, needs: "read_watchlists" },
  {
    href: "/collectors",
    word: "nav.collectors",
    icon: Server,
    needs: "see_collectors",
    only: "desk",
    also: "/quarantine",
  },
  { href: "/people", word: "nav.people", icon: Users, needs: "manage_people", only: "desk" },
  { href: "/access-log", word: "nav.log", icon: FileText, needs: "read_log", only: "desk", also: "/reviews" },
  { href: "/settings", word: "nav.settings", icon: SlidersHorizontal, needs: "set_policy", only: "desk" },
  { href: "/me", word: "nav.me", icon: User },
];

const Badge = () => (
  <Show when={newAlertsCount() > 0}>
    <span
      class="badge"
      classList={{
        urgent: local().alerts.list.some((alert) => alert.state === "new" && alert.priority === 1 && !alert.late),
      }}
      aria-hidden="true"
    >
      {newAlertsCount()}
    </span>
  </Show>
);

const Navigation = () => {
  const location = useLocation();
  const isHere = (place: Place): boolean =>
    location.pathname.startsWith(place.href) || (place.also !== undefined && location.pathname.startsWith(place.also));
  return (
    <nav class="navigation" aria-label={t("nav.main")}>
      <span class="brand">
        <Mark />
      </span>
      <For each={PLACES.filter((place) => place.needs === undefined || mayI(place.needs))}>
        {(place) => (
          // A plain link: the router follows it, and which place is current is said here, not by the address alone.
          <a
            href={place.href}
            class={`place ${place.only === undefined ? "" : `only-${place.only}`}`}
            aria-current={isHere(place) ? "page" : undefined}
          >
            <span class="place-icon">
              <Dynamic component={place.icon} aria-hidden="true" />
              <Show when={place.href === "/alerts"}>
                <Badge />
              </Show>
            </span>
            <span>{t(place.word)}</span>
            <Show when={place.href === "/alerts" && newAlertsCount() > 0}>
              <span class="unseen">{t("nav.newAlerts", { count: newAlertsCount() })}</span>
            </Show>
          </a>
        )}
      </For>
    </nav>
  );
};

const NewsText = (props: { alert: AlertView }) => (
  <span class="news">
    <PriorityMark priority={props.alert.priority} />
    <span class="news-text">
      <PlateChip text={props.alert.entry.plate} side="listed" differences={props.alert.match.differences} />
      <span class="clip">
        {t("alerts.arrived", { list: props.alert.watchlist.name, camera: props.alert.detection.camera.name })}
      </span>
    </span>
  </span>
);

/** Tells of alerts that arrive while the application is open; those that were there before are not news. */
const followNews = (): void => {
  const navigate = useNavigate();
  const location = useLocation();
  let known: Set<string> | undefined;
  createEffect(() => {
    if (!local().alerts.ready || link().kind === "starting") return;
    const fresh = local().alerts.list.filter((alert) => alert.state === "new" && !alert.late);
    if (known !== undefined && location.pathname !== "/wall" && location.pathname !== "/alerts") {
      // Three at once are a crowd already; the badge counts the rest.
      for (const alert of fresh.filter(({ id }) => known?.has(id) === false).slice(0, 3)) {
        showToast({
          kind: "news",
          text: <NewsText alert={alert} />,
          action: { label: t("alerts.openIt"), run: () => navigate(`/alerts/${alert.id}`) },
        });
      }
    }
    known = new Set([...(known ?? []), ...local().alerts.list.map((alert) => alert.id)]);
  });
};

const followSound = (): void => {
  const rung = new Map<string, Rung>();
  createEffect(() => {
    const tone = dueTone(local().alerts.list, rung, now());
    if (tone !== null) play(tone);
  });
  createEffect(
    on(
      () => link().kind,
      (kind, before) => {
        if (kind === "offline" && before !== undefined && before !== "offline") play("failure");
      },
    ),
  );
};

/** `/` goes to the nearest search box, unless somebody is typing or has switched shortcuts off. */
const followSearchKey = (): void => {
  const onKey = (event: KeyboardEvent): void => {
    // The character, or its place where the layout has another one there, as the Hebrew one has.
    const isSlash = event.key === "/" || (event.code === "Slash" && !event.shiftKey);
    if (!isSlash || !shortcuts() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLElement && event.target.closest("input, textarea, select, [role=dialog]")) return;
    const box =
      document.querySelector<HTMLInputElement>("input[data-search]") ??
      document.querySelector<HTMLInputElement>("input[data-quick]");
    if (box === null) return;
    event.preventDefault();
    box.focus();
    box.select();
  };
  addEventListener("keydown", onKey);
  onCleanup(() => removeEventListener("keydown", onKey));
};

const Shell = (props: RouteSectionProps) => {
  followNews();
  followSearchKey();
  const isOneAlert = () => props.location.pathname.startsWith("/alerts/");
  return (
    <div class="shell" classList={{ "one-alert": isOneAlert() }}>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The fragment of the address is the state of the screen: it stays.
          event.preventDefault();
          document.querySelector<HTMLElement>("#main")?.focus();
        }}
      >
        {t("app.skip")}
      </a>
      <Navigation />
      <Suspense fallback={<div class="screen" />}>{props.children}</Suspense>
    </div>
  );
};

/** What central asks of the person; whoever asked hears "no" when nobody can answer any more. */
const Questions = () => {
  onCleanup(() => settle(false));
  return (
    <Suspense>
      <Switch>
        <Match when={asked() === "code"}>
          <StepUp />
        </Match>
        <Match when={asked() === "purpose"}>
          <Purpose />
        </Match>
      </Switch>
    </Suspense>
  );
};

const Door = (props: RouteSectionProps) => {
  followSound();
  const nearEnd = followPresence();
  const isJoining = () => props.location.pathname === "/setup" || props.location.pathname === "/join";
  const isOpen = () => isJoining() || lock() === "open";
  createEffect(() => {
    // The title counts alerts; a locked application tells nothing.
    if (!isOpen()) document.title = t("app.name");
  });
  return (
    <>
      <Switch fallback={<div class="screen" />}>
        <Match when={isJoining()}>
          <Suspense>{props.children}</Suspense>
        </Match>
        <Match when={user() === null}>
          <Suspense>
            <SignInScreen />
          </Suspense>
        </Match>
        <Match when={user() && !isOpen()}>
          <Suspense>
            <LockScreen />
          </Suspense>
        </Match>
        <Match when={user()}>
          <Shell {...props} />
        </Match>
      </Switch>
      <Show when={isOpen()}>
        <Questions />
        <Show when={nearEnd()}>
          {(endMs) => (
            <Suspense>
              <StillThere endMs={endMs()} />
            </Suspense>
          )}
        </Show>
        <Toasts />
      </Show>
    </>
  );
};

const NotFoundScreen = () => (
  <Screen title={t("app.notFound")} heading={t("app.name")}>
    <Notice
      icon={<Search aria-hidden="true" />}
      title={t("app.notFound")}
      text={t("app.notFoundNext")}
      action={
        <A class="button" href="/alerts">
          {t("nav.alerts")}
        </A>
      }
    />
  </Screen>
);

export const App = () => (
  <Router root={Door}>
    <Route path="/" component={() => <Navigate href={isWall() ? "/wall" : "/alerts"} />} />
    <Route path={["/setup", "/join"]} component={JoinScreen} />
    <Route path="/alerts/:id?" component={AlertsScreen} />
    <Route path="/live" component={LiveScreen} />
    <Route path="/wall" component={WallScreen} />
    <Route path="/search" component={SearchScreen} />
    <Route path="/plates/:plate?" component={PlateScreen} />
    <Route path="/map" component={MapScreen} />
    <Route path="/lists" component={ListsScreen} />
    <Route path="/collectors" component={CollectorsScreen} />
    <Route path="/collectors/:id" component={CollectorScreen} />
    <Route path="/quarantine" component={QuarantineScreen} />
    <Route path="/people" component={PeopleScreen} />
    <Route path="/people/:id" component={PersonScreen} />
    <Route path="/access-log" component={AccessLogScreen} />
    <Route path="/reviews" component={ReviewsScreen} />
    <Route path="/settings" component={SettingsScreen} />
    <Route path="/me" component={MeScreen} />
    <Route path="/me/log" component={MyLogScreen} />
    <Route path="*" component={NotFoundScreen} />
  </Router>
);
