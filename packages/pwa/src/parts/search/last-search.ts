/**
 * The search that was on the screen last, so that Back from a plate leads to it and not to an empty box.
 * Rule: kept in memory alone.
 */
let address = "/search";

export const lastSearch = (): string => address;
export const noteSearch = (next: string): void => {
  address = next;
};
