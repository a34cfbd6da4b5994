/**
 * The cameras behind a collector: whether each is up, what it saw, and a test of the whole way.
 * Rule: an unapproved camera says that it raises no alert, and who may approves it here; up and silent is not well.
 */
import type { CollectorHistory, CollectorView, CommandView } from "@chaverim/contracts";
import { For, Show } from "solid-js";
import { ageLabel, momentLabel, now } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { mayI } from "../../session.ts";
import { trpc } from "../../trpc.ts";
import { tellTrouble } from "../attempt.ts";
import { isAway } from "../collector-state.tsx";
import type { CollectorAct } from "./collector-acts.tsx";
import { commandState, isMoving } from "./command-state.ts";
import { TestProgress, testOf } from "./test-progress.tsx";

type Camera = CollectorView["cameras"][number];
type Hour = CollectorHistory["cameras"][number];

const HEADS = ["cameras.camera", "cameras.state", "cameras.last", "cameras.hour"] as const;

const CameraState = (props: { camera: Camera; isSilent: boolean; isAway: boolean }) => {
  const status = () => (props.isAway ? null : props.camera.status);
  return (
    <Show
      when={!props.isSilent || status() !== "online"}
      fallback={
        <span class="state warn">
          <i class="dot diamond" />
          {w("cameras.silent")}
        </span>
      }
    >
      <span
        class="state"
        classList={{
          ok: status() === "online",
          critical: status() === "offline" || status() === "error",
          quiet: status() === null || status() === "connecting",
        }}
      >
        <i class={status() === "online" ? "dot" : "dot hollow"} />
        {w(`collectors.camera.${status() ?? "unknown"}`)}
      </span>
    </Show>
  );
};

const hourWords = ({ actual, expected }: Hour): string =>
  expected === null
    ? w("cameras.hourOnly", { actual })
    : w("cameras.hourUsual", { actual, expected: Math.round(expected) });

const CameraRow = (props: {
  camera: Camera;
  collector: CollectorView;
  hour: Hour | undefined;
  test: CommandView | undefined;
  /** Why no command can be given; empty when one can. */
  held: string;
  onAct: (act: CollectorAct) => void;
  onGiven: () => void;
}) => {
  const isSilent = () =>
    props.collector.health.some(({ kind, camera }) => kind === "camera_silent" && camera?.id === props.camera.id);
  const isTesting = () => props.test !== undefined && isMoving(commandState(props.test, now()));
  const sendTest = async (): Promise<void> => {
    try {
      await trpc.collectors.testCamera.mutate({ id: props.collector.id, cameraId: props.camera.id });
      props.onGiven();
    } catch (error) {
      tellTrouble(error);
    }
  };
  return (
    <>
      <tr>
        <th scope="row">
          <bdi>{props.camera.name}</bdi>
          <Show when={props.camera.area}>
            {(area) => (
              <span class="camera-area quiet">
                <bdi>{area()}</bdi>
              </span>
            )}
          </Show>
          <Show when={!props.camera.approved}>
            <span class="camera-area warn">{w("collectors.unapproved")}</span>
          </Show>
        </th>
        <td data-label={w("cameras.state")}>
          <CameraState camera={props.camera} isSilent={isSilent()} isAway={isAway(props.collector.state)} />
        </td>
        <td data-label={w("cameras.last")}>
          <Show when={props.camera.lastDetectionAt} fallback={<span class="quiet">{w("collectors.noDetection")}</span>}>
            {(at) => (
              <>
                <bdi>{momentLabel(at(), true)}</bdi> <span class="quiet">· {ageLabel(at())}</span>
              </>
            )}
          </Show>
        </td>
        <td data-label={w("cameras.hour")} classList={{ warn: isSilent() }}>
          <Show when={props.hour} fallback="–">
            {(hour) => hourWords(hour())}
          </Show>
        </td>
        <td class="camera-last">
          <Show when={mayI("manage_collectors") && props.collector.state !== "revoked"}>
            <div class="camera-acts">
              <Show when={!props.camera.approved}>
                <button
                  type="button"
                  class="button primary"
                  aria-label={w("collectors.approveCamera", { name: props.camera.name })}
                  onClick={() => props.onAct({ kind: "approve", camera: props.camera })}
                >
                  {w("collectors.approve")}
                </button>
              </Show>
              <Show when={props.held === ""}>
                <button
                  type="button"
                  class="button"
                  aria-label={w("cameras.testOf", { name: props.camera.name })}
                  disabled={isTesting()}
                  onClick={() => void sendTest()}
                >
                  {w("cameras.test")}
                </button>
              </Show>
            </div>
          </Show>
        </td>
      </tr>
      <Show when={props.test}>
        {(test) => (
          <tr class="test-row">
            <td colspan="5">
              <TestProgress command={test()} collector={props.collector} cameraName={props.camera.name} />
            </td>
          </tr>
        )}
      </Show>
    </>
  );
};

export const CollectorCameras = (props: {
  collector: CollectorView;
  hours: readonly Hour[];
  commands: readonly CommandView[];
  held: string;
  onAct: (act: CollectorAct) => void;
  onGiven: () => void;
}) => (
  <section class="site-block" aria-labelledby="cameras-title">
    <h3 id="cameras-title">{w("collectors.cameras")}</h3>
    <Show when={props.collector.cameras.length > 0} fallback={<p class="quiet">{w("collectors.noCameras")}</p>}>
      <table class="office-table site-cameras">
        <thead>
          <tr>
            <For each={HEADS}>{(key) => <th scope="col">{w(key)}</th>}</For>
            <td />
          </tr>
        </thead>
        <tbody>
          {/* By id: a refresh changes what a row says and leaves the row, and the focus in it, alone. */}
          <For each={props.collector.cameras.map(({ id }) => id)}>
            {(id) => (
              <Show when={props.collector.cameras.find((camera) => camera.id === id)}>
                {(camera) => (
                  <CameraRow
                    camera={camera()}
                    collector={props.collector}
                    hour={props.hours.find((hour) => hour.id === id)}
                    test={testOf(props.commands, id)}
                    held={props.held}
                    onAct={props.onAct}
                    onGiven={props.onGiven}
                  />
                )}
              </Show>
            )}
          </For>
        </tbody>
      </table>
    </Show>
  </section>
);
