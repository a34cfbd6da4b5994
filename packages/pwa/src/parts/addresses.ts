/**
 * Addresses of what is about a plate.
 * Rule: a plate stands in the fragment alone, which no server and no proxy on the way gets to see, and none writes down.
 */

type State = Readonly<Record<string, string | undefined>>;

/** `/plates#plate=128567&camera=…`; what is undefined is left out. */
export const addressOf = (path: string, state: State): string => {
  const set = Object.entries(state).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return set.length === 0 ? path : `${path}#${new URLSearchParams(set).toString()}`;
};

/** What the fragment of an address says, `#` included or not. */
export const stateOf = (fragment: string): Readonly<Record<string, string>> =>
  Object.fromEntries(new URLSearchParams(fragment.replace(/^#/, "")));

export const plateAddress = (plate: string, more: State = {}): string => addressOf("/plates", { plate, ...more });
export const searchAddress = (text: string): string => addressOf("/search", { q: text === "" ? undefined : text });
export const logAddress = (about: State): string => addressOf("/access-log", about);
/** @param more the times of what somebody looks at, `from` and `to`, which the map keeps */
export const mapAddress = (plate: string, more: State = {}): string => addressOf("/map", { plate, ...more });
