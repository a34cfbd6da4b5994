/**
 * The version before this one, out of the repository's history.
 * Rule: it is found by the protocol that it spoke, and runs on the components that are installed here.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { PROTOCOL_VERSION } from "@chaverim/contracts";
import { ROOT } from "../support/processes.ts";

const PROTOCOL = "packages/contracts/src/protocol.ts";
/** What `git archive` writes of the sources. */
const ARCHIVE_BYTES_MAX = 256 * 1024 * 1024;

const git = (...args: string[]): string =>
  execFileSync("git", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

/** The newest commit that spoke the protocol before this one; null when the history does not reach back to it. */
export const findEarlier = (): string | null => {
  const said = `PROTOCOL_VERSION = ${PROTOCOL_VERSION - 1};`;
  try {
    const commits = git("rev-list", "--date-order", "HEAD").trim().split("\n");
    return commits.find((commit) => isSaid(commit, said)) ?? null;
  } catch (error) {
    // No git, or no repository.
    if (error instanceof Error) return null;
    throw error;
  }
};

const isSaid = (commit: string, said: string): boolean => {
  try {
    return git("show", `${commit}:${PROTOCOL}`).includes(said);
  } catch (error) {
    // From before there was such a file.
    if (error instanceof Error) return false;
    throw error;
  }
};

/** Its packages in a folder of their own. */
export const checkOutEarlier = (folder: string): string => {
  const commit = findEarlier();
  if (commit === null) throw new Error("The version before is not in this repository's history.");
  const root = join(folder, "earlier");
  const modules = join(root, "node_modules");
  mkdirSync(join(modules, "@chaverim"), { recursive: true });
  const archive = execFileSync("git", ["archive", commit, "packages", "db", "package.json"], {
    cwd: ROOT,
    maxBuffer: ARCHIVE_BYTES_MAX,
  });
  execFileSync("tar", ["x", "-C", root], { input: archive });
  for (const name of readdirSync(join(ROOT, "node_modules")))
    if (name !== "@chaverim") symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  for (const name of readdirSync(join(root, "packages")))
    symlinkSync(join(root, "packages", name), join(modules, "@chaverim", name));
  symlinkSync(join(root, "db"), join(modules, "@chaverim/db"));
  return root;
};
