/**
 * One collector: what is wrong, what waits there, how its device and its cameras are, and what it was told to do.
 * Rule: problems come first; it follows by itself and faster while a command is under way; what it said last is dated.
 */
import type { CollectorView, CommandView } from "@chaverim/contracts";
import { A, useParams } from "@solidjs/router";
import ServerOff from "lucide-solid/icons/server-off";
import { type JSX, Match, Show, Switch, createEffect, createSignal } from "solid-js";
import { ageLabel, momentLabel, now } from "../clock.ts";
import { w } from "../i18n/office.ts";
import { t } from "../i18n/words.ts";
import { CollectorState } from "../parts/collector-state.tsx";
import { type CollectorAct, CollectorActs } from "../parts/office/collector-acts.tsx";
import { CollectorCameras } from "../parts/office/collector-cameras.tsx";
import { CollectorCommands } from "../parts/office/collector-commands.tsx";
import { CollectorFacts } from "../parts/office/collector-facts.tsx";
import { CollectorKeys } from "../parts/office/collector-keys.tsx";
import { quarantineCountLabel } from "../parts/office/collector-tabs.tsx";
import { commandState, isMoving } from "../parts/office/command-state.ts";
import { CollectorProblems } from "../parts/office/problems.tsx";
import { type Online, createOnline } from "../parts/online.ts";
import { Screen } from "../parts/screen.tsx";
import { NoPermission, Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { mayI } from "../session.ts";
import { trpc } from "../trpc.ts";
import "../styles/office.css";
import "../styles/collectors.css";

/** As on the list of collectors. */
const REFRESH_MS = 15_000;
/** Hours change slowly. */
const HISTORY_MS = 60_000;
/** While somebody watches a command on its way. */
const WATCHED_MS = 2000;
/** After that nobody stands there waiting for it any more. */
const WATCHED_FOR_MS = 10 * 60_000;
/** Before this protocol collectors took no commands. */
const COMMANDS_SINCE = 2;

const isWatched = (command: CommandView): boolean =>
  now() - Date.parse(command.createdAt) < WATCHED_FOR_MS && isMoving(commandState(command, now()));

const Head = (props: { collector: CollectorView }) => (
  <section class="site-head">
    <h2>
      <bdi>{props.collector.name}</bdi>
    </h2>
    <p class="site-state">
      <CollectorState collector={props.collector} />
      <span class="quiet">
        {props.collector.lastHeartbeatAt === null
          ? w("site.noHeartbeat")
          : w("site.heartbeat", { age: ageLabel(props.collector.lastHeartbeatAt) })}
      </span>
      <Show when={props.collector.quarantined}>
        {(count) => (
          <A class="text-link" href="/quarantine">
            {w("site.inQuarantine", { count: quarantineCountLabel(count()) })}
          </A>
        )}
      </Show>
    </p>
  </section>
);

const Gone = () => (
  <Notice
    icon={<ServerOff aria-hidden="true" />}
    title={w("site.gone")}
    text={w("site.goneNext")}
    action={
      <A class="button" href="/collectors">
        {w("site.toList")}
      </A>
    }
  />
);

/** What stands where a part of the page has not come, or did not. */
const Missing = (props: { of: Online<unknown>; title: string }): JSX.Element => (
  <Show when={props.of.trouble()} fallback={<Shapes rows={2} />}>
    {(trouble) => <TroubleNotice title={props.title} trouble={trouble()} onRetry={props.of.refresh} />}
  </Show>
);

const Page = (props: { collector: CollectorView; onAct: (act: CollectorAct) => void }) => {
  const history = createOnline(
    () => props.collector.id,
    (id, signal, putting) => trpc.collectors.history.query({ id }, { signal, ...putting }),
    HISTORY_MS,
  );
  const [watched, setWatched] = createSignal(false);
  const commands = createOnline(
    () => props.collector.id,
    (id, signal, putting) => trpc.collectors.commands.query({ id }, { signal, ...putting }),
    () => (watched() ? WATCHED_MS : REFRESH_MS),
  );
  createEffect(() => setWatched(commands.answer()?.some(isWatched) ?? false));
  /** Why it takes no commands; empty when it does, or may. */
  const held = (): string => ((props.collector.protocol ?? COMMANDS_SINCE) < COMMANDS_SINCE ? w("command.old") : "");
  return (
    <>
      <Head collector={props.collector} />
      <CollectorProblems collector={props.collector} past={history.answer()?.alerts ?? []} />
      <CollectorCameras
        collector={props.collector}
        hours={history.answer()?.cameras ?? []}
        commands={commands.answer() ?? []}
        held={held()}
        onAct={props.onAct}
        onGiven={commands.refresh}
      />
      <CollectorFacts
        collector={props.collector}
        history={history.answer()}
        historyMissing={<Missing of={history} title={w("site.historyFailed")} />}
      />
      <div class="site-more">
        <CollectorCommands
          collector={props.collector}
          commands={commands.answer()}
          held={held()}
          missing={<Missing of={commands} title={w("site.commandsFailed")} />}
          onGiven={commands.refresh}
        />
        <Show when={mayI("manage_collectors")}>
          <CollectorKeys collector={props.collector} onAct={props.onAct} />
        </Show>
      </div>
    </>
  );
};

export default function CollectorScreen() {
  const params = useParams<{ id: string }>();
  const collectors = createOnline(
    () => (mayI("see_collectors") ? "all" : null),
    (_all, signal, putting) => trpc.collectors.list.query(undefined, { signal, ...putting }),
    REFRESH_MS,
  );
  const collector = () => collectors.answer()?.find(({ id }) => id === params.id);
  const [act, setAct] = createSignal<CollectorAct>();
  return (
    <Screen title={collector()?.name ?? w("site.title")} heading={w("site.title")} back="/collectors" class="site-main">
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
        <Match when={collector() === undefined}>
          <Gone />
        </Match>
        <Match when={collector()}>
          {(shown) => (
            <>
              <Show when={collectors.trouble()}>
                <p class="stale-line" role="status">
                  {t("states.shownAsOf", { time: momentLabel(collectors.asOf() ?? 0, true) })}
                </p>
              </Show>
              <Page collector={shown()} onAct={setAct} />
            </>
          )}
        </Match>
      </Switch>
      <CollectorActs act={act()} onClose={() => setAct(undefined)} onChanged={collectors.refresh} />
    </Screen>
  );
}
