/**
 * Central and collectors of the version before, with those of this one, and the upgrade of each while the other goes on.
 * Rule: a collector one version behind works, and so does one that is a version ahead.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/processes.ts";
import { share } from "./acts.ts";
import type { Experiment } from "./experiment.ts";

/** The last commit that spoke the protocol before this one. */
const findEarlier = (): string => {
  const args = ["log", "-1", "--format=%H", "-G", "PROTOCOL_VERSION = ", "--", "packages/contracts/src/protocol.ts"];
  return `${execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim()}~1`;
};

/** Its packages in a folder of their own, with the components that are installed here. */
const checkOut = (folder: string): string => {
  const root = join(folder, "earlier");
  const modules = join(root, "node_modules");
  mkdirSync(join(modules, "@chaverim"), { recursive: true });
  const archive = execFileSync("git", ["archive", findEarlier(), "packages", "db", "package.json"], {
    cwd: ROOT,
    maxBuffer: 256 * 1024 * 1024,
  });
  execFileSync("tar", ["x", "-C", root], { input: archive });
  for (const name of readdirSync(join(ROOT, "node_modules")))
    if (name !== "@chaverim") symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  for (const name of readdirSync(join(root, "packages")))
    symlinkSync(join(root, "packages", name), join(modules, "@chaverim", name));
  symlinkSync(join(root, "db"), join(modules, "@chaverim/db"));
  return root;
};

let earlier: string;

export const earlierVersion: Experiment = {
  id: 29,
  title: "the version before, with this one",
  needs: ["git"],
  quick: { detections: 500, rounds: 4, seconds: 0 },
  full: { detections: 8000, rounds: 4, seconds: 0 },
  places: (folder) => {
    earlier = checkOut(folder);
    return { root: earlier, release: () => undefined };
  },
  run: async (stand, size) => {
    const [first, second] = stand.stations;
    await stand.feed(share(size));
    stand.fault("a newer collector with the earlier central");
    await first.stop();
    await Promise.all([stand.feed(share(size)), first.start()]);
    stand.expect(await stand.settled(), "the newer collector does not get through to the earlier central");
    stand.fault("a newer central with an earlier collector");
    await stand.killCentral();
    await Promise.all([stand.feed(share(size)), stand.startCentral()]);
    stand.expect(await stand.settled(), "the earlier collector does not get through to the newer central");
    stand.fault("the last collector is upgraded");
    await second.stop();
    await Promise.all([stand.feed(share(size)), second.start()]);
  },
};
