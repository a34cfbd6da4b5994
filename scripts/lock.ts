/**
 * What must hold of package-lock.json: every dependency that it names is in it, and nothing known to be broken.
 * Rule: pure; reads no file.
 */

type Entry = {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
};
export type Lock = { packages: Record<string, Entry> };

/**
 * The oldest versions that are accepted of what parses a stranger's bytes: below them are published advisories. Pinned
 * here because not every registry answers `npm audit`.
 */
const FLOORS: Readonly<Record<string, string>> = { multer: "2.3.0", "@trpc/server": "11.25.2", sharp: "0.35.0" };

/** The folders in which Node looks for what the package at `path` imports, nearest first. */
const lookUp = (path: string, name: string): string[] => {
  const places = [];
  for (let folder = path; folder !== ""; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    if (!folder.endsWith("node_modules")) places.push(`${folder}/node_modules/${name}`);
  }
  return [...places, `node_modules/${name}`];
};

/**
 * Dependencies that the lock names and does not hold: `npm ci` would fail on them, on this or on another platform.
 * @returns one line each, `who needs what`
 */
export const missingFromLock = ({ packages }: Lock): string[] =>
  Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => !lookUp(path, name).some((place) => place in packages))
      .map((name) => `${path || "the root"} needs ${name}, which is not in package-lock.json`),
  );

const isBelow = (version: string, floor: string): boolean => {
  const wanted = floor.split(".").map(Number);
  const found = version.split(/[.-]/).map(Number);
  const place = wanted.findIndex((part, index) => part !== found[index]);
  return place !== -1 && (found[place] ?? 0) < (wanted[place] ?? 0);
};

/** Packages older than what is accepted, one line each; a floor without its package is one too. */
export const belowFloor = ({ packages }: Lock, floors: Readonly<Record<string, string>> = FLOORS): string[] =>
  Object.entries(floors).flatMap(([name, floor]) => {
    const found = Object.entries(packages).filter(
      ([path]) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`),
    );
    if (found.length === 0) return [`${name} has a floor and is not used: remove the floor`];
    return found
      .filter(([, { version = "0" }]) => isBelow(version, floor))
      .map(([path, { version }]) => `${path} is ${version}; ${floor} is the oldest that is accepted`);
  });

/** Packages without a hash, or tied to one registry's address (a mirror of somebody's machine), one line each. */
export const unpinned = ({ packages }: Lock): string[] =>
  Object.entries(packages)
    .filter(([path, { link }]) => path.includes("node_modules/") && !link)
    .flatMap(([path, { integrity, resolved }]) => [
      ...(integrity ? [] : [`${path} has no integrity hash`]),
      ...(resolved ? [`${path} is tied to ${resolved}`] : []),
    ]);
