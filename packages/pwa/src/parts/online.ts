/**
 * A question that only central can answer, with what is needed to show it honestly.
 * Rule: an older answer never replaces a newer one. The answer stays while the same is asked again, and goes with its
 * question: what stands on the screen is never the answer to something else.
 */
import {
  type Accessor,
  batch,
  createComputed,
  createEffect,
  createMemo,
  createSignal,
  on,
  onCleanup,
  untrack,
} from "solid-js";
import { currentMs } from "../clock.ts";
import { link } from "../local/sync.ts";
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
 * Asks whenever `question` changes; null asks nothing. Either clears the answer.
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
    batch(() => {
      setLoading(true);
      // The clock's repetitions leave the words of a failure where somebody may be reading them.
      if (putting.context === undefined) setTrouble(undefined);
    });
    let take: () => void;
    try {
      const next = await ask(current, mine.signal, putting);
      take = () => {
        setAnswer(() => next);
        setTrouble(undefined);
        setAsOf(currentMs());
      };
    } catch (error) {
      take = () => setTrouble(troubleOf(error));
    }
    if (mine.signal.aborted) return;
    batch(() => {
      take();
      setLoading(false);
    });
  };

  // What a question is made of may change and the question stay the same: that asks nothing again.
  const asked = createMemo(question);
  // Together with the question and before anything is drawn; the new one is asked when the screen stands.
  createComputed(
    on(asked, (current) => {
      running?.abort();
      batch(() => {
        setAnswer(undefined);
        setTrouble(undefined);
        setAsOf(undefined);
        setLoading(current !== null);
      });
    }),
  );
  createEffect(
    on(asked, (current) => {
      if (current !== null) void run(current);
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

/** The failures of a line that was away. */
const AWAY: ReadonlySet<Trouble["code"] | undefined> = new Set<Trouble["code"]>(["offline", "timeout"]);

/** Asks again, as soon as the line is back, what failed because it was away. */
export const askAgainWhenBack = (...asked: Pick<Online<unknown>, "trouble" | "refresh">[]): void => {
  const isHere = createMemo(() => link().kind === "live" || link().kind === "slow");
  createEffect(
    on(
      isHere,
      (here) => {
        for (const one of here ? asked : []) if (AWAY.has(untrack(one.trouble)?.code)) one.refresh();
      },
      { defer: true },
    ),
  );
};
