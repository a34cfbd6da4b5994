/**
 * What a camera sees when no car is there: road, kerb, houses, lamps, by night or by day.
 * Rule: a camera's scenery depends on the camera and the light alone, so it can be drawn once and kept.
 */
import { between, createRandom, seedFor } from "../random.ts";
import type { Random } from "../random.ts";
import type { Camera } from "../town/cameras.ts";
import type { Light } from "./vehicle-drawing.ts";

export const SCENE = { width: 1280, height: 720 };

export type SceneLight = Exclude<Light, "infrared">;

const PALETTES = {
  night: {
    skyTop: "#05080d",
    skyLow: "#141a22",
    far: "#0a0e13",
    wall: "#11161b",
    ground: "#0d100f",
    road: ["#14171a", "#24282b"],
    line: "#7f8480",
    kerb: "#4a4e4d",
    window: "#e9b866",
    metal: "#2a3036",
    water: "#0b141c",
    tree: "#0a100d",
  },
  day: {
    skyTop: "#8fb2d0",
    skyLow: "#d4dde2",
    far: "#8c9aa3",
    wall: "#a69f92",
    ground: "#7d8566",
    road: ["#6d7072", "#4f5254"],
    line: "#e2e3dd",
    kerb: "#b4b3ab",
    window: "#4d5b66",
    metal: "#6f777d",
    water: "#5c7f92",
    tree: "#4f6b43",
  },
} as const;
type Palette = (typeof PALETTES)[SceneLight];

/** Where the road meets the horizon, and how it lies; seeded by the camera, used by the car as well. */
export type RoadView = { horizon: number; vanishX: number; leftFoot: number; rightFoot: number };

export const roadView = (camera: Camera): RoadView => {
  const random = createRandom(seedFor(11, "view", camera.id));
  const vanishX = between(random, 520, 780);
  return {
    horizon: between(random, 196, 246),
    vanishX,
    leftFoot: vanishX - between(random, 900, 1060),
    rightFoot: vanishX + between(random, 900, 1060),
  };
};

/** x of the road's edge at a height in the picture. */
const edgeAt = (view: RoadView, foot: number, y: number): number =>
  view.vanishX + ((foot - view.vanishX) * (y - view.horizon)) / (SCENE.height - view.horizon);

const houses = (random: Random, view: RoadView, palette: Palette, light: SceneLight): string => {
  let drawn = "";
  for (let x = -40; x < SCENE.width + 40;) {
    const width = between(random, 70, 190);
    const gap = Math.abs(x + width / 2 - view.vanishX) < 110;
    const height = gap ? between(random, 8, 26) : between(random, 60, 165);
    const top = view.horizon + 14 - height;
    drawn += `<rect x="${x.toFixed(0)}" y="${top.toFixed(0)}" width="${width.toFixed(0)}" height="${(height + 10).toFixed(0)}" fill="${random() < 0.5 ? palette.wall : palette.far}"/>`;
    for (let row = top + 14; !gap && row < view.horizon - 12; row += 26) {
      for (let column = x + 12; column < x + width - 18; column += 27) {
        const lit = light === "day" || random() < 0.28;
        drawn += `<rect x="${column.toFixed(0)}" y="${row.toFixed(0)}" width="11" height="14" fill="${lit ? palette.window : "#090c0f"}" opacity="${light === "day" ? 0.8 : lit ? between(random, 0.35, 0.85).toFixed(2) : 0.8}"/>`;
      }
    }
    x += width + between(random, -6, 24);
  }
  return drawn;
};

