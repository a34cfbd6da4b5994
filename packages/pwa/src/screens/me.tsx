/**
 * Me: who is signed in, and what this device does: language, appearance, sound, shortcuts, leaving.
 * Rule: signing out names what is erased before it happens.
 */
import { A } from "@solidjs/router";
import LogOut from "lucide-solid/icons/log-out";
import Server from "lucide-solid/icons/server";
import { Show, createSignal } from "solid-js";
import { momentLabel } from "../clock.ts";
import { t } from "../i18n/words.ts";
import { LanguageChoice, Segments } from "../parts/choices.tsx";
import { Screen, SoundSwitch } from "../parts/screen.tsx";
import { Sheet } from "../parts/sheet.tsx";
import { local, mayI, signOut, user } from "../session.ts";
import { THEMES, setShortcuts, setTheme, shortcuts, theme } from "../settings.ts";

/** `Dov Katz` -> `DK` */
const initials = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.charAt(0))
    .join("");

export default function MeScreen() {
  const [leaving, setLeaving] = createSignal(false);
  const [busy, setBusy] = createSignal(false);
  const leave = async (): Promise<void> => {
    setBusy(true);
    await signOut();
  };
  return (
    <Screen title={t("me.title")} class="me-main">
      <Show when={user()}>
        {(me) => (
          <section class="me-card">
            <span class="avatar" aria-hidden="true">
              {initials(me().name)}
            </span>
            <div>
              <h2>
                <bdi>{me().name}</bdi>
              </h2>
              <p class="quiet" dir="ltr">
                {me().email}
              </p>
              <p>
                {t(`me.role.${me().role}`)}
                <Show when={local().facts().expiresAt}>
                  {(until) => <span class="quiet"> · {t("me.session", { time: momentLabel(until()) })}</span>}
                </Show>
              </p>
            </div>
          </section>
        )}
      </Show>
      <section class="me-block">
        <LanguageChoice showLabel />
      </section>
      <section class="me-block">
        <Segments
          label={t("me.theme")}
          value={theme()}
          options={THEMES.map((value) => ({ value, label: t(`me.theme.${value}`) }))}
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
          label={t("me.shortcuts")}
          value={shortcuts() ? "on" : "off"}
          options={[
            { value: "on", label: t("me.on") },
            { value: "off", label: t("me.off") },
          ]}
          onChange={(value) => setShortcuts(value === "on")}
        />
        <p class="quiet">{t("me.shortcutsHint")}</p>
      </section>
      <Show when={mayI("see_collectors")}>
        <section class="me-block only-phone">
          <A class="me-link" href="/collectors">
            <Server aria-hidden="true" />
            {t("nav.collectors")}
          </A>
        </section>
      </Show>
      <section class="me-block me-leave">
        <button type="button" class="button" onClick={() => setLeaving(true)}>
          <LogOut aria-hidden="true" class="mirrors" />
          {t("me.signOut")}
        </button>
        <p class="quiet">
          <Show when={local().facts().version} fallback={t("me.versionUnknown")}>
            {(version) => t("me.version", { version: version() })}
          </Show>
        </p>
      </section>
      <Sheet
        open={leaving()}
        onClose={() => setLeaving(false)}
        title={t("me.signOutAsk")}
        lead={t("me.signOutAskNext", {
          alerts: local().alerts.list.length,
          detections: local().detections.list.length,
        })}
      >
        <div class="sheet-buttons">
          <button type="button" class="button big outlined" onClick={() => setLeaving(false)}>
            {t("me.stay")}
          </button>
          <button type="button" class="button big danger" disabled={busy()} onClick={() => void leave()}>
            {t("me.signOutDo")}
          </button>
        </div>
      </Sheet>
    </Screen>
  );
}
