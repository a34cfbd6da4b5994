/**
 * Me: who is signed in and what they may, their devices and secrets, what this device does, leaving.
 * Rule: signing out names what is erased before it happens.
 */
import type { User } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import FileText from "lucide-solid/icons/file-text";
import LogOut from "lucide-solid/icons/log-out";
import ScrollText from "lucide-solid/icons/scroll-text";
import Server from "lucide-solid/icons/server";
import SlidersHorizontal from "lucide-solid/icons/sliders-horizontal";
import Users from "lucide-solid/icons/users";
import { For, Show, createSignal } from "solid-js";
import { Dynamic } from "solid-js/web";
import { momentLabel, now } from "../clock.ts";
import { w } from "../i18n/account.ts";
import { t } from "../i18n/words.ts";
import { Devices } from "../parts/account/devices.tsx";
import { LeaveSheet } from "../parts/account/leave.tsx";
import { Secrets } from "../parts/account/secrets.tsx";
import { LanguageChoice, Segments } from "../parts/choices.tsx";
import { Screen, SoundSwitch } from "../parts/screen.tsx";
import { dayOfYear } from "../parts/training.ts";
import { local, mayI, user } from "../session.ts";
import { THEMES, setShortcuts, setTheme, shortcuts, theme } from "../settings.ts";

/** `Dov Katz` -> `DK` */
const initials = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.charAt(0))
    .join("");

const Training = () => {
  const until = () => local().facts().trainedUntil;
  const isOver = () => {
    const last = until();
    return last === null || (last !== undefined && last < new Date(now()).toISOString().slice(0, 10));
  };
  return (
    <Show when={until() !== undefined}>
      <dt>{w("me.training")}</dt>
      <dd classList={{ warn: isOver() }}>
        <Show when={until()} fallback={w("me.untrained")}>
          {(last) => w(isOver() ? "me.trainingEnded" : "me.trainedUntil", { date: dayOfYear(last()) })}
        </Show>
      </dd>
    </Show>
  );
};

const looksLeft = () => local().facts().looksLeft;

const Profile = (props: { user: User }) => (
  <section class="me-card">
    <span class="avatar" aria-hidden="true">
      {initials(props.user.name)}
    </span>
    <div>
      <h2>
        <bdi>{props.user.name}</bdi>
      </h2>
      <p class="quiet" dir="ltr">
        {props.user.email}
      </p>
    </div>
    <dl class="facts me-facts">
      <dt>{w("me.roleLabel")}</dt>
      <dd>{t(`me.role.${props.user.role}`)}</dd>
      <dt>{w("me.area")}</dt>
      <dd>
        <bdi>{props.user.area ?? w("me.everywhere")}</bdi>
      </dd>
      <Training />
      <Show when={typeof looksLeft() === "number"}>
        <dt>{w("me.looks")}</dt>
        <dd>{w("search.left", { count: looksLeft() ?? 0 })}</dd>
      </Show>
      <Show when={local().facts().expiresAt}>
        {(until) => (
          <>
            <dt>{w("me.sessionLabel")}</dt>
            <dd>{w("me.session", { time: momentLabel(until()) })}</dd>
          </>
        )}
      </Show>
    </dl>
  </section>
);

const Preferences = () => (
  <>
    <section class="me-block">
      <LanguageChoice showLabel />
    </section>
    <section class="me-block">
      <Segments
        label={w("me.theme")}
        value={theme()}
        options={THEMES.map((value) => ({ value, label: w(`me.theme.${value}`) }))}
        onChange={setTheme}
      />
    </section>
    <section class="me-block me-line">
      <div>
        <h2>{t("sound.title")}</h2>
        <p class="quiet">{t("sound.hint")}</p>
      </div>
      <SoundSwitch />
    </section>
    <section class="me-block only-desk">
      <Segments
        label={w("me.shortcuts")}
        value={shortcuts() ? "on" : "off"}
        options={[
          { value: "on", label: w("me.on") },
          { value: "off", label: w("me.off") },
        ]}
        onChange={(value) => setShortcuts(value === "on")}
      />
      <p class="quiet">{w("me.shortcutsHint")}</p>
    </section>
  </>
);

const Leaving = () => {
  const [leaving, setLeaving] = createSignal(false);
  return (
    <section class="me-block me-leave">
      <button type="button" class="button" onClick={() => setLeaving(true)}>
        <LogOut aria-hidden="true" class="mirrors" />
        {w("me.signOut")}
      </button>
      <p class="quiet">
        <Show when={local().facts().version} fallback={w("me.versionUnknown")}>
          {(version) => w("me.version", { version: version() })}
        </Show>
      </p>
      <LeaveSheet open={leaving()} onClose={() => setLeaving(false)} />
    </section>
  );
};

/** What the phone's bar has no room for. */
const PHONE_PLACES = [
  { href: "/collectors", word: "nav.collectors", icon: Server, needs: "see_collectors" },
  { href: "/people", word: "nav.people", icon: Users, needs: "manage_people" },
  { href: "/access-log", word: "nav.log", icon: FileText, needs: "read_log" },
  { href: "/settings", word: "nav.settings", icon: SlidersHorizontal, needs: "set_policy" },
] as const;

export default function MeScreen() {
  return (
    <Screen title={w("me.title")} class="me-main">
      <Show when={user()}>{(me) => <Profile user={me()} />}</Show>
      <section class="me-block me-places">
        <A class="me-link" href="/me/log">
          <ScrollText aria-hidden="true" />
          {w("log.title")}
        </A>
        <For each={PHONE_PLACES.filter(({ needs }) => mayI(needs))}>
          {(place) => (
            <A class="me-link only-phone" href={place.href}>
              <Dynamic component={place.icon} aria-hidden="true" />
              {t(place.word)}
            </A>
          )}
        </For>
      </section>
      <Secrets />
      <Devices />
      <Preferences />
      <Leaving />
    </Screen>
  );
}
