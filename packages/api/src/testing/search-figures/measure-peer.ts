/**
 * The same questions on the shape of comparable systems.
 * Rule: both are asked the same ones anew, after one that warms up, and the ratio is of their medians over these.
 */
import type { Sql } from "@chaverim/db/open";
import { readRecent } from "../../detections/recent.ts";
import { type Bench, EVERYTHING, PAGE, timeAll, withWarmUp } from "./figures.ts";
import { ask, questionsOf } from "./measure-search.ts";
import { peerFuzzy, peerLiveFeed, peerSubstring } from "./peer.ts";
import type { Question } from "./questions.ts";

/** The peer answers in seconds. So few samples have a median and no more. */
const ASKED_OF_PEER = 10;
const MEDIAN = 50;

/** @param loader a connection without a time limit, for the peer needs longer than a server lets a statement run */
export const measurePeer = async (bench: Bench, loader: Sql): Promise<void> => {
  const { sql, figures } = bench;
  const compare = async (
    name: string,
    questions: readonly Question[],
    ours: (question: Question) => Promise<unknown>,
    theirs: (question: Question) => Promise<unknown>,
  ): Promise<void> => {
    const { items, warmUp } = withWarmUp(questions, 1);
    const mine = await timeAll(items, warmUp, ours);
    const peer = await timeAll(items, warmUp, theirs);
    figures.samples(`${name}, asked of the peer too`, mine.samples, [MEDIAN]);
    figures.samples(`${name}, peer`, peer.samples, [MEDIAN]);
    figures.ratio(`${name}, peer / ours`, MEDIAN, peer.samples, mine.samples);
  };
  const few = (kind: string) => questionsOf(bench, kind, ASKED_OF_PEER + 1);
  await compare(
    "live-feed",
    few("exact"),
    () => readRecent(sql, { limit: PAGE }, EVERYTHING),
    () => peerLiveFeed(loader),
  );
  await compare(
    "substring",
    few("substring"),
    (question) => ask(bench, question),
    ({ text }) => peerSubstring(loader, text),
  );
  await compare(
    "fuzzy",
    few("fuzzy"),
    (question) => ask(bench, question),
    ({ text }) => peerFuzzy(loader, text),
  );
};
