/**
 * The commands that a collector was given: what, by whom, when, and what became of it.
 * Rule: a collector's own words are shown as text; its diagnostics open in a dialog and can be taken along, and to look is
 * written down, so they are asked for once.
 */
import type { CollectorView, CommandView } from "@chaverim/contracts";
import Download from "lucide-solid/icons/download";
import { For, type JSX, Match, Show, Switch, createSignal } from "solid-js";
import { momentLabel, now } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { mayI } from "../../session.ts";
import { trpc } from "../../trpc.ts";
import { offerFile } from "../offer-file.ts";
import { createOnline } from "../online.ts";
import { Sheet } from "../sheet.tsx";
import { Shapes, TroubleNotice } from "../states.tsx";
import { CommandForm } from "./command-form.tsx";
import { type CommandState, commandState } from "./command-state.ts";

/** The last few say what was tried; the others are history. */
const SHOWN = 5;

const TONES: Readonly<Record<CommandState, "ok" | "warn" | "quiet">> = {
  waiting: "quiet",
  sent: "quiet",
  done: "ok",
  onItsWay: "quiet",
  arrived: "ok",
  failed: "warn",
  refused: "warn",
  expired: "warn",
  unanswered: "warn",
};
const SHAPES = { ok: "dot", warn: "dot diamond", quiet: "dot hollow" } as const;

const stateWords = (command: CommandView, state: CommandState): string => {
  switch (state) {
    case "done":
      return w("command.done", { time: momentLabel(command.acked?.at ?? command.createdAt) });
    case "arrived":
      return w("command.arrived", { time: momentLabel(command.arrivedAt ?? command.createdAt) });
    case "waiting":
    case "sent":
    case "onItsWay":
    case "failed":
    case "refused":
    case "expired":
    case "unanswered":
      return w(`command.${state}`);
  }
};

/** What the command is about beside its verb. */
const Subject = (props: { command: CommandView }) => (
  <>
    <Show when={props.command.camera}>
      {(camera) => (
        <span class="quiet">
          {" · "}
          <bdi>{camera().name}</bdi>
        </span>
      )}
    </Show>
    <Show when={props.command.level}>
      {(level) => (
        <>
          <span class="quiet">{" · "}</span>
          <code dir="ltr">{level()}</code>
        </>
      )}
    </Show>
  </>
);

const Row = (props: { command: CommandView; onRead: () => void }) => {
  const state = () => commandState(props.command, now());
  const isRead = () => props.command.verb === "send_diagnostics" && state() === "done" && mayI("manage_collectors");
  return (
    <li class="command-row">
      <div class="command-what">
        <strong>{w(`command.verb.${props.command.verb}`)}</strong>
        <Subject command={props.command} />
        <p class="quiet">
          {momentLabel(props.command.createdAt)} · <bdi>{props.command.createdBy ?? w("command.system")}</bdi>
        </p>
      </div>
      <div class="command-end">
        <span class={`state ${TONES[state()]}`}>
          <i class={SHAPES[TONES[state()]]} />
          {stateWords(props.command, state())}
        </span>
        <Show when={(state() === "failed" || state() === "refused") && props.command.acked?.detail}>
          {(detail) => <bdi class="command-detail quiet">{detail()}</bdi>}
        </Show>
      </div>
      <Show when={isRead()}>
        <button
          type="button"
          class="button"
          aria-label={w("command.readOf", { time: momentLabel(props.command.createdAt) })}
          onClick={() => props.onRead()}
        >
          {w("command.read")}
        </button>
      </Show>
    </li>
  );
};

/** A name that a file system takes, from one that people chose. */
const fileName = (collector: string, at: string): string =>
  `${collector.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}-${at.slice(0, 16).replaceAll(/[:T]/g, "-")}.log`;

const Diagnostics = (props: { collector: CollectorView; command: CommandView }) => {
  const diagnostics = createOnline(
    () => props.command.id,
    (id, signal) => trpc.collectors.diagnostics.query({ id }, { signal }),
  );
  const text = () => diagnostics.answer()?.text;
  return (
    <div class="diagnostics">
      <Switch>
        <Match when={diagnostics.trouble()}>
          {(trouble) => (
            <TroubleNotice title={w("site.commandsFailed")} trouble={trouble()} onRetry={diagnostics.refresh} />
          )}
        </Match>
        <Match when={text() === undefined}>
          <Shapes rows={3} />
        </Match>
        <Match when={text() === ""}>
          <p class="quiet">{w("command.empty")}</p>
        </Match>
        <Match when={text()}>
          {(shown) => (
            <>
              <pre
                class="foreign-text"
                dir="ltr"
                tabindex="0"
                role="region"
                aria-label={w("command.verb.send_diagnostics")}
              >
                {shown()}
              </pre>
              <button
                type="button"
                class="button"
                onClick={() =>
                  offerFile({
                    filename: fileName(props.collector.name, props.command.acked?.at ?? props.command.createdAt),
                    mime: "text/plain;charset=utf-8",
                    text: shown(),
                  })
                }
              >
                <Download aria-hidden="true" />
                {w("command.download")}
              </button>
            </>
          )}
        </Match>
      </Switch>
    </div>
  );
};

export const CollectorCommands = (props: {
  collector: CollectorView;
  commands: readonly CommandView[] | undefined;
  /** Why no command can be given; empty when one can. */
  held: string;
  /** Stands where the commands are missing. */
  missing: JSX.Element;
  onGiven: () => void;
}) => {
  const [giving, setGiving] = createSignal(false);
  const [readId, setReadId] = createSignal<string>();
  const [all, setAll] = createSignal(false);
  const shown = () => (all() ? props.commands : props.commands?.slice(0, SHOWN));
  const read = () => props.commands?.find(({ id }) => id === readId());
  return (
    <section class="site-commands">
      <div class="office-line">
        <h3>{w("command.title")}</h3>
        <Show when={mayI("manage_collectors") && props.collector.state !== "revoked" && props.held === ""}>
          <button type="button" class="button" onClick={() => setGiving(true)}>
            {w("command.give")}
          </button>
        </Show>
      </div>
      <Show when={props.held !== ""}>
        <p class="quiet">{props.held}</p>
      </Show>
      <Show when={props.commands} fallback={props.missing}>
        {(commands) => (
          <Show when={commands().length > 0} fallback={<p class="quiet">{w("command.none")}</p>}>
            <ul class="commands">
              <For each={shown()?.map(({ id }) => id)}>
                {(id) => (
                  <Show when={commands().find((command) => command.id === id)}>
                    {(command) => <Row command={command()} onRead={() => setReadId(id)} />}
                  </Show>
                )}
              </For>
            </ul>
            <Show when={(shown()?.length ?? 0) < commands().length}>
              <button type="button" class="button quiet-button" onClick={() => setAll(true)}>
                {w("command.showAll", { count: commands().length })}
              </button>
            </Show>
          </Show>
        )}
      </Show>
      <CommandForm
        open={giving()}
        collector={props.collector}
        onClose={() => setGiving(false)}
        onGiven={props.onGiven}
      />
      <Sheet
        open={read() !== undefined}
        onClose={() => setReadId(undefined)}
        title={w("command.diagnostics", { name: props.collector.name })}
        lead={w("command.diagnosticsLead", { time: momentLabel(read()?.acked?.at ?? now(), true) })}
      >
        <Show when={read()}>{(command) => <Diagnostics collector={props.collector} command={command()} />}</Show>
      </Sheet>
    </section>
  );
};
