/**
 * What central wants from the person before a call goes through: a fresh code, or what they are looking for.
 * Rule: knows no dialog; the shell shows what is asked, one question at a time, and whoever asked goes on with the answer.
 */
import { createSignal, untrack } from "solid-js";

export type Question = "code" | "purpose";

type Asked = { question: Question; answer: Promise<boolean>; settle: (given: boolean) => void };

const [current, setCurrent] = createSignal<Asked | null>(null);

/** What is being asked now. */
export const asked = (): Question | null => current()?.question ?? null;

/**
 * Asks the person; several who need the same answer share one question.
 * @returns whether it was given; false when the person would rather not
 */
export const ask = (question: Question): Promise<boolean> => {
  const open = untrack(current);
  if (open?.question === question) return open.answer;
  if (open !== null) return open.answer.then(() => ask(question));
  const { promise, resolve } = Promise.withResolvers<boolean>();
  setCurrent({ question, answer: promise, settle: resolve });
  return promise;
};

/** Ends the question, if there is one. */
export const settle = (given: boolean): void => {
  const open = untrack(current);
  setCurrent(null);
  open?.settle(given);
};
