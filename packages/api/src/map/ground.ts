/**
 * The built-in ground of the map: roads, waters and greens that an operator imported from a GeoJSON file.
 * Rule: what is imported is checked and kept in our own shape; a map without any ground is a map all the same.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GROUND_KINDS, type MapGround, mapGroundSchema } from "@chaverim/contracts";
import * as z from "zod";
import { AppError } from "../failure.ts";

/** A phone draws so many corners without a pause; a town has fewer than a tenth. */
const POINTS_MAX = 50_000;
const FILE = "map-ground.json";

/** GeoJSON (RFC 7946): longitude first; a height is left out. */
const pointSchema = z
  .tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)])
  .rest(z.number())
  .transform(([lon, lat]): [number, number] => [lon, lat]);
const lineSchema = z.array(pointSchema).min(2);

const geometrySchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("LineString"), coordinates: lineSchema }),
  z.object({ type: z.literal("MultiLineString"), coordinates: z.array(lineSchema) }),
  z.object({ type: z.literal("Polygon"), coordinates: z.array(lineSchema) }),
  z.object({ type: z.literal("MultiPolygon"), coordinates: z.array(z.array(lineSchema)) }),
]);
const geoJsonSchema = z.object({
  type: z.literal("FeatureCollection"),
  features: z.array(
    z.object({
      type: z.literal("Feature"),
      properties: z.object({ kind: z.enum(GROUND_KINDS).optional() }).nullable(),
      geometry: geometrySchema,
    }),
  ),
});

type Geometry = z.infer<typeof geometrySchema>;

/** The lines of a geometry, and the outer rings of its areas. */
const partsOf = (geometry: Geometry): [number, number][][] => {
  switch (geometry.type) {
    case "LineString":
      return [geometry.coordinates];
    case "MultiLineString":
      return geometry.coordinates;
    case "Polygon":
      return geometry.coordinates.slice(0, 1);
    case "MultiPolygon":
      return geometry.coordinates.flatMap((rings) => rings.slice(0, 1));
  }
};

/**
 * Understands a GeoJSON FeatureCollection; a line without a kind is a street, an area without one is built-up.
 * @throws ZodError when it is none, AppError invalid when it is too large to be drawn
 */
export const groundOf = (geoJson: unknown): MapGround => {
  const { features } = geoJsonSchema.parse(geoJson);
  const shapes = features.flatMap(({ properties, geometry }) => {
    const isArea = geometry.type.endsWith("Polygon");
    const kind = properties?.kind ?? (isArea ? "built" : "street");
    return partsOf(geometry).map((points) => ({ kind, isArea, points }));
  });
  const count = shapes.reduce((sum, { points }) => sum + points.length, 0);
  if (count > POINTS_MAX)
    throw new AppError("invalid", `The file has ${count} points; a phone draws ${POINTS_MAX}. Simplify it first.`);
  return { shapes };
};

/** Puts a ground in the place of the one before. */
export const saveGround = async (dataDir: string, ground: MapGround): Promise<void> => {
  await mkdir(dataDir, { recursive: true });
  const path = join(dataDir, FILE);
  await writeFile(`${path}.new`, JSON.stringify(ground), { mode: 0o600 });
  await rename(`${path}.new`, path);
};

/** The ground that was imported; empty when none was. */
export const readGround = async (dataDir: string): Promise<MapGround> => {
  try {
    return mapGroundSchema.parse(JSON.parse(await readFile(join(dataDir, FILE), "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { shapes: [] };
    throw error;
  }
};
