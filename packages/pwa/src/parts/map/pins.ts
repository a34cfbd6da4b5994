/**
 * What stands on the map at a camera: its cone, its health, its name, or its count of an hour.
 * Rule: built as elements, never as text that becomes markup; shape, colour and words say the same.
 */
import type { MapCamera } from "@chaverim/contracts";
import { momentLabel } from "../../clock.ts";
import { m } from "../../i18n/map.ts";
import { circleRadius, conePoints } from "./geometry.ts";

const SVG = "http://www.w3.org/2000/svg";

const drawn = (name: string, attributes: Record<string, string | number>): SVGElement => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
};
const picture = (...shapes: SVGElement[]): SVGElement => {
  const svg = drawn("svg", { viewBox: "-40 -40 80 80", width: 80, height: 80, "aria-hidden": "true" });
  svg.append(...shapes);
  return svg;
};
export const textElement = (tag: "span" | "bdi", className: string, text: string): HTMLElement => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
};

/** Words in the person's language, on a map that is laid out from left to right. */
export const wordsElement = (className: string, text: string): HTMLElement => {
  const element = textElement("span", className, text);
  element.dir = "auto";
  return element;
};
/** `No data since 23:40`, `Live`. */
export const healthWords = (camera: MapCamera): string =>
  camera.health === "offline" && camera.lastDetectionAt !== null
    ? m("map.offlineSince", { time: momentLabel(camera.lastDetectionAt) })
    : m(`map.${camera.health}`);

/** Disc live, diamond late, ring no data, half-filled disc silent, dashed ring not approved. */
const healthShape = (health: MapCamera["health"]): SVGElement[] => {
  switch (health) {
    case "live":
      return [drawn("circle", { r: 6, class: "pin-shape" })];
    case "late":
      return [drawn("polygon", { points: "0,-8 8,0 0,8 -8,0", class: "pin-shape" })];
    case "offline":
      return [drawn("circle", { r: 6, class: "pin-ring" })];
    case "silent":
      return [
        drawn("circle", { r: 6, class: "pin-ring" }),
        drawn("path", { d: "M-6,0a6,6 0 0 0 12,0z", class: "pin-half" }),
      ];
    case "unapproved":
      return [drawn("circle", { r: 6, class: "pin-ring", "stroke-dasharray": "3 2.5" })];
  }
};

/** What is drawn of a camera; the same is not drawn again. */
export const cameraKey = (camera: MapCamera, isChosen: boolean): string =>
  JSON.stringify([camera.name, camera.health, camera.heading, healthWords(camera), isChosen]);

/** Draws a camera into its pin. */
export const drawCamera = (pin: HTMLElement, camera: MapCamera, isChosen: boolean): void => {
  const cone =
    camera.heading === null ? [] : [drawn("polygon", { points: conePoints(camera.heading), class: "pin-cone" })];
  const ring = isChosen ? [drawn("circle", { r: 13, class: "pin-chosen" })] : [];
  const label = textElement("span", "pin-label", "");
  label.append(textElement("bdi", "", camera.name));
  if (camera.health !== "live") label.append(wordsElement("pin-words", healthWords(camera)));
  else label.append(textElement("span", "unseen", healthWords(camera)));
  pin.className = `pin health-${camera.health}${isChosen ? " chosen" : ""}`;
  // A ring that is running goes on.
  const rings = pin.querySelectorAll(".pin-pulse");
  pin.replaceChildren(picture(...cone, ...healthShape(camera.health), ...ring), label, ...rings);
};

/** Worst first. */
const HEALTH_ORDER = ["offline", "silent", "late", "unapproved", "live"] as const;

/**
 * One pin for cameras that would cover each other: how many, how the worst of them is and how many are so, and which one is
 * chosen.
 */
export const clusterPin = (cameras: readonly MapCamera[], chosen: MapCamera | undefined): HTMLElement => {
  const worst = HEALTH_ORDER.find((health) => cameras.some((camera) => camera.health === health)) ?? "live";
  const count = cameras.filter(({ health }) => health === worst).length;
  const pin = document.createElement("div");
  pin.className = `pin-cluster health-${worst}${chosen ? " chosen" : ""}`;
  const number = textElement("span", "", String(cameras.length));
  number.setAttribute("aria-hidden", "true");
  const label = textElement("span", "pin-label", "");
  if (chosen) label.append(textElement("bdi", "", chosen.name));
  const health = m("map.clusterHealth", { count, health: m(`map.${worst}`) });
  label.append(worst === "live" ? textElement("span", "unseen", health) : wordsElement("pin-words", health));
  pin.append(number, label, textElement("span", "unseen", m("map.cluster", { count: cameras.length })));
  return pin;
};

const heatWords = (camera: MapCamera, count: number): string => m("map.heatCount", { camera: camera.name, count });

export const countKey = (camera: MapCamera, count: number, highest: number): string =>
  JSON.stringify([heatWords(camera, count), count, highest]);

/** Draws a camera's count of one hour into its pin; the number is in the circle. */
export const drawCount = (pin: HTMLElement, camera: MapCamera, count: number, highest: number): void => {
  pin.className = "pin heat";
  pin.replaceChildren(
    picture(drawn("circle", { r: circleRadius(count, highest), class: count === 0 ? "heat-none" : "heat-circle" })),
    textElement("span", "heat-count", String(count)),
    textElement("span", "unseen", heatWords(camera, count)),
  );
};
