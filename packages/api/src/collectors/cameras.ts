/**
 * Cameras: known as soon as a collector speaks of them, approved by a person.
 * Rule: evidence of an unapproved camera is kept; it raises no alert until somebody approved it.
 */
import type { Queryable, Sql } from "@chaverim/db/open";
import { AppError } from "../failure.ts";

export type KnownCamera = { id: string; key: string; approved: boolean };

/** Finds a collector's cameras by its own names for them, making those that are new (unapproved). */
export const findCameras = async (
  sql: Queryable,
  collectorId: string,
  keys: readonly string[],
): Promise<Map<string, KnownCamera>> => {
  const wanted = [...new Set(keys)];
  const read = () => sql<KnownCamera[]>`select id, key, approved_at is not null as approved from cameras
    where collector_id = ${collectorId} and key = any(${wanted}::text[])`;
  let found = await read();
  if (found.length < wanted.length) {
    await sql`insert into cameras (collector_id, key, name) select ${collectorId}, key, key from unnest(${wanted}::text[]) key
      on conflict do nothing`;
    found = await read();
  }
  return new Map(found.map((camera) => [camera.key, camera]));
};

export type CameraPlacement = {
  /** The collector's own name for the camera. */
  id: string;
  name?: string | undefined;
  area?: string | undefined;
  lat?: number | undefined;
  lon?: number | undefined;
  heading?: number | undefined;
};

/** Approves a camera, known or not yet, and notes where it stands. */
export const placeCamera = async (
  sql: Sql,
  collectorName: string,
  camera: CameraPlacement,
): Promise<{ id: string }> => {
  const [placed] = await sql<{ id: string }[]>`
    insert into cameras (collector_id, key, name, area, lat, lon, heading, approved_at)
    select id, ${camera.id}, ${camera.name ?? camera.id}, ${camera.area ?? null}, ${camera.lat ?? null}, ${camera.lon ?? null},
      ${camera.heading ?? null}, now() from collectors where lower(name) = lower(${collectorName}) and revoked_at is null
    on conflict (collector_id, key) do update set approved_at = coalesce(cameras.approved_at, now()),
      name = coalesce(${camera.name ?? null}, cameras.name), area = coalesce(excluded.area, cameras.area),
      lat = coalesce(excluded.lat, cameras.lat), lon = coalesce(excluded.lon, cameras.lon), heading = coalesce(excluded.heading, cameras.heading)
    returning id`;
  if (!placed) throw new AppError("not_found", `There is no collector called ${collectorName}.`);
  return placed;
};

/** Approves a camera that a collector announced; what is not given stays as it is. */
export const approveCamera = async (
  sql: Sql,
  id: string,
  { name, area }: Pick<CameraPlacement, "name" | "area">,
): Promise<void> => {
  const approved = await sql`
    update cameras set approved_at = coalesce(approved_at, now()), name = coalesce(${name ?? null}, name),
      area = coalesce(${area ?? null}, area) where id = ${id}`;
  if (approved.count === 0) throw new AppError("not_found", "There is no such camera.");
};
