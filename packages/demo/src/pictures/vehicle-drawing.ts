/**
 * A vehicle from straight ahead or behind as SVG, in centimetres: x from its middle, y = 0 on the ground, up is negative.
 * Rule: the close-up and the full scene show this one drawing, so both pictures are of the same car.
 */
import type { BodyType, Color, Vehicle } from "../town/vehicles.ts";
import { strokeText, textWidth } from "./glyphs.ts";

export type Side = "front" | "rear";
/** How the camera sees: infrared for the close-up; for the scene, under street lamps or in daylight. */
export type Light = "infrared" | "night" | "day";

/** The plate in centimetres: a little larger than life, so that it reads on a phone. */
export const PLATE = { width: 60, height: 15.4 };

type Shape = { halfWidth: number; shoulder: number; roof: number; roofHalfWidth: number; plateY: number };

/** Outlines of the four body types, in centimetres above the ground. */
const SHAPES: Readonly<Record<BodyType, Shape>> = {
  car: { halfWidth: 89, shoulder: 96, roof: 146, roofHalfWidth: 56, plateY: 62 },
  suv: { halfWidth: 93, shoulder: 110, roof: 170, roofHalfWidth: 66, plateY: 70 },
  van: { halfWidth: 98, shoulder: 118, roof: 206, roofHalfWidth: 86, plateY: 66 },
  pickup: { halfWidth: 93, shoulder: 106, roof: 178, roofHalfWidth: 66, plateY: 64 },
};

/** Paint under neutral light. */
const PAINT: Readonly<Record<Color, readonly [number, number, number]>> = {
  white: [226, 228, 226],
  silver: [172, 178, 184],
  grey: [104, 110, 116],
  black: [34, 36, 40],
  blue: [42, 74, 138],
  red: [156, 32, 30],
  green: [44, 92, 64],
  beige: [190, 172, 138],
};

const hex = (channels: readonly number[]): string =>
  `#${channels
    .map((channel) =>
      Math.max(0, Math.min(255, Math.round(channel)))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;

/** Paint as the camera sees it: grey and dark in infrared, warm and dim under sodium lamps. */
const paintUnder = (color: Color, light: Light, gain: number): string => {
  const [red, green, blue] = PAINT[color];
  const grey = 0.3 * red + 0.59 * green + 0.11 * blue;
  if (light === "infrared") return hex([1, 1, 1].map(() => (18 + grey * 0.17) * gain));
  if (light === "night") return hex([(red * 0.5 + 12) * gain, (green * 0.46 + 10) * gain, (blue * 0.42 + 12) * gain]);
  return hex([red * 0.86 * gain, green * 0.88 * gain, blue * 0.92 * gain]);
};

/** Plates of digits alone are yellow, as in Israel; the mixed ones are white. */
const plateColour = (text: string, light: Light): string => {
  if (light === "infrared") return "#cdd1d1";
  const yellow = /^[\d-]+$/.test(text);
  if (light === "night") return yellow ? "#d6b13c" : "#d3d5d0";
  return yellow ? "#f0c02e" : "#eceeea";
};

/** How a plate is drawn: 105 x 27 units, its text centred. */
const drawPlate = (text: string, y: number, light: Light): string => {
  const ink = light === "infrared" ? "#15181a" : "#16181b";
  // 13 units is the pitch of a plate of seven characters; longer ones are set tighter and leave no room for the bolts.
  const advance = Math.min(13, (94 - 10) / (text.length - 1));
  const left = (105 - textWidth(text, advance)) / 2;
  const scale = PLATE.width / 105;
  return `<g transform="translate(${-PLATE.width / 2} ${-y - PLATE.height / 2}) scale(${scale.toFixed(4)})">
<rect width="105" height="27" rx="2.5" fill="${plateColour(text, light)}"/>
<rect x="1.2" y="1.2" width="102.6" height="24.6" rx="1.8" fill="none" stroke="${ink}" stroke-opacity=".55" stroke-width=".9"/>
<g transform="translate(${left.toFixed(2)} 5.5)" fill="none" stroke="${ink}" stroke-width="2.35" stroke-linecap="round" stroke-linejoin="round">${strokeText(text, advance)}</g>
${text.length > 7 ? "" : `<circle cx="4.6" cy="13.5" r=".9" fill="${ink}" opacity=".5"/><circle cx="100.4" cy="13.5" r=".9" fill="${ink}" opacity=".5"/>`}</g>`;
};

const lampColours = (side: Side, light: Light): { core: string; glow: string; body: string } => {
  if (light === "infrared") return { core: "#f2f4f4", glow: "#c3c7c7", body: "#4b4e50" };
  if (side === "front") return { core: "#fffdf2", glow: "#ffeec2", body: light === "night" ? "#9aa0a2" : "#d9dee0" };
  return { core: "#ff6a4a", glow: "#ff2d16", body: light === "night" ? "#8c1410" : "#a81a14" };
};

const definitions = (id: string, vehicle: Vehicle, side: Side, light: Light): string => {
  const lamps = lampColours(side, light);
  const glass =
    light === "day" ? ["#5b6a76", "#2a333b"] : light === "night" ? ["#23292f", "#0b0e11"] : ["#141617", "#08090a"];
  return `<defs>
