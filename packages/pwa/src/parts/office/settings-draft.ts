/**
 * Settings while somebody changes them: the draft, what it is based on, and saving it.
 * Rule: a draft is saved on the version that it began from, or not at all; nobody's change is overwritten unseen.
 */
import type { PolicySettings, PolicyView } from "@chaverim/contracts";
import { type Accessor, createSignal } from "solid-js";
import { type SetStoreFunction, createStore, reconcile, unwrap } from "solid-js/store";
import { trpc, troubleOf } from "../../trpc.ts";

export type SettingsDraft = {
  settings: PolicySettings;
  set: SetStoreFunction<PolicySettings>;
  /** The version that the draft began from. */
  base: Accessor<PolicyView>;
  isChanged: Accessor<boolean>;
  /** What somebody else has set meanwhile. */
  conflict: Accessor<PolicyView | undefined>;
  /** Begins anew from a version. */
  load: (view: PolicyView) => void;
  /**
   * Puts the draft in force.
   * @returns false when another version was set meanwhile; `conflict` then says which
   */
  save: () => Promise<boolean>;
};

export const createSettingsDraft = (first: PolicyView): SettingsDraft => {
  const [base, setBase] = createSignal(first);
  const [conflict, setConflict] = createSignal<PolicyView>();
  const [settings, set] = createStore<PolicySettings>(structuredClone(first.settings));
  const load = (view: PolicyView): void => {
    setBase(view);
    setConflict(undefined);
    set(reconcile(structuredClone(view.settings)));
  };
  return {
    settings,
    set,
    base,
    isChanged: () => JSON.stringify(settings) !== JSON.stringify(base().settings),
    conflict,
    load,
    save: async () => {
      try {
        load(await trpc.policy.set.mutate({ settings: unwrap(settings), basedOn: base().version }));
        return true;
      } catch (error) {
        if (troubleOf(error).code !== "conflict") throw error;
        setConflict(await trpc.policy.read.query());
        return false;
      }
    },
  };
};
