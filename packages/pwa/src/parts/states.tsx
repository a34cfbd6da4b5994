/**
 * What a screen shows when it has no rows: empty, loading, failed, offline, not permitted.
 * Rule: says the last fact, what is safe and one next step; shapes stand still and come only after 300 ms.
 */
import Lock from "lucide-solid/icons/lock";
import TriangleAlert from "lucide-solid/icons/triangle-alert";
import WifiOff from "lucide-solid/icons/wifi-off";
import { For, type JSX, Show, createSignal, onCleanup } from "solid-js";
import { momentLabel } from "../clock.ts";
import { t } from "../i18n/words.ts";
import { link } from "../local/sync.ts";
import { local } from "../session.ts";
import { type Trouble, troubleText } from "../trpc.ts";

export const Notice = (props: {
  icon: JSX.Element;
  title: string;
  text?: JSX.Element;
  action?: JSX.Element;
  tone?: "warn";
}) => (
  <div class="notice" classList={{ warn: props.tone === "warn" }}>
    {props.icon}
    <div class="notice-text">
      <h2>{props.title}</h2>
      <Show when={props.text}>
        <div class="notice-next">{props.text}</div>
      </Show>
    </div>
    <Show when={props.action}>
      <div class="notice-action">{props.action}</div>
    </Show>
  </div>
);

/** Faster answers than this show no shapes at all. */
const SHAPES_AFTER_MS = 300;

export const Shapes = (props: { rows?: number }) => {
  const [shown, setShown] = createSignal(false);
  const timer = setTimeout(setShown, SHAPES_AFTER_MS, true);
  onCleanup(() => clearTimeout(timer));
  return (
    <div class="shapes" role="status" aria-label={t("app.loading")}>
      <Show when={shown()}>
        <For each={Array.from({ length: props.rows ?? 5 })}>
          {() => (
            <div class="shape-row" aria-hidden="true">
              <i class="shape square" />
              <span>
                <i class="shape short" />
                <i class="shape long" />
              </span>
              <i class="shape picture" />
            </div>
          )}
        </For>
      </Show>
    </div>
  );
};

/** When central last answered, for sentences; a dash when it never did. */
export const asOfLabel = (): string => {
  const state = link();
  const asOf = state.kind === "offline" ? state.asOf : (local().facts().asOf ?? null);
  return asOf === null ? "–" : momentLabel(asOf);
};

export const TroubleNotice = (props: { title: string; trouble: Trouble; onRetry: () => void }) => (
  <Show
    when={props.trouble.code === "offline"}
    fallback={
      <Notice
        tone="warn"
        icon={<TriangleAlert aria-hidden="true" />}
        title={props.title}
        text={t("states.errorNext", { why: troubleText(props.trouble) })}
        action={
          <button type="button" class="button" onClick={() => props.onRetry()}>
            {t("app.tryAgain")}
          </button>
        }
      />
    }
  >
    <Notice
      tone="warn"
      icon={<WifiOff aria-hidden="true" />}
      title={t("states.offlineTitle")}
      text={t("states.offlineNext", { time: asOfLabel() })}
      action={
        <button type="button" class="button" onClick={() => props.onRetry()}>
          {t("app.tryAgain")}
        </button>
      }
    />
  </Show>
);

export const NoPermission = (props: { title: string; text: string }) => (
  <Notice icon={<Lock aria-hidden="true" />} title={props.title} text={props.text} />
);
