/**
 * An attempt that central may hold back: at signing in, at codes, at whatever can be guessed.
 * Rule: the wait that central asked for is counted down in words, and holds the button until it is over.
 */
import { type Accessor, createSignal, onCleanup } from "solid-js";
import { w } from "../../i18n/account.ts";
import { type Trouble, troubleOf } from "../../trpc.ts";
import { type Attempt, createAttempt, problemText } from "../attempt.ts";

/** `1:05`, `24:00:00` */
export const countdown = (seconds: number): string => {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, place) => String(part).padStart(place === 0 ? 1 : 2, "0")).join(":");
};

export type Guess = Attempt & {
  /** While a try runs, or is not allowed yet. */
  held: Accessor<boolean>;
};

/** @param explain the sentence for a refusal, where the form knows better; null leaves it to the usual one */
export const createGuess = (explain: (trouble: Trouble) => string | null): Guess => {
  const [waitSeconds, setWaitSeconds] = createSignal(0);
  const timer = setInterval(() => setWaitSeconds((seconds) => Math.max(0, seconds - 1)), 1000);
  onCleanup(() => clearInterval(timer));
  const attempt = createAttempt((error) => {
    const trouble = troubleOf(error);
    if (trouble.code !== "too_many" || trouble.retryAfterSeconds === null)
      return explain(trouble) ?? problemText(error);
    setWaitSeconds(trouble.retryAfterSeconds);
    return "";
  });
  return {
    ...attempt,
    held: () => attempt.busy() || waitSeconds() > 0,
    problem: () => (waitSeconds() > 0 ? w("try.waits", { time: countdown(waitSeconds()) }) : attempt.problem()),
  };
};
