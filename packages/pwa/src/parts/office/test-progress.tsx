/**
 * How far a camera's last test detection has come: sent, taken by the collector, arrived at central.
 * Rule: told from the command that central keeps, so that it survives a reload; what went wrong stands under the steps.
 */
import type { CollectorView, CommandView } from "@chaverim/contracts";
import Check from "lucide-solid/icons/check";
import TriangleAlert from "lucide-solid/icons/triangle-alert";
import { For, Show } from "solid-js";
import { clockSeconds, momentLabel, now } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { isAway } from "../collector-state.tsx";
import { type CommandState, commandState } from "./command-state.ts";
import { durationLabel } from "./measures.ts";

/** A test that is over is of interest while somebody may still stand at the camera. */
const SHOWN_MS = 3_600_000;
/** A detection with nothing before it in its lane is here within seconds. */
const SLOW_MS = 60_000;

const isTrouble = (state: CommandState): boolean =>
  state === "failed" || state === "refused" || state === "expired" || state === "unanswered";

/** The newest test of a camera that is worth showing. */
export const testOf = (commands: readonly CommandView[], cameraId: string): CommandView | undefined =>
  commands.find(
    ({ verb, camera, createdAt }) =>
      verb === "capture_test" && camera?.id === cameraId && now() - Date.parse(createdAt) < SHOWN_MS,
  );

const sentence = (command: CommandView, state: CommandState, collector: CollectorView): string => {
  const until = { time: momentLabel(command.notAfter) };
  switch (state) {
    case "waiting":
      return isAway(collector.state) ? w("test.waitsAway", until) : w("test.waits");
    case "sent":
      return w("test.works");
    case "onItsWay":
    case "done": {
      const waitedMs = now() - Date.parse(command.acked?.at ?? command.createdAt);
      return waitedMs < SLOW_MS ? w("test.onItsWay") : w("test.slow", { span: durationLabel(waitedMs / 1000) });
    }
    case "arrived": {
      const tookMs = Date.parse(command.arrivedAt ?? command.createdAt) - Date.parse(command.createdAt);
      return w("test.done", { span: durationLabel(tookMs / 1000) });
    }
    case "failed":
    case "refused":
      return w(`test.${state}`);
    case "expired":
    case "unanswered":
      return w(`test.${state}`, until);
  }
};

export const TestProgress = (props: { command: CommandView; collector: CollectorView; cameraName: string }) => {
  const state = () => commandState(props.command, now());
  const steps = () =>
    [
      { name: "given", at: props.command.createdAt },
      { name: "taken", at: props.command.sentAt },
      { name: "arrived", at: props.command.arrivedAt },
    ] as const;
  return (
    <div class="test" role="group" aria-label={w("test.title", { name: props.cameraName })}>
      <ol class="test-steps">
        <For each={steps()}>
          {({ name, at }) => (
            <li classList={{ reached: at !== null }}>
              <span class="test-mark">
                <Show when={at !== null}>
                  <Check aria-hidden="true" />
                </Show>
              </span>
              {w(`test.${name}`)}
              <Show when={at}>{(time) => <bdi class="quiet">{clockSeconds(time())}</bdi>}</Show>
            </li>
          )}
        </For>
      </ol>
      <p class="test-say" classList={{ ok: state() === "arrived", warn: isTrouble(state()) }} role="status">
        <Show when={isTrouble(state())}>
          <TriangleAlert aria-hidden="true" />
        </Show>
        <span>
          {sentence(props.command, state(), props.collector)}
          <Show when={(state() === "failed" || state() === "refused") && props.command.acked?.detail}>
            {(detail) => (
              <>
                {" "}
                <bdi>{detail()}</bdi>
              </>
            )}
          </Show>
        </span>
      </p>
    </div>
  );
};
