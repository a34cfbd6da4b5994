/**
 * Takes the time of questions, and prints figures and samples as JSON, one a line.
 * Rule: percentiles and ratios are made of the samples by scripts/bench/search.ts; a question that the server gives up is a sample,
 * and is counted.
 */
import type { Sql } from "@chaverim/db/open";
import { TRPCClientError } from "@trpc/client";
import type { Central } from "../../central.ts";
import { AppError } from "../../failure.ts";
import type { Looker } from "../../detections/reach.ts";
import type { AppRouter } from "../../router.ts";
import type { Question } from "./questions.ts";

/** Answers are null where the server gave up. */
export type Timed<Answer> = { samples: number[]; answers: (Answer | null)[] };
export type Figures = ReturnType<typeof createFigures>;

/** What everything is measured on. */
export type Bench = {
  central: Central;
  /** As the server's role. */
  sql: Sql;
  owner: Sql;
  rows: number;
  seed: number;
  figures: Figures;
};

export const EVERYTHING: Looker = { role: "operator", area: null };
/** What a screen shows at first. */
export const PAGE = 25;
export const TIMELINE = 1000;
/** Questions behind each percentile, and those that warm up and are not among them. */
export const ASKED = 300;
export const WARM_UP = 20;
/** Recall is counted among as many hits as people look at. */
const LOOKED_AT = 10;

/** @param context is said with every figure */
export const createFigures = (context: Record<string, unknown>) => {
  const print = (line: Record<string, unknown>): void =>
    void process.stdout.write(`${JSON.stringify({ ...line, context })}\n`);
  const share = (name: string, metric: string, found: number, of: number): void =>
    print({ case: name, metric, value: of === 0 ? 0 : found / of, unit: "share", n: of });
  return {
    share,
    value: (name: string, metric: string, value: number, unit: string): void =>
      print({ case: name, metric, value, unit }),
    samples: (name: string, samples: readonly number[], percentiles: readonly number[] = [50, 95, 99]): void =>
      print({ case: name, samples, percentiles }),
    ratio: (name: string, percentile: number, above: readonly number[], below: readonly number[]): void =>
      print({ case: name, percentile, above, below }),
    timed: <Answer>(name: string, { samples, answers }: Timed<Answer>): void => {
      print({ case: name, samples, percentiles: [50, 95, 99] });
      const givenUp = answers.filter((answer) => answer === null).length;
      if (givenUp > 0) share(name, "given up", givenUp, answers.length);
    },
    /** Whether the plate that was meant is the first hit, or among those that people look at. */
    recall: (
      name: string,
      questions: readonly Question[],
      answers: readonly ({ hits: { plate: string }[] } | null)[],
    ) => {
      for (const limit of [1, LOOKED_AT]) {
        const found = questions.filter(({ target }, place) =>
          answers[place]?.hits.slice(0, limit).some(({ plate }) => plate === target),
        );
        share(name, `recall@${limit}`, found.length, questions.length);
      }
    },
  };
};

const isGivenUp = (error: unknown): boolean => {
  if (error instanceof TRPCClientError) return (error as TRPCClientError<AppRouter>).data?.failure?.code === "invalid";
  return error instanceof AppError && error.code === "invalid";
};

export const timeOne = async <Answer>(run: () => Promise<Answer>): Promise<{ ms: number; answer: Answer | null }> => {
  const startedAt = performance.now();
  let answer: Answer | null = null;
  try {
    answer = await run();
  } catch (error) {
    if (!isGivenUp(error)) throw error;
  }
  return { ms: performance.now() - startedAt, answer };
};

/** Asks one after the other, as one person does. @param warmUp are asked before, and not measured */
export const timeAll = async <Item, Answer>(
  items: readonly Item[],
  warmUp: readonly Item[],
  run: (item: Item) => Promise<Answer>,
): Promise<Timed<Answer>> => {
  for (const item of warmUp) await timeOne(() => run(item));
  const timed: Timed<Answer> = { samples: [], answers: [] };
  for (const item of items) {
    const { ms, answer } = await timeOne(() => run(item));
    timed.samples.push(ms);
    timed.answers.push(answer);
  }
  return timed;
};

/** Cuts what was drawn into what is measured and what warms up. */
export const withWarmUp = <Item>(items: readonly Item[], warmUp = WARM_UP): { items: Item[]; warmUp: Item[] } => {
  const asked = Math.max(0, items.length - warmUp);
  return { items: items.slice(0, asked), warmUp: items.slice(asked) };
};
