/**
 * The frame of every screen: its title, the state of the line, the desktop's bar, and the part that scrolls.
 * Rule: one h1, one main; the browser's title counts the new alerts.
 */
import { A, useNavigate } from "@solidjs/router";
import ChevronLeft from "lucide-solid/icons/chevron-left";
import Search from "lucide-solid/icons/search";
import Volume2 from "lucide-solid/icons/volume-2";
import VolumeX from "lucide-solid/icons/volume-x";
import { type JSX, Show, Suspense, createEffect, lazy } from "solid-js";
import { clockSeconds, dayLabel, now } from "../clock.ts";
import { t } from "../i18n/words.ts";
import { link } from "../local/sync.ts";
import { local } from "../session.ts";
import { armed, toggleSound } from "../sound.ts";
import { searchAddress } from "./addresses.ts";
import { StatusPill } from "./status-pill.tsx";

/** Few people have news of their account on any day; nobody waits for it. */
const Banners = lazy(() => import("./account/banners.tsx"));

export const newAlertsCount = (): number =>
  local().alerts.list.filter((alert) => alert.state === "new" && !alert.late).length;

export const SoundSwitch = () => (
  <button
    type="button"
    class="pill pill-button"
    aria-pressed={armed()}
    onClick={() => void toggleSound()}
    title={armed() ? t("sound.disarm") : t("sound.arm")}
  >
    <Show when={armed()} fallback={<VolumeX aria-hidden="true" />}>
      <Volume2 aria-hidden="true" />
    </Show>
    {armed() ? t("sound.on") : t("sound.off")}
  </button>
);

const SearchLink = () => {
  const navigate = useNavigate();
  return (
    <form
      class="quick-search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const text = new FormData(event.currentTarget).get("plate");
        if (typeof text === "string") navigate(searchAddress(text.trim()));
        event.currentTarget.reset();
      }}
    >
      <Search aria-hidden="true" />
      <input
        name="plate"
        data-quick
        aria-label={t("search.placeholder")}
        placeholder={t("search.placeholder")}
        autocomplete="off"
        spellcheck={false}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
};

export const Screen = (props: {
  title: string;
  /** Replaces the plain title, e.g. by a priority mark and a list's name. */
  heading?: JSX.Element;
  /** Where the phone's back button leads; without it there is none. */
  back?: string | undefined;
  /** Stands where the status pill is on the phone. */
  state?: JSX.Element;
  lead?: JSX.Element;
  hideSearch?: boolean;
  class?: string;
  onScroll?: (top: number) => void;
  children: JSX.Element;
}) => {
  createEffect(() => {
    const count = newAlertsCount();
    document.title = `${count > 0 ? `(${count}) ` : ""}${props.title} · ${t("app.name")}`;
  });
  return (
    <div class="screen" classList={{ stale: link().kind === "offline", "has-back": props.back !== undefined }}>
      <header class="top">
        <Show when={props.back}>
          {(back) => (
            <A class="target back" href={back()} aria-label={t("nav.back")}>
              <ChevronLeft aria-hidden="true" class="mirrors" />
            </A>
          )}
        </Show>
        <h1>{props.heading ?? props.title}</h1>
        <Show when={props.state}>
          <span class="top-state">{props.state}</span>
        </Show>
        <StatusPill />
        <span class="top-lead">{props.lead}</span>
        <Show when={local().facts().simulated}>
          <span class="simulated">{t("app.simulated")}</span>
        </Show>
        <span class="top-end">
          <Show when={!props.hideSearch}>
            <SearchLink />
          </Show>
          <span class="day">{dayLabel(now())}</span>
          <time class="clock" dir="ltr">
            {clockSeconds(now())}
          </time>
        </span>
      </header>
      <Show when={local().facts().notices?.length}>
        <Suspense>
          <Banners />
        </Suspense>
      </Show>
      <main
        id="main"
        class={props.class}
        tabindex="-1"
        onScroll={(event) => props.onScroll?.(event.currentTarget.scrollTop)}
      >
        {props.children}
      </main>
    </div>
  );
};
