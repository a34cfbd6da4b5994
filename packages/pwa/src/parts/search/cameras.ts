/**
 * The cameras that somebody can choose among.
 * Rule: names and areas alone; nothing of a plate is asked for.
 */
import type { MapCamera } from "@chaverim/contracts";
import { type Accessor, createMemo } from "solid-js";
import { trpc } from "../../trpc.ts";
import { createOnline } from "../online.ts";

export type Cameras = {
  list: Accessor<readonly MapCamera[]>;
  areas: Accessor<string[]>;
  /** The camera's name; dots while the names are on their way. */
  nameOf: (id: string) => string;
};

/** @param wanted asks for them once it is true */
export const createCameras = (wanted: Accessor<boolean>): Cameras => {
  // Once asked for they stay: chips go on naming them when the form that needed them is closed.
  const wereWanted = createMemo((were: boolean) => were || wanted(), false);
  const found = createOnline(
    () => (wereWanted() ? "all" : null),
    (_all, signal) => trpc.map.cameras.query(undefined, { signal }),
  );
  const list = () => (found.answer()?.cameras ?? []).toSorted((a, b) => a.name.localeCompare(b.name));
  return {
    list,
    areas: () => [...new Set(list().flatMap(({ area }) => area ?? []))].toSorted((a, b) => a.localeCompare(b)),
    nameOf: (id) =>
      list().find((camera) => camera.id === id)?.name ?? (found.answer() === undefined ? "…" : id.slice(0, 8)),
  };
};
