/**
 * The cameras behind a collector.
 * Rule: an unapproved camera says that it raises no alert, and who may approves it here.
 */
import type { CollectorView } from "@chaverim/contracts";
import { Index, Show } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { t } from "../../i18n/words.ts";
import { mayI } from "../../session.ts";
import type { CollectorAct } from "./collector-acts.tsx";

export const CollectorCameras = (props: { collector: CollectorView; onAct: (act: CollectorAct) => void }) => (
  <Show when={props.collector.cameras.length > 0} fallback={<p class="quiet">{t("collectors.noCameras")}</p>}>
    <ul class="cameras" aria-label={t("collectors.showCameras", { name: props.collector.name })}>
      <Index each={props.collector.cameras}>
        {(camera) => (
          <li>
            <i
              class={camera().status === "online" ? "dot ok" : "dot hollow"}
              classList={{ critical: camera().status === "error" || camera().status === "offline" }}
            />
            <span class="camera-name">
              <bdi>{camera().name}</bdi>
              <Show when={camera().area}>{(area) => <bdi class="quiet">{area()}</bdi>}</Show>
              <span class="quiet">{t(`collectors.camera.${camera().status ?? "unknown"}`)}</span>
            </span>
            <span class="quiet">
              {camera().lastDetectionAt === null
                ? t("collectors.noDetection")
                : t("collectors.lastDetection", { time: momentLabel(camera().lastDetectionAt ?? 0, true) })}
            </span>
            <Show when={!camera().approved} fallback={<span class="quiet">{t("collectors.approvedWord")}</span>}>
              <span class="warn">{t("collectors.unapproved")}</span>
              <Show when={mayI("manage_collectors")}>
                <button
                  type="button"
                  class="button primary"
                  aria-label={t("collectors.approveCamera", { name: camera().name })}
                  onClick={() => props.onAct({ kind: "approve", camera: camera() })}
                >
                  {t("collectors.approve")}
                </button>
              </Show>
            </Show>
          </li>
        )}
      </Index>
    </ul>
  </Show>
);
