/**
 * Takes the two photos of a pass: the plate in infrared, and the whole scene with the car in it, both as JPEG.
 * Rule: drawing costs under 60 ms of CPU a pair; what repeats (scenery, grain) is kept, and kept small.
 */
import sharp from "sharp";
import { between, createRandom, seedFor } from "../random.ts";
import type { Random } from "../random.ts";
import type { Pass } from "../town/trips.ts";
import { GLYPH_HEIGHT, strokeText, textWidth } from "./glyphs.ts";
import { SCENE, drawScenery, roadView } from "./scenery.ts";
import type { SceneLight } from "./scenery.ts";
import { PLATE, drawPlateArea, drawVehicle, plateHeight, roofHeight } from "./vehicle-drawing.ts";
import type { Light } from "./vehicle-drawing.ts";

export type Pictures = {
  crop: Buffer;
  full: Buffer;
  /** The plate in the full scene: x, y, width, height in pixels. */
  box: [number, number, number, number];
};

/** What a picture shows: the pass and the moment on the wall clock, which the camera burns into the scene. */
export type Shot = Pick<Pass, "camera" | "vehicle" | "side"> & { at: Date };

/** The close-up: 390:136 as the screens show it, 5.5 px a centimetre, so characters are about 45 px high. */
const CROP = { width: 488, height: 170, centimetres: 88 };
/** With the grain below these give 10-30 KB and 50-80 KB, the sizes that real cameras send. */
const CROP_QUALITY = 82;
const SCENE_QUALITY = 76;

/** Street lamps are on from seven in the evening to six in the morning. */
export const sceneLight = (at: Date): SceneLight => (at.getHours() >= 19 || at.getHours() < 6 ? "night" : "day");

/** Sensor noise in steps of brightness: strongest in infrared, weakest by day. */
const GRAIN = { infrared: 8, night: 4.4, day: 3.2 } as const satisfies Record<Light, number>;
/** Long enough that no repeat is seen: 256 K samples, a fifth of a picture's pixels. */
const GRAIN_LENGTH = 1 << 18;
const grains: Readonly<Record<Light, Int8Array>> = (() => {
  const strip = (strength: number) => {
    const random = createRandom(5);
    // The sum of three even draws is near enough to the bell curve of a sensor; its standard deviation is a half.
    return Int8Array.from({ length: GRAIN_LENGTH }, () =>
      Math.round((random() + random() + random() - 1.5) * 2 * strength),
    );
  };
  return { infrared: strip(GRAIN.infrared), night: strip(GRAIN.night), day: strip(GRAIN.day) };
})();

/** Adds grain in place; each row begins elsewhere in the strip, so that no pattern lines up. */
const addGrain = (pixels: Buffer, rowLength: number, light: Light, random: Random): void => {
  const grain = grains[light];
  const clamped = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length);
  for (let row = 0; row < clamped.length; row += rowLength) {
    let place = Math.floor(random() * (GRAIN_LENGTH - rowLength));
    for (let index = row; index < row + rowLength; index++)
      clamped[index] = (clamped[index] ?? 0) + (grain[place++] ?? 0);
  }
};

type Layer = { pixels: Buffer; width: number; height: number; left: number; top: number };

