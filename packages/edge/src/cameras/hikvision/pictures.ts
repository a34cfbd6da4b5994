/**
 * Finds the full scene and the plate crop among the pictures of a message.
 * Rule: a picture of driver or passenger never gets through; when in doubt it is dropped.
 */
import { IMAGE_BYTES_MAX } from "@chaverim/contracts";
import { isJpeg, type Picture } from "../camera.ts";
import type { ListedPicture } from "./decode.ts";
import type { Part } from "./multipart.ts";

type Kind = "full" | "crop" | "vehicle" | "occupant";

/** The order matters: `copilotPicture` holds `pilot`, `licensePlatePicture` holds `plate`. */
const KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/pilot|driver|passenger|face/i, "occupant"],
  [/plate/i, "crop"],
  [/detection|background|scene|full/i, "full"],
  [/vehicle|feature/i, "vehicle"],
];

const kindOf = (name: string | null): Kind | null =>
  name === null ? null : (KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? null);

const bare = (name: string): string => name.replace(/\.jpe?g$/i, "").toLowerCase();

/** What a picture shows: by the listed entry that its name points to, by its name, or by its place in the list. */
const identify = (part: Part, place: number, pictures: number, listed: readonly ListedPicture[]): Kind | null => {
  const names = [part.name, part.fileName].filter((name) => name !== null);
  const entry = listed.find(({ fileName, pictureId }) =>
    [fileName, pictureId].some((known) => known !== null && names.some((name) => bare(name) === bare(known))),
  );
  const inPlace = pictures === listed.length ? listed[place] : undefined;
  const hints = [entry?.type, entry?.fileName, ...names, inPlace?.type, inPlace?.fileName];
  const kinds = hints.map((hint) => kindOf(hint ?? null)).filter((kind) => kind !== null);
  return kinds.includes("occupant") ? "occupant" : (kinds[0] ?? null);
};

export type ChosenPictures = {
  pictures: Picture[];
  occupantsDropped: number;
  /** Why a picture was left out although it was meant to be kept; in words. */
  unusable: string[];
};

/**
 * Chooses the pictures of a detection.
 * @param parts the parts of the message that are not its document, in their order
 */
export const choosePictures = (parts: readonly Part[], listed: readonly ListedPicture[]): ChosenPictures => {
  const unusable: string[] = [];
  const shown = parts.filter(({ body }) => body.length > 0);
  const usable = shown.filter(({ body, name }, place) => {
    if (!isJpeg(body)) unusable.push(`Part ${name ?? place} is not a JPEG.`);
    else if (body.length > IMAGE_BYTES_MAX) unusable.push(`Part ${name ?? place} has more than 8 MB.`);
    else return true;
    return false;
  });
  const known = usable.map((part) => ({
    bytes: part.body,
    kind: identify(part, shown.indexOf(part), shown.length, listed),
  }));
  const hasOccupants = listed.some(
    ({ type, fileName }) => kindOf(type) === "occupant" || kindOf(fileName) === "occupant",
  );
  const nameless = known.filter(({ kind }) => kind === null);
  const firstOf = (kind: Kind) => known.find((picture) => picture.kind === kind)?.bytes;

  // Nameless pictures of an event that lists no occupants: the scene is larger than the crop.
  const bySize = hasOccupants ? [] : nameless.map(({ bytes }) => bytes).toSorted((a, b) => b.length - a.length);
  const full = firstOf("full") ?? firstOf("vehicle") ?? bySize.shift();
  const crop = firstOf("crop") ?? bySize.shift();
  const pictures: Picture[] = [];
  if (full) pictures.push({ role: "full", bytes: full });
  if (crop) pictures.push({ role: "crop", bytes: crop });
  const occupants = known.filter(({ kind }) => kind === "occupant").length;
  return { pictures, occupantsDropped: occupants + (hasOccupants ? nameless.length : 0), unusable };
};