<linearGradient id="${id}b" x2="0" y2="1"><stop offset="0" stop-color="${paintUnder(vehicle.color, light, 1.18)}"/><stop offset=".45" stop-color="${paintUnder(vehicle.color, light, 0.92)}"/><stop offset="1" stop-color="${paintUnder(vehicle.color, light, 0.55)}"/></linearGradient>
<linearGradient id="${id}g" x2=".3" y2="1"><stop offset="0" stop-color="${glass[0]}"/><stop offset="1" stop-color="${glass[1]}"/></linearGradient>
<radialGradient id="${id}l"><stop offset="0" stop-color="${lamps.core}" stop-opacity=".95"/><stop offset=".28" stop-color="${lamps.glow}" stop-opacity=".5"/><stop offset="1" stop-color="${lamps.glow}" stop-opacity="0"/></radialGradient>
<radialGradient id="${id}s"><stop offset="0" stop-color="#000" stop-opacity=".8"/><stop offset=".7" stop-color="#000" stop-opacity=".55"/><stop offset="1" stop-color="#000" stop-opacity="0"/></radialGradient>
</defs>`;
};

/** The body: roof, glass, shoulders, and the seams and trim that make it a car. */
const drawBody = (id: string, vehicle: Vehicle, side: Side, light: Light): string => {
  const { halfWidth: w, shoulder, roof, roofHalfWidth: r, plateY } = SHAPES[vehicle.type];
  const seam = light === "day" ? "#15181b" : "#000";
  const sheen = light === "infrared" ? "#5d6163" : "#fff";
  const trim = light === "infrared" ? "#0d0e0f" : light === "night" ? "#0e1012" : "#202427";
  const glassTop = roof - 9;
  const glassHalf = r - 5;
  // A van has upright sides; a pickup's tailgate stands before its cab.
  const waist = vehicle.type === "van" ? w - 5 : w - 12;
  const rearVan = vehicle.type === "van" && side === "rear";
  const glass = rearVan
    ? `<rect x="${-glassHalf + 4}" y="${-glassTop}" width="${glassHalf - 9}" height="62" rx="5" fill="url(#${id}g)"/><rect x="5" y="${-glassTop}" width="${glassHalf - 9}" height="62" rx="5" fill="url(#${id}g)"/><path d="M0 ${-roof + 4}V-34" stroke="${seam}" stroke-opacity=".55" stroke-width="1.2"/>`
    : `<path d="M${-waist + 9} ${-shoulder - 2}L${-glassHalf} ${-glassTop + 3}Q0 ${-glassTop - 5} ${glassHalf} ${-glassTop + 3}L${waist - 9} ${-shoulder - 2}Q0 ${-shoulder + 5} ${-waist + 9} ${-shoulder - 2}z" fill="url(#${id}g)"/>
<path d="M${-waist + 26} ${-shoulder - 4}L${-glassHalf + 14} ${-glassTop + 4}l20 -1L${-waist + 62} ${-shoulder - 2}z" fill="${sheen}" opacity="${light === "day" ? 0.16 : 0.06}"/>`;
  const grille =
    side === "front"
      ? `<rect x="-52" y="${-shoulder + 14}" width="104" height="13" rx="5" fill="${trim}"/><path d="M-48 ${-shoulder + 18}H48M-48 ${-shoulder + 23}H48" stroke="${sheen}" stroke-opacity=".25" stroke-width="1"/>
<path d="M${-w + 14} ${-shoulder + 5}Q0 ${-shoulder - 5} ${w - 14} ${-shoulder + 5}" fill="none" stroke="${seam}" stroke-opacity=".5" stroke-width="1.2"/>`
      : `<path d="M${-w + 30} ${-shoulder + 8}Q0 ${-shoulder + 2} ${w - 30} ${-shoulder + 8}" fill="none" stroke="${sheen}" stroke-opacity=".25" stroke-width="1.4"/><path d="M${-w + 26} ${-plateY + 14}Q0 ${-plateY + 19} ${w - 26} ${-plateY + 14}" fill="none" stroke="${seam}" stroke-opacity=".6" stroke-width="1.3"/>`;
  const mirrors =
    side === "front"
      ? `<rect x="${-w - 12}" y="${-shoulder - 12}" width="17" height="13" rx="5" fill="url(#${id}b)"/><rect x="${w - 5}" y="${-shoulder - 12}" width="17" height="13" rx="5" fill="url(#${id}b)"/>`
      : "";
  return `<ellipse cx="0" cy="-3" rx="${w + 22}" ry="17" fill="url(#${id}s)"/>
