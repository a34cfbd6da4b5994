/**
 * What an experiment is: a fault, how often it strikes in the quick and in the full run, and what it needs of the machine.
 * Rule: an experiment only injects; whether anything was lost is judged by the one checker, after every experiment.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { canOpenObjectStore } from "../support/object-store.ts";
import { findEarlier } from "./earlier.ts";
import type { Places, Size, Stand } from "./stand.ts";

const isInstalled = (command: string) => spawnSync("which", [command]).status === 0;

/** Debian and others keep it in a folder of the machine's kind. */
export const FAKETIME = ["x86_64-linux-gnu", "aarch64-linux-gnu", "."]
  .map((folder) => `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`)
  .find(existsSync);

/** Why this machine cannot run it; null when it can. */
const NEEDS = {
  root: () => (process.getuid?.() === 0 ? null : "needs root, for a disk of its own"),
  xfsprogs: () =>
    isInstalled("xfs_io") && isInstalled("mkfs.xfs") ? null : "needs xfsprogs (apt-get install xfsprogs)",
  faketime: () => (FAKETIME ? null : "needs libfaketime (apt-get install faketime)"),
  earlierVersion: () =>
    findEarlier()
      ? null
      : "needs the repository's history, back to the protocol before this one (git fetch --unshallow)",
  radosgw: () =>
    canOpenObjectStore() ? null : "needs an S3 server (apt-get install ceph-mon ceph-osd ceph-common radosgw)",
  memoryLimit: () =>
    process.getuid?.() === 0 && existsSync("/sys/fs/cgroup/memory") ? null : "needs root and cgroup v1's memory limit",
} as const satisfies Record<string, () => string | null>;
export type Need = keyof typeof NEEDS;

export type Experiment = {
  /** Its number in docs/faults.md. */
  id: number;
  title: string;
  needs: readonly Need[];
  /** It mostly waits, so that others can work meanwhile. */
  waits?: true;
  /** About 20 seconds. */
  quick: Size;
  full: Size;
  /** Run with --long in place of `full`: some of these take hours. */
  long?: Size;
  /** Where the stand's parts live, when not all in one temporary folder. */
  places?: (folder: string) => Places | Promise<Places>;
  run: (stand: Stand, size: Size) => Promise<void>;
};

/** The first need that is not met, as a sentence; null when the experiment can run. */
export const findUnmet = ({ needs }: Experiment): string | null => {
  for (const need of needs) {
    const reason = NEEDS[need]();
    if (reason !== null) return reason;
  }
  return null;
};
