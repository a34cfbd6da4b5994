/**
 * What is wrong with a collector, in words: the fact, and what a person can do about it.
 * Rule: red is for what gives no data; everything else that needs somebody is amber.
 */
import type { HealthAlert, Heartbeat } from "@chaverim/contracts";
import { momentLabel } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { percentLabel } from "../match-words.ts";
import { durationLabel } from "./measures.ts";

export type ProblemTone = "critical" | "warn";
export type Problem = { tone: ProblemTone; title: string; next: string };

const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0);

/** A number of a problem's detail, which central wrote; 0 where it wrote none. */
const figure = ({ detail }: HealthAlert, name: string): number => numberOf(detail[name]);

/** `81 °C` */
export const degreesLabel = (celsius: number): string => `${Math.round(celsius)} °C`;

/** Pictures that were given up before central had them. */
const lossesOf = ({ detail }: HealthAlert): NonNullable<Heartbeat["sacrificed"]> =>
  ((detail["sacrificed"] ?? []) as NonNullable<Heartbeat["sacrificed"]>).filter(
    ({ kind }) => kind !== "acknowledged_images",
  );

const sacrificed = (alert: HealthAlert): Problem => {
  const losses = lossesOf(alert);
  const from = losses.map(({ fromAt }) => fromAt).toSorted()[0] ?? alert.openedAt;
  const until =
    losses
      .map(({ toAt }) => toAt)
      .toSorted()
      .at(-1) ?? alert.openedAt;
  return {
    tone: "warn",
    title: w("health.sacrificed", { count: losses.reduce((sum, { images }) => sum + images, 0) }),
    next: w("health.sacrificedNext", { from: momentLabel(from), until: momentLabel(until) }),
  };
};

const gap = (alert: HealthAlert): Problem => {
  const count = figure(alert, "count");
  const brokenAt = alert.detail["brokenAt"] as { seq?: unknown } | undefined;
  return {
    tone: "warn",
    title:
      count > 0 || brokenAt === undefined
        ? w("health.gap", { count, from: figure(alert, "from"), to: figure(alert, "to") })
        : w("health.gapBroken", { seq: numberOf(brokenAt.seq) }),
    next: w("health.gapNext"),
  };
};

/** Says a problem in words. */
export const problemOf = (alert: HealthAlert): Problem => {
  const { kind, openedAt, detail } = alert;
  const camera = alert.camera?.name ?? "";
  const lastSeenAt = typeof detail["lastSeenAt"] === "string" ? detail["lastSeenAt"] : openedAt;
  switch (kind) {
    case "late":
      return { tone: "warn", title: w("health.late", { time: momentLabel(lastSeenAt) }), next: w("health.lateNext") };
    case "offline":
      return {
        tone: "critical",
        title: w("health.offline", { time: momentLabel(lastSeenAt) }),
        next: w("health.offlineNext"),
      };
    case "camera_offline":
      return {
        tone: "critical",
        title: w(detail["status"] === "error" ? "health.cameraError" : "health.camera_offline", { camera }),
        next: w("health.camera_offlineNext"),
      };
    case "camera_silent": {
      const seen = { actual: figure(alert, "actual"), expected: Math.round(figure(alert, "expected")) };
      return {
        tone: "warn",
        title: w("health.camera_silent", { camera, ...seen }),
        next: w("health.camera_silentNext"),
      };
    }
    case "disk_low":
      return {
        tone: "warn",
        title: w("health.disk_low", { percent: percentLabel(figure(alert, "free")) }),
        next: w("health.disk_lowNext"),
      };
    case "hot":
      return {
        tone: "warn",
        title: w("health.hot", { degrees: degreesLabel(figure(alert, "temperature")) }),
        next: w("health.hotNext"),
      };
    case "clock_wrong": {
      const offsetMs = figure(alert, "offsetMs");
      return {
        tone: "warn",
        title: w(offsetMs > 0 ? "health.clockAhead" : "health.clockBehind", {
          span: durationLabel(Math.abs(offsetMs) / 1000),
        }),
        next: w("health.clock_wrongNext"),
      };
    }
    case "sacrificed":
      return sacrificed(alert);
    case "damaged":
      return {
        tone: "warn",
        title: w("health.damaged", { rows: figure(alert, "rows"), images: figure(alert, "images") }),
        next: w("health.damagedNext"),
      };
    case "gap":
      return gap(alert);
    case "device_changed":
    case "restored":
      return { tone: "warn", title: w(`health.${kind}`), next: w(`health.${kind}Next`) };
  }
};

/** The worst first, and of those the newest. */
export const worstFirst = (a: HealthAlert, b: HealthAlert): number =>
  Number(problemOf(b).tone === "critical") - Number(problemOf(a).tone === "critical") ||
  b.openedAt.localeCompare(a.openedAt);