const trees = (random: Random, view: RoadView, palette: Palette, count: number): string => {
  let drawn = "";
  for (let index = 0; index < count; index++) {
    const left = random() < 0.5;
    const depth = between(random, 0.04, 0.3);
    const y = view.horizon + depth * (SCENE.height - view.horizon);
    const x = edgeAt(view, left ? view.leftFoot : view.rightFoot, y) + (left ? -1 : 1) * between(random, 50, 260);
    const size = 40 + depth * 300;
    drawn += `<path d="M${x.toFixed(0)} ${y.toFixed(0)}v${(-size * 0.8).toFixed(0)}" stroke="${palette.metal}" stroke-width="${(size / 14).toFixed(1)}"/>`;
    for (let blob = 0; blob < 5; blob++) {
      drawn += `<circle cx="${(x + between(random, -0.35, 0.35) * size).toFixed(0)}" cy="${(y - size * between(random, 0.75, 1.3)).toFixed(0)}" r="${(size * between(random, 0.22, 0.38)).toFixed(0)}" fill="${palette.tree}"/>`;
    }
  }
  return drawn;
};

const landmark = (random: Random, camera: Camera, view: RoadView, palette: Palette, light: SceneLight): string => {
  const { horizon } = view;
  switch (camera.setting) {
    case "gate": {
      const [left, right] = [
        edgeAt(view, view.leftFoot, horizon + 96) - 24,
        edgeAt(view, view.rightFoot, horizon + 96) + 24,
      ];
      return `<path d="M${left - 46} ${horizon + 104}V${horizon - 96}h46V${horizon + 104}zM${right} ${horizon + 104}V${horizon - 96}h46V${horizon + 104}z" fill="${palette.wall}" stroke="${palette.metal}" stroke-width="3"/><path d="M${left - 56} ${horizon - 96}H${right + 56}v-34H${left - 56}z" fill="${palette.far}" stroke="${palette.metal}" stroke-width="3"/>`;
    }
    case "bridge": {
      let cables = "";
      const tower = view.vanishX + 8;
      for (let step = 1; step <= 9; step++)
        cables += `<path d="M${tower} 14L${tower - step * 66} ${horizon + 8}M${tower} 14L${tower + step * 66} ${horizon + 8}"/>`;
      return `<rect y="${horizon - 4}" width="${SCENE.width}" height="120" fill="${palette.water}"/><g stroke="${palette.metal}" stroke-width="2.5" fill="none">${cables}</g><path d="M${tower - 26} ${horizon + 12}L${tower - 7} 6h14L${tower + 26} ${horizon + 12}h-12L${tower} 60 ${tower - 14} ${horizon + 12}z" fill="${palette.metal}"/>`;
    }
    case "harbor": {
      let cranes = "";
      for (let index = 0; index < 3; index++) {
        const x = between(random, 90, 1150);
        cranes += `<path d="M${x.toFixed(0)} ${horizon + 10}V${horizon - 150}M${(x + 34).toFixed(0)} ${horizon + 10}V${horizon - 150}M${(x - 80).toFixed(0)} ${horizon - 150}h210M${x.toFixed(0)} ${horizon - 100}l34 50M${(x + 16).toFixed(0)} ${horizon - 150}v-36l90 36" fill="none" stroke="${palette.metal}" stroke-width="6"/>`;
      }
      return cranes;
    }
    case "market": {
      const signs = ["#6fb7a8", "#d98a4e", "#c9574f", "#d7b54e"];
      return signs
        .map((colour, index) => {
          const x = index < 2 ? between(random, 20, 260) : between(random, 960, 1180);
          return `<rect x="${x.toFixed(0)}" y="${(horizon - 34 + index * 9).toFixed(0)}" width="92" height="17" rx="3" fill="${colour}" opacity="${light === "night" ? 0.85 : 0.7}"/>`;
        })
        .join("");
    }
    case "street":
      return trees(random, view, palette, 5);
    case "lane":
      return trees(random, view, palette, 14);
  }
};

