/** Which picture is which. Rule: whatever a camera calls them, no picture of an occupant gets through. */
import { expect, test } from "vitest";
import { aJpeg } from "../../testing.ts";
import type { Part } from "./multipart.ts";
import { choosePictures } from "./pictures.ts";

const scene = aJpeg("the whole scene, which is the larger one");
const crop = aJpeg("crop");
const face = aJpeg("face");
const part = (name: string | null, body: Buffer): Part => ({
  name,
  fileName: name,
  contentType: "application/octet-stream",
  body,
});
const listed = (type: string, pictureId: string | null = null) => ({ fileName: `${type}.jpg`, type, pictureId });
const full = { role: "full", bytes: scene };
const cropped = { role: "crop", bytes: crop };

test("pictures are known by their names, in any order", () => {
  const chosen = choosePictures([part("licensePlatePicture.jpg", crop), part("detectionPicture.jpg", scene)], []);
  expect(chosen).toEqual({ pictures: [full, cropped], occupantsDropped: 0, unusable: [] });
});

test("pictures that are named by their number are known from the event's list", () => {
  const list = [
    listed("licensePlatePicture", "2026030122000312345678901"),
    listed("detectionPicture", "2026030122000312345678902"),
  ];
  const parts = [part("2026030122000312345678902.jpg", scene), part("2026030122000312345678901", crop)];
  expect(choosePictures(parts, list).pictures).toEqual([full, cropped]);
});

test("nameless pictures are known by their place in the list, else the larger one is the scene", () => {
  const parts = [part(null, crop), part(null, scene)];
  expect(choosePictures(parts, [listed("licensePlatePicture"), listed("detectionPicture")]).pictures).toEqual([
    full,
    cropped,
  ]);
  expect(choosePictures(parts, []).pictures).toEqual([full, cropped]);
});

test("pictures of driver and passenger are dropped and counted, also when only the list tells", () => {
  const parts = [part("pilotPicture.jpg", face), part("copilotPicture.jpg", face), part("detectionPicture.jpg", scene)];
  expect(choosePictures(parts, [])).toMatchObject({ pictures: [full], occupantsDropped: 2 });
  const list = [listed("pilotPicture", "77"), listed("detectionPicture", "78")];
  expect(choosePictures([part("77", face), part("78", scene)], list)).toMatchObject({
    pictures: [full],
    occupantsDropped: 1,
  });
});

test("a nameless picture of an event that lists an occupant is dropped, for it may be the occupant", () => {
  const chosen = choosePictures([part(null, face)], [listed("pilotPicture"), listed("detectionPicture")]);
  expect(chosen).toMatchObject({ pictures: [], occupantsDropped: 1 });
});

test("a vehicle picture stands in for a missing scene, and never replaces one", () => {
  expect(choosePictures([part("vehiclePicture.jpg", scene)], []).pictures).toEqual([full]);
  const both = [part("vehiclePicture.jpg", crop), part("detectionPicture.jpg", scene)];
  expect(choosePictures(both, []).pictures).toEqual([full]);
});

test("an empty part is nothing, and a part that is no JPEG is named", () => {
  const chosen = choosePictures(
    [part("licensePlatePicture.jpg", Buffer.alloc(0)), part("detectionPicture.jpg", Buffer.from("BM"))],
    [],
  );
  expect(chosen).toEqual({ pictures: [], occupantsDropped: 0, unusable: ["Part detectionPicture.jpg is not a JPEG."] });
});
