/**
 * One alert in full: when and where, the comparison, why it is watched, what became of it.
 * Rule: the photo and the plate come first, the acts last, under the instruction.
 */
import type { AlertView } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import { type JSX, Show } from "solid-js";
import { ageLabel, clockSeconds, momentLabel, spanLabel } from "../clock.ts";
import { t } from "../i18n/words.ts";
import { mayI } from "../session.ts";
import { plateAddress } from "./addresses.ts";
import { directionLabel, vehicleLabel } from "./vehicle.ts";
import { VerifyPanel } from "./verify-panel.tsx";

const Fact = (props: { name: string; children: JSX.Element }) => (
  <>
    <dt>{props.name}</dt>
    <dd>{props.children}</dd>
  </>
);

/** Where and when, and how long ago, in the size that is read at arm's length. */
const AlertSeen = (props: { alert: AlertView }) => (
  <div class="seen">
    <div>
      <div class="seen-place">
        <bdi>{props.alert.detection.camera.name}</bdi>
        <Show when={props.alert.detection.vehicle?.direction}>
          {(direction) => <>, {directionLabel(direction())}</>}
        </Show>
      </div>
      <div>{t("alert.seen", { time: momentLabel(props.alert.detection.detectedAt, true) })}</div>
      <Show when={props.alert.detection.clockSuspect}>
        <div class="warn">{t("alert.clockSuspect")}</div>
      </Show>
    </div>
    <div class="seen-age">{ageLabel(props.alert.detection.detectedAt)}</div>
  </div>
);

const Path = (props: { alert: AlertView }) => {
  const wholeMs = () => Date.parse(props.alert.createdAt) - Date.parse(props.alert.detection.detectedAt);
  return (
    <>
      {t("alert.pathSteps", {
        seen: clockSeconds(props.alert.detection.detectedAt),
        received: clockSeconds(props.alert.detection.receivedAt),
        alerted: clockSeconds(props.alert.createdAt),
      })}
      <span class="path-delay" classList={{ warn: props.alert.late }}>
        {spanLabel(wholeMs())}
      </span>
    </>
  );
};

const AlertFacts = (props: { alert: AlertView }) => (
  <dl class="facts">
    <Fact name={t("alert.reason")}>
      <bdi>{props.alert.entry.reason}</bdi>
    </Fact>
    <Show when={props.alert.entry.vehicle}>
      {(vehicle) => (
        <Fact name={t("alert.lookFor")}>
          <bdi>{vehicle()}</bdi>
        </Fact>
      )}
    </Show>
    <Show when={vehicleLabel(props.alert.detection)}>
      {(vehicle) => (
        <Fact name={t("alert.vehicle")}>
          <bdi>{vehicle()}</bdi>
        </Fact>
      )}
    </Show>
    <Show when={props.alert.detection.plate.text !== props.alert.detection.plate.normalized}>
      <Fact name={t("alert.asRead")}>
        <bdi class="mono" dir="ltr">
          {props.alert.detection.plate.text}
        </bdi>
      </Fact>
    </Show>
    <Fact name={t("alert.path")}>
      <Path alert={props.alert} />
    </Fact>
    <Show when={props.alert.acknowledged}>
      {(acknowledged) => (
        <Fact name={t("alert.acknowledged")}>
          {t("alert.byAt", { name: acknowledged().by, time: momentLabel(acknowledged().at, true) })}
        </Fact>
      )}
    </Show>
    <Show when={props.alert.resolved}>
      {(resolved) => (
        <Fact name={t("alert.resolved")}>
          {t("alert.outcomeByAt", {
            outcome: t(`outcome.${resolved().outcome}`),
            name: resolved().by,
            time: momentLabel(resolved().at, true),
          })}
        </Fact>
      )}
    </Show>
  </dl>
);

const AlertScene = (props: { alert: AlertView }) => (
  <Show when={props.alert.detection.images.full}>
    {(source) => (
      <figure class="scene">
        <a href={source()} target="_blank" rel="noreferrer">
          <img
            src={source()}
            loading="lazy"
            decoding="async"
            alt={t("alert.sceneAlt", {
              camera: props.alert.detection.camera.name,
              time: momentLabel(props.alert.detection.detectedAt, true),
            })}
          />
        </a>
        <figcaption>{t("alert.scene")}</figcaption>
      </figure>
    )}
  </Show>
);

export const AlertDetail = (props: { alert: AlertView }) => (
  <article class="alert-detail">
    <div class="alert-look">
      <AlertSeen alert={props.alert} />
      <VerifyPanel alert={props.alert} />
    </div>
    <div class="alert-know">
      <AlertFacts alert={props.alert} />
      <Show when={mayI("see_timeline") && props.alert.detection.plate.normalized}>
        {(plate) => (
          <A class="text-link" href={plateAddress(plate())}>
            {t("alert.plateHistory")}
          </A>
        )}
      </Show>
      <AlertScene alert={props.alert} />
    </div>
  </article>
);
