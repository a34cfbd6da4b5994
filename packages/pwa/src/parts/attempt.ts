/**
 * One act of a form: busy while it runs, and a sentence when it did not work.
 * Rule: central's own sentence is shown where it knows more than the code of the failure says.
 */
import { type Accessor, createSignal } from "solid-js";
import { type Trouble, troubleOf, troubleText } from "../trpc.ts";
import { showToast } from "./toasts.tsx";

/** Failures whose reason only central knows: which field, which name is taken, which rule. */
const TOLD_BY_CENTRAL: ReadonlySet<Trouble["code"]> = new Set(["invalid", "conflict", "forbidden"]);

/** What to tell a person about a failed act. */
export const problemText = (error: unknown): string => {
  const trouble = troubleOf(error);
  return TOLD_BY_CENTRAL.has(trouble.code) && trouble.message !== "" ? trouble.message : troubleText(trouble);
};

/** Tells of an act that has no form of its own. */
export const tellTrouble = (error: unknown): void => {
  showToast({ kind: "trouble", text: problemText(error) });
};

export type Attempt = {
  busy: Accessor<boolean>;
  problem: Accessor<string>;
  setProblem: (text: string) => void;
  run: (act: () => Promise<void>) => Promise<void>;
};

/** @param explain what to tell where the form knows better */
export const createAttempt = (explain: (error: unknown) => string = problemText): Attempt => {
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal("");
  const run = async (act: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setProblem("");
    try {
      await act();
    } catch (error) {
      setProblem(explain(error));
    }
    setBusy(false);
  };
  return { busy, problem, setProblem, run };
};
