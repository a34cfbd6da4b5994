/**
 * Problems of collectors as a list: what is open, each with what to do, and what is over.
 * Rule: shape and words say what the colour says; who is well says so in one line.
 */
import type { CollectorView, HealthAlert } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import { For, Show, createSignal } from "solid-js";
import { ageLabel, momentLabel } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { problemOf, worstFirst } from "./health-words.ts";

/** More at once are a bad night: the list of collectors must stay in sight. */
const SHOWN = 5;

const Mark = (props: { alert: HealthAlert }) => (
  <i class={problemOf(props.alert).tone === "critical" ? "dot hollow critical" : "dot diamond warn"} />
);

const Since = (props: { alert: HealthAlert }) => (
  <span class="problem-since quiet">
    {w("health.since", { time: momentLabel(props.alert.openedAt) })} · {ageLabel(props.alert.openedAt)}
  </span>
);

/** What is open at all collectors, each line the way to its collector. */
export const AllProblems = (props: { collectors: readonly CollectorView[] }) => {
  const [all, setAll] = createSignal(false);
  const problems = () =>
    props.collectors
      .flatMap((collector) => collector.health.map((alert) => ({ alert, collector })))
      .toSorted((a, b) => worstFirst(a.alert, b.alert));
  const shown = () => (all() ? problems() : problems().slice(0, SHOWN));
  return (
    <Show when={problems().length > 0}>
      <section class="problems all-problems" aria-label={w("health.open")}>
        <ul>
          <For each={shown()}>
            {({ alert, collector }) => (
              <li>
                <A class="problem" href={`/collectors/${collector.id}`}>
                  <Mark alert={alert} />
                  <span class="problem-who">
                    <bdi>{collector.name}</bdi>
                  </span>
                  <span class={`problem-what ${problemOf(alert).tone}`}>{problemOf(alert).title}</span>
                  <Since alert={alert} />
                </A>
              </li>
            )}
          </For>
        </ul>
        <Show when={shown().length < problems().length}>
          <button type="button" class="button quiet-button" onClick={() => setAll(true)}>
            {w("health.showAll", { count: problems().length })}
          </button>
        </Show>
      </section>
    </Show>
  );
};

const isHeard = (state: CollectorView["state"]): boolean => state === "live" || state === "draining";

/** What is said where no problem is open; nothing is judged of a collector that is away. */
const noneWords = (state: CollectorView["state"]): string => {
  switch (state) {
    case "live":
    case "draining":
      return w("health.none");
    case "late":
    case "offline":
      return w("health.noneKnown");
    case "never_seen":
      return w("health.neverSeen");
    case "revoked":
      return w("health.revoked");
  }
};

/** What is open at one collector, and what was. */
export const CollectorProblems = (props: { collector: CollectorView; past: readonly HealthAlert[] }) => {
  const open = () => props.collector.health.toSorted(worstFirst);
  const over = () => props.past.filter(({ resolvedAt }) => resolvedAt !== null);
  return (
    <section class="problems site-problems" aria-label={w("health.open")}>
      <Show
        when={open().length > 0}
        fallback={
          <p class="problems-none">
            <i class={isHeard(props.collector.state) ? "dot ok" : "dot hollow quiet"} />
            {noneWords(props.collector.state)}
          </p>
        }
      >
        <ul>
          <For each={open()}>
            {(alert) => (
              <li class="problem">
                <Mark alert={alert} />
                <div class="problem-what">
                  <strong class={problemOf(alert).tone}>{problemOf(alert).title}</strong>
                  <p class="quiet">{problemOf(alert).next}</p>
                </div>
                <Since alert={alert} />
              </li>
            )}
          </For>
        </ul>
      </Show>
      <Show when={over().length > 0}>
        <details class="problems-over">
          <summary>{w("health.resolved", { count: over().length })}</summary>
          <ul>
            <For each={over()}>
              {(alert) => (
                <li class="problem">
                  <i class="dot ok" />
                  <span class="problem-what">{problemOf(alert).title}</span>
                  <span class="problem-since quiet">
                    {w("health.span", {
                      from: momentLabel(alert.openedAt),
                      until: momentLabel(alert.resolvedAt ?? alert.openedAt),
                    })}
                  </span>
                </li>
              )}
            </For>
          </ul>
        </details>
      </Show>
    </section>
  );
};
