/** Tests of the pictures: their sizes, their format, the box of the plate, and that chance is seeded. */
import sharp from "sharp";
import { expect, test } from "vitest";
import { CAMERAS } from "../town/cameras.ts";
import { createVehicles } from "../town/vehicles.ts";
import { canDraw } from "./glyphs.ts";
import { sceneLight, takeCrop, takePictures } from "./picture.ts";
import type { Shot } from "./picture.ts";

const { vehicles, watched } = createVehicles(1);
const aShot = (index: number, hour: number): Shot => {
  const camera = CAMERAS[index % CAMERAS.length];
  const vehicle = [...watched, ...vehicles][index];
  if (!camera || !vehicle) throw new Error(`There is no shot ${index}.`);
  return { camera, vehicle, side: index % 2 === 0 ? "front" : "rear", at: new Date(2026, 10, 22, hour, 41, index) };
};

test("crops weigh 10-30 KB and scenes 50-80 KB, at every camera, by night and by day", async () => {
  for (const hour of [23, 11]) {
    for (let index = 0; index < CAMERAS.length; index++) {
      const { crop, full } = await takePictures(aShot(index, hour));
      expect(crop.length).toBeGreaterThan(10_000);
      expect(crop.length).toBeLessThan(30_000);
      expect(full.length).toBeGreaterThan(50_000);
      expect(full.length).toBeLessThan(80_000);
    }
  }
}, 30_000);

test("both pictures are whole JPEGs of the sizes that the screens expect", async () => {
  const { crop, full } = await takePictures(aShot(0, 23));
  expect(await sharp(crop).metadata()).toMatchObject({ format: "jpeg", width: 488, height: 170 });
  expect(await sharp(full).metadata()).toMatchObject({ format: "jpeg", width: 1280, height: 720 });
});

test("the box lies on the plate: inside it is far brighter than just above it", async () => {
  for (let index = 0; index < 8; index++) {
    const { full, box } = await takePictures(aShot(index, 23));
    const [left, top, width, height] = box;
    const brightness = async (y: number) => {
      const area = { left, top: y, width, height: Math.round(height / 2) };
      return (
        (
          await sharp(await sharp(full).extract(area).toBuffer())
            .greyscale()
            .stats()
        ).channels[0]?.mean ?? 0
      );
    };
    expect(left).toBeGreaterThan(0);
    expect(left + width).toBeLessThan(1280);
    expect(await brightness(Math.round(top + height / 4))).toBeGreaterThan(
      1.3 * (await brightness(Math.round(top - height * 0.35))) - 25,
    );
    expect(await brightness(Math.round(top + height / 4))).toBeGreaterThan(75);
  }
});

test("the same shot gives the same bytes, another moment gives others", async () => {
  const shot = aShot(1, 23);
  expect(await takeCrop(shot)).toEqual(await takeCrop(shot));
  expect(await takeCrop({ ...shot, at: new Date(shot.at.getTime() + 1000) })).not.toEqual(await takeCrop(shot));
});

test("every plate of the town can be drawn", () => {
  for (const { plate } of [...vehicles, ...watched]) expect(canDraw(plate)).toBe(true);
});

test("street lamps burn at 23:00 and at 05:00, not at noon", () => {
  expect([23, 5, 12].map((hour) => sceneLight(new Date(2026, 10, 22, hour)))).toEqual(["night", "night", "day"]);
});
