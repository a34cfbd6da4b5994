/**
 * The command for the map's own ground.
 * Rule: nothing is fetched; the file is the operator's.
 */
import { readFile } from "node:fs/promises";
import { AppError } from "../../failure.ts";
import { lineSchema as line } from "../../line.ts";
import { groundOf, saveGround } from "../../map/ground.ts";
import type { Command } from "./command.ts";

const readJson = async (path: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new AppError("invalid", `${path} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
};

const importGround: Command = {
  usage: "map import --file map.geojson",
  about: "draw the built-in map from a GeoJSON file: roads, waters, greens; replaces the one before",
  options: ["file"],
  changes: true,
  run: async (options, { config }) => {
    const ground = groundOf(await readJson(line(500).parse(options["file"], { error: () => "--file is needed" })));
    await saveGround(config.dataDir, ground);
    return { shapes: ground.shapes.length };
  },
};

export const mapCommands: Record<string, Command> = { "map import": importGround };