const streetLamps = (view: RoadView, palette: Palette, light: SceneLight): string =>
  [0.05, 0.16, 0.42]
    .flatMap((depth) =>
      [-1, 1].map((hand) => {
        const y = view.horizon + depth * (SCENE.height - view.horizon);
        const x = edgeAt(view, hand < 0 ? view.leftFoot : view.rightFoot, y) + hand * (26 + depth * 60);
        const height = 70 + depth * 620;
        const head = x - hand * height * 0.22;
        const pole = `<path d="M${x.toFixed(0)} ${y.toFixed(0)}V${(y - height + 12).toFixed(0)}Q${x.toFixed(0)} ${(y - height).toFixed(0)} ${head.toFixed(0)} ${(y - height).toFixed(0)}" fill="none" stroke="${palette.metal}" stroke-width="${(2 + depth * 13).toFixed(1)}"/>`;
        if (light === "day") return pole;
        const radius = 50 + depth * 240;
        return `${pole}<ellipse cx="${(head - hand * radius * 0.5).toFixed(0)}" cy="${(y + 10).toFixed(0)}" rx="${(radius * 1.7).toFixed(0)}" ry="${(radius * 0.42).toFixed(0)}" fill="url(#pool)"/><circle cx="${head.toFixed(0)}" cy="${(y - height).toFixed(0)}" r="${radius.toFixed(0)}" fill="url(#lamp)"/>`;
      }),
    )
    .join("");

/** The empty road as an SVG document of 1280 x 720. */
export const drawScenery = (camera: Camera, light: SceneLight): string => {
  const random = createRandom(seedFor(11, "scenery", camera.id));
  const palette = PALETTES[light];
  const view = roadView(camera);
  const { horizon, vanishX, leftFoot, rightFoot } = view;
  const { width, height } = SCENE;
  const dashes = [0.02, 0.06, 0.12, 0.21, 0.34, 0.53, 0.8]
    .map((near) => {
      const far = near * 1.32;
      const [top, bottom] = [horizon + near * (height - horizon), horizon + far * (height - horizon)];
      return `<path d="M${vanishX - near * 9} ${top}h${near * 18}L${vanishX + far * 9} ${bottom}h${-far * 18}z" fill="${palette.line}" opacity=".6"/>`;
    })
    .join("");
  const kerb = (foot: number, hand: number) =>
    `<path d="M${vanishX} ${horizon}L${foot} ${height}h${hand * 46}L${vanishX + hand * 2} ${horizon}z" fill="${palette.kerb}" opacity=".8"/><path d="M${vanishX + hand * 2} ${horizon}L${foot + hand * 46} ${height}h${hand * 330}L${vanishX + hand * 12} ${horizon}z" fill="${palette.kerb}" opacity=".28"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><defs>
<linearGradient id="sky" x2="0" y2="1"><stop offset="0" stop-color="${palette.skyTop}"/><stop offset="1" stop-color="${palette.skyLow}"/></linearGradient>
<linearGradient id="road" x2="0" y2="1"><stop offset="0" stop-color="${palette.road[0]}"/><stop offset="1" stop-color="${palette.road[1]}"/></linearGradient>
<radialGradient id="lamp"><stop offset="0" stop-color="#fff3d6" stop-opacity=".95"/><stop offset=".1" stop-color="#ffd58c" stop-opacity=".5"/><stop offset="1" stop-color="#e0902e" stop-opacity="0"/></radialGradient>
<radialGradient id="pool"><stop offset="0" stop-color="#ffca7a" stop-opacity=".3"/><stop offset="1" stop-color="#c98a3a" stop-opacity="0"/></radialGradient></defs>
<rect width="${width}" height="${horizon + 20}" fill="url(#sky)"/>${camera.setting === "bridge" || camera.setting === "lane" ? "" : houses(random, view, palette, light)}
<rect y="${horizon}" width="${width}" height="${height - horizon}" fill="${palette.ground}"/>${landmark(random, camera, view, palette, light)}
<path d="M${vanishX - 4} ${horizon}L${leftFoot} ${height}H${rightFoot}L${vanishX + 4} ${horizon}z" fill="url(#road)"/>${kerb(leftFoot, -1)}${kerb(rightFoot, 1)}${dashes}
${streetLamps(view, palette, light)}</svg>`;
};