/** Draws an SVG as a layer with transparency. */
const drawLayer = async (svg: string, left: number, top: number): Promise<Layer> => {
  const { data, info } = await sharp(Buffer.from(svg)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { pixels: data, width: info.width, height: info.height, left, top };
};

/** Lays a layer over a scene of three channels, in place; half the CPU of sharp's composite, which converts both. */
const lay = (scene: Buffer, { pixels, width, height, left, top }: Layer): void => {
  const firstX = Math.max(0, -left);
  const endX = Math.min(width, SCENE.width - left);
  const endY = Math.min(height, SCENE.height - top);
  for (let y = Math.max(0, -top); y < endY; y++) {
    let from = (y * width + firstX) * 4;
    let to = ((y + top) * SCENE.width + firstX + left) * 3;
    for (let x = firstX; x < endX; x++, from += 4, to += 3) {
      const alpha = pixels[from + 3] ?? 0;
      if (alpha === 0) continue;
      for (let channel = 0; channel < 3; channel++) {
        const under = scene[to + channel] ?? 0;
        scene[to + channel] = under + (((pixels[from + channel] ?? 0) - under) * alpha) / 255;
      }
    }
  }
};

/** Fourteen cameras in one light: at 2.7 MB each the pixels themselves would be 38 MB, as JPEG they are about 3. */
const SCENERIES_KEPT = 14;
const sceneries = new Map<string, Promise<Buffer>>();

const sceneryOf = (camera: Shot["camera"], light: SceneLight): Promise<Buffer> => {
  const key = `${camera.id}/${light}`;
  const kept = sceneries.get(key);
  if (kept) return kept;
  const drawn = sharp(Buffer.from(drawScenery(camera, light)))
    .removeAlpha()
    .blur(0.9)
    .jpeg({ quality: 94 })
    .toBuffer();
  const oldest = sceneries.keys().next().value;
  if (sceneries.size >= SCENERIES_KEPT && oldest !== undefined) sceneries.delete(oldest);
  sceneries.set(key, drawn);
  return drawn;
};

/** The spot of the infrared lamp: brightness by pixel, falling off towards the corners; 256 leaves a pixel as it is. */
const spot: Uint16Array = Uint16Array.from({ length: CROP.width * CROP.height }, (_, index) => {
  const across = (index % CROP.width) / CROP.width - 0.5;
  const down = Math.floor(index / CROP.width) / CROP.height - 0.45;
  return Math.round(256 * (1.06 - 1.5 * (across ** 2 + 0.35 * down ** 2)));
});

/** The plate between its two lamps, in infrared, as a grey JPEG of 10-30 KB. */
export const takeCrop = async (shot: Shot): Promise<Buffer> => {
  const { vehicle, camera, side, at } = shot;
  const random = createRandom(seedFor(at.getTime(), "crop", camera.id, vehicle.plate));
  const stance = createRandom(seedFor(11, "stance", camera.id));
  // A camera on a pole looks a little from the side, the same way at each pass; the car adds its own share.
  const skew = between(stance, -4, 4) + between(random, -1, 1);
  const turn = between(stance, -2.5, 2.5) + between(random, -1, 1);
  const scale = (CROP.width / CROP.centimetres) * between(random, 0.94, 1.06);
  const [x, y] = [CROP.width / 2 + between(random, -9, 9), CROP.height / 2 + between(random, -8, 8)];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${CROP.width}" height="${CROP.height}"><rect width="100%" height="100%" fill="#060708"/>
<g transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${turn.toFixed(2)}) skewY(${skew.toFixed(2)}) scale(${scale.toFixed(3)}) translate(0 ${plateHeight(vehicle.type)})">${drawPlateArea("v", vehicle, side, between(random, 13, 19))}</g></svg>`;
  const pixels = await sharp(Buffer.from(svg))
    .removeAlpha()
    .extractChannel(0)
    .blur(between(random, 0.9, 1.5))
    .raw()
    .toBuffer();
  const exposure = between(random, 0.84, 1.08);
  for (let index = 0; index < pixels.length; index++) {
    pixels[index] = Math.min(250, 4 + ((pixels[index] ?? 0) * (spot[index] ?? 0) * exposure) / 256);
  }
  addGrain(pixels, CROP.width, "infrared", random);
  return sharp(pixels, { raw: { width: CROP.width, height: CROP.height, channels: 1 } })
    .jpeg({ quality: CROP_QUALITY })
    .toBuffer();
};

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** The line that cameras burn in: their name, that this is a simulation, and the time. */
const burnIn = ({ camera, at }: Shot): Promise<Layer>[] => {
  const date = `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())}`;
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(":");
  const pitch = 13;
  const scale = 1.15;
  const margin = 26;
  const line = (text: string, left: (width: number) => number) => {
    const width = Math.ceil(textWidth(text, pitch) * scale) + 8;
    const strokes = strokeText(text, pitch);
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${Math.ceil(GLYPH_HEIGHT * scale) + 8}"><g transform="translate(4 4) scale(${scale})" stroke-linecap="round" stroke-linejoin="round" fill="none"><g stroke="#000" stroke-opacity=".7" stroke-width="4.4">${strokes}</g><g stroke="#eef1f2" stroke-width="1.9">${strokes}</g></g></svg>`;
    return drawLayer(svg, left(width), margin - 8);
  };
  return [
    line(`${camera.name} - SIMULATED`, () => margin),
    line(`${date} ${time}`, (width) => SCENE.width - margin - width),
  ];
};

