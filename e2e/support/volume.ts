/**
 * A disk of its own for a test: small enough to be filled, and one whose power can be cut.
 * Rule: needs root; whatever happens to the test, its disks are unmounted when the process ends.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export type Volume = {
  path: string;
  /** Everything that was not flushed is gone at once, and every later write fails. */
  cutPower: () => void;
  /** Mounts it again, as after the restart of the machine; whoever used it must be gone. */
  comeBack: () => Promise<void>;
  /** Fills it up to so many free bytes; with 0 until nothing goes any more. */
  fill: (freeBytes: number) => void;
  /** Gives back what `fill` took. */
  free: () => void;
  unmount: () => void;
};

const mounted = new Set<string>();
/** Whatever still uses them. */
export const unmountEverything = (): void => {
  for (const path of mounted) spawnSync("umount", ["-l", path]);
  mounted.clear();
};
process.once("exit", unmountEverything);

const run = (command: string, ...args: string[]): void => {
  execFileSync(command, args, { stdio: "pipe" });
};

/** A process that was just killed may still be letting go of its files. */
const unmountPatiently = async (path: string): Promise<void> => {
  for (let tries = 1; spawnSync("umount", [path]).status !== 0; tries++) {
    if (tries === 100) throw new Error(`${path} cannot be unmounted: something still uses it.`);
    await sleep(50);
  }
  mounted.delete(path);
};

/**
 * Makes and mounts a volume below `folder`.
 * @param kind ext4 and xfs are images behind a loop device, and survive `cutPower`; tmpfs is memory
 */
export const openVolume = (folder: string, name: string, kind: "ext4" | "xfs" | "tmpfs", megabytes: number): Volume => {
  const path = join(folder, name);
  const image = join(folder, `${name}.img`);
  mkdirSync(path, { recursive: true });
  const mount = (): void => {
    if (kind === "tmpfs") run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path);
    else run("mount", "-o", "loop", image, path);
    mounted.add(path);
  };
  if (kind !== "tmpfs") {
    writeFileSync(image, "");
    truncateSync(image, megabytes * 1024 * 1024);
    run(`mkfs.${kind}`, "-q", image);
  }
  mount();
  const ballast = join(path, "ballast");
  return {
    path,
    cutPower: () => run("xfs_io", "-x", "-c", "shutdown", path),
    comeBack: async () => {
      await unmountPatiently(path);
      mount();
    },
    fill: (freeBytes) => {
      const { bavail, bsize } = statfsSync(path);
      // The rest in small steps: the file system needs some of it for itself.
      spawnSync("fallocate", ["-l", String(Math.max(4096, bavail * bsize - freeBytes)), ballast]);
      if (freeBytes === 0) spawnSync("dd", ["if=/dev/zero", `of=${ballast}.rest`, "bs=4k"], { stdio: "ignore" });
    },
    free: () => {
      for (const file of [ballast, `${ballast}.rest`]) rmSync(file, { force: true });
    },
    unmount: () => {
      spawnSync("umount", ["-l", path]);
      mounted.delete(path);
      rmSync(image, { force: true });
    },
  };
};
