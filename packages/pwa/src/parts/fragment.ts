/**
 * The state of a screen as the fragment of its address, so that it can be shared and gone back to.
 * Rule: what names a plate is kept here; path and query would take it to every server on the way.
 */
import { useLocation, useNavigate } from "@solidjs/router";
import { type Accessor, createMemo, onMount } from "solid-js";
import { addressOf, stateOf } from "./addresses.ts";

type State<Name extends string> = Readonly<Partial<Record<Name, string | undefined>>>;

export type Fragment<Name extends string> = {
  state: Accessor<Readonly<Partial<Record<Name, string>>>>;
  /** Changes some of it; undefined takes away. A replaced state is none that Back goes to. */
  change: (next: State<Name>, options?: { replace?: boolean }) => void;
};

/**
 * Follows and changes the fragment of the address of this screen.
 * @param readOld what an address of an earlier release says in its query, which moves into the fragment at once
 */
export const createFragment = <Name extends string>(
  readOld: (query: Readonly<Record<string, string>>) => State<Name> = () => ({}) as State<Name>,
): Fragment<Name> => {
  const location = useLocation();
  const navigate = useNavigate();
  const state = createMemo(() => stateOf(location.hash) as Partial<Record<Name, string>>);
  const change: Fragment<Name>["change"] = (next, { replace = false } = {}) =>
    navigate(addressOf(location.pathname, { ...state(), ...next }), { replace, scroll: false, resolve: false });
  onMount(() => {
    if (location.search !== "")
      change(readOld(Object.fromEntries(new URLSearchParams(location.search))), { replace: true });
  });
  return { state, change };
};
