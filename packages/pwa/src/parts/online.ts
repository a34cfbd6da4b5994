/**
 * A question that only central can answer, with what is needed to show it honestly.
 * Rule: an older answer never replaces a newer one, and the last answer stays while a new one is fetched.
 */
import { type Accessor, createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";
import { currentMs } from "../clock.ts";
import { BACKGROUND, type Trouble, troubleOf } from "../trpc.ts";

export type Online<Answer> = {
  answer: Accessor<Answer | undefined>;
  trouble: Accessor<Trouble | undefined>;
  isLoading: Accessor<boolean>;
  /** When the answer came, milliseconds. */
  asOf: Accessor<number | undefined>;
  refresh: () => void;
};

/** How a question was put: by the person, or by the clock, which is no use of their session. */
export type Putting = Partial<typeof BACKGROUND>;

/**
 * Asks whenever `question` changes; null asks nothing and clears the answer.
 * @param ask hands the third argument on with the signal when it repeats itself
 * @param everyMs asks again at this pace while the page is visible; the pace may change with the answer
 */
export const createOnline = <Question, Answer>(
  question: Accessor<Question | null>,
  ask: (question: Question, signal: AbortSignal, putting: Putting) => Promise<Answer>,
  everyMs?: number | Accessor<number>,
): Online<Answer> => {
  const [answer, setAnswer] = createSignal<Answer>();
  const [trouble, setTrouble] = createSignal<Trouble>();
  const [isLoading, setLoading] = createSignal(false);
  const [asOf, setAsOf] = createSignal<number>();
  let running: AbortController | undefined;

  const run = async (current: Question, putting: Putting = {}): Promise<void> => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    setLoading(true);
    try {
      const next = await ask(current, mine.signal, putting);
      if (mine.signal.aborted) return;
      setAnswer(() => next);
      setTrouble(undefined);
      setAsOf(currentMs());
    } catch (error) {
      if (mine.signal.aborted) return;
      setTrouble(troubleOf(error));
    }
    setLoading(false);
  };

  // What a question is made of may change and the question stay the same: that asks nothing again.
  const asked = createMemo(question);
  createEffect(
    on(asked, (current) => {
      if (current !== null) {
        void run(current);
        return;
      }
      running?.abort();
      setAnswer(undefined);
      setTrouble(undefined);
      setLoading(false);
    }),
  );
  const refresh = (putting?: Putting): void => {
    const current = asked();
    if (current !== null) void run(current, putting);
  };
  if (everyMs !== undefined) {
    const pace = createMemo(() => (typeof everyMs === "number" ? everyMs : everyMs()));
    createEffect(() => {
      const timer = setInterval(() => document.visibilityState === "visible" && refresh(BACKGROUND), pace());
      onCleanup(() => clearInterval(timer));
    });
  }
  onCleanup(() => running?.abort());
  return { answer, trouble, isLoading, asOf, refresh: () => refresh() };
};