/** Room around a car: glow to its sides, and below it the light on the road, in pixels. */
const CAR_LAYER = { width: 720, below: 92 };

/** The car on the road with the light that it throws, and the box of its plate. */
const carInScene = async (
  shot: Shot,
  light: SceneLight,
  random: Random,
): Promise<{ layer: Layer; box: Pictures["box"] }> => {
  const { vehicle, camera, side } = shot;
  const view = roadView(camera);
  const scale = between(random, 2.25, 2.75);
  const footY = Math.round(between(random, 560, 640));
  // Traffic keeps to the right: coming towards the camera it is on the picture's left.
  const depth = (footY - view.horizon) / (SCENE.height - view.horizon);
  const lane = view.vanishX + (side === "front" ? -1 : 1) * depth * between(random, 330, 420);
  const footX = Math.round(Math.max(300, Math.min(SCENE.width - 300, lane)));
  const slope = Math.tan(((footX - SCENE.width / 2) / SCENE.width) * -0.1);
  const middle = -plateHeight(vehicle.type);
  const tilt = (PLATE.width / 2) * Math.abs(slope);
  const box: Pictures["box"] = [
    Math.round(footX - (PLATE.width / 2) * scale),
    Math.round(footY + (middle - PLATE.height / 2 - tilt) * scale),
    Math.round(PLATE.width * scale),
    Math.round((PLATE.height + 2 * tilt) * scale),
  ];
  // 20 cm above the roof for the slope and the edge.
  const above = Math.ceil((roofHeight(vehicle.type) + 20) * scale);
  const beam = side === "front" ? ["#fff2cc", 0.36, 320, 68] : ["#ff3a20", 0.2, 230, 46];
  const shine =
    light === "night"
      ? `<defs><radialGradient id="beam"><stop offset="0" stop-color="${beam[0]}" stop-opacity="${beam[1]}"/><stop offset="1" stop-color="${beam[0]}" stop-opacity="0"/></radialGradient></defs><ellipse cx="${CAR_LAYER.width / 2}" cy="${above + 24}" rx="${beam[2]}" ry="${beam[3]}" fill="url(#beam)"/>`
      : "";
  const matrix = [scale, slope * scale, 0, scale, CAR_LAYER.width / 2, above]
    .map((value) => value.toFixed(4))
    .join(" ");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${CAR_LAYER.width}" height="${above + CAR_LAYER.below}">${shine}<g transform="matrix(${matrix})">${drawVehicle("v", vehicle, side, light)}</g></svg>`;
  return { layer: await drawLayer(svg, footX - CAR_LAYER.width / 2, footY - above), box };
};

/** Both photos of a pass. The same shot gives the same bytes. */
export const takePictures = async (shot: Shot): Promise<Pictures> => {
  const random = createRandom(seedFor(shot.at.getTime(), "scene", shot.camera.id, shot.vehicle.plate));
  const light = sceneLight(shot.at);
  const [scene, car, ...lines] = await Promise.all([
    sharp(await sceneryOf(shot.camera, light))
      .raw()
      .toBuffer(),
    carInScene(shot, light, random),
    ...burnIn(shot),
  ]);
  for (const layer of [car.layer, ...lines]) lay(scene, layer);
  addGrain(scene, SCENE.width * 3, light, random);
  const full = await sharp(scene, { raw: { width: SCENE.width, height: SCENE.height, channels: 3 } })
    .jpeg({ quality: SCENE_QUALITY })
    .toBuffer();
  return { crop: await takeCrop(shot), full, box: car.box };
};