<rect x="${-w + 7}" y="-33" width="24" height="33" rx="6" fill="#060707"/><rect x="${w - 31}" y="-33" width="24" height="33" rx="6" fill="#060707"/>
${mirrors}<path d="M${-waist} ${-shoulder}L${-r} ${-roof + 6}Q0 ${-roof - 7} ${r} ${-roof + 6}L${waist} ${-shoulder}z" fill="url(#${id}b)"/>
${glass}
<path d="M${-w} -28C${-w - 3} ${-shoulder * 0.62} ${-w + 1} ${-shoulder + 10} ${-waist} ${-shoulder - 1}Q0 ${-shoulder - 8} ${waist} ${-shoulder - 1}C${w - 1} ${-shoulder + 10} ${w + 3} ${-shoulder * 0.62} ${w} -28Q${w - 2} -19 ${w - 12} -19H${-w + 12}Q${-w + 2} -19 ${-w} -28z" fill="url(#${id}b)"/>
<path d="M${-waist} ${-shoulder - 1}Q0 ${-shoulder - 8} ${waist} ${-shoulder - 1}" fill="none" stroke="${sheen}" stroke-opacity=".22" stroke-width="1.6"/>
${grille}<path d="M${-w + 1} -44Q0 -36 ${w - 1} -44L${w - 1} -28Q${w - 2} -19 ${w - 12} -19H${-w + 12}Q${-w + 2} -19 ${-w + 1} -28z" fill="${trim}" opacity=".82"/>
<rect x="-36" y="${-plateY - 11.5}" width="72" height="23" rx="4" fill="${trim}" opacity=".85"/>`;
};

/** The two lamps at plate height: plate lights behind, position lamps in front. They frame the plate in the close-up. */
const drawLampsBeside = (id: string, plateY: number, size: number, opacity: number): string =>
  [-42, 42]
    .map((x) => `<circle cx="${x}" cy="${-plateY - 1}" r="${size}" fill="url(#${id}l)" opacity="${opacity}"/>`)
    .join("");

const drawLamps = (id: string, vehicle: Vehicle, side: Side, light: Light): string => {
  const { halfWidth: w, shoulder, plateY } = SHAPES[vehicle.type];
  const { body, core } = lampColours(side, light);
  const upright = side === "rear" && (vehicle.type === "van" || vehicle.type === "suv");
  const [width, height, y] = upright ? [14, 44, -shoulder - 2] : [30, 17, -shoulder + 10];
  const lens = [-1, 1]
    .map((mirror) => {
      const x = mirror < 0 ? -w + 5 : w - 5 - width;
      return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="${body}"/><rect x="${x + 3}" y="${y + 3}" width="${width - 6}" height="${height / 2 - 3}" rx="3" fill="${core}" opacity=".55"/>`;
    })
    .join("");
  const strength = light === "day" ? 0.25 : 0.95;
  const reach = side === "front" && light === "night" ? 52 : 42;
  const glow = [-1, 1]
    .map(
      (mirror) =>
        `<circle cx="${mirror * (w - 5 - width / 2)}" cy="${y + height / 2}" r="${reach}" fill="url(#${id}l)" opacity="${strength}"/>`,
    )
    .join("");
  return lens + glow + drawLampsBeside(id, plateY, 6, light === "night" ? 0.3 : 0.1);
};

/** Where the middle of the plate is, in centimetres above the ground. */
export const plateHeight = (type: BodyType): number => SHAPES[type].plateY;

/**
 * The middle of the vehicle at the height of its plate, as infrared shows it: for the close-up, where no more is seen.
 * @param id a prefix for gradient names, unique within one document
 * @param flare how far the lamps beside the plate bloom, in centimetres
 */
export const drawPlateArea = (id: string, vehicle: Vehicle, side: Side, flare: number): string => {
  const { plateY } = SHAPES[vehicle.type];
  return `${definitions(id, vehicle, side, "infrared")}<rect x="-60" y="${-plateY - 60}" width="120" height="100" fill="url(#${id}b)"/>
<path d="M-60 ${-plateY - 14}Q0 ${-plateY - 20} 60 ${-plateY - 14}M-60 ${-plateY + 14.5}Q0 ${-plateY + 19} 60 ${-plateY + 14.5}" fill="none" stroke="#5d6163" stroke-opacity=".4" stroke-width=".7"/>
<rect x="-36" y="${-plateY - 11.5}" width="72" height="23" rx="4" fill="#0d0e0f" opacity=".85"/>${drawLampsBeside(id, plateY, flare, 0.95)}${drawPlate(vehicle.plate, plateY, "infrared")}`;
};

/** The height of the vehicle in centimetres. */
export const roofHeight = (type: BodyType): number => SHAPES[type].roof;

/**
 * The whole vehicle as an SVG group with its definitions.
 * @param id a prefix for gradient names, unique within one document
 */
export const drawVehicle = (id: string, vehicle: Vehicle, side: Side, light: Light): string =>
  definitions(id, vehicle, side, light) +
  drawBody(id, vehicle, side, light) +
  drawLamps(id, vehicle, side, light) +
  drawPlate(vehicle.plate, SHAPES[vehicle.type].plateY, light);
