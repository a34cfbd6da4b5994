/**
 * What a browser waits for: the door with session, limits, purpose and access log, and the answer as JSON.
 * Rule: each question is asked by the function and over tRPC, in turns first, so that both find the same caches.
 */
import { randomUUID } from "node:crypto";
import { readTimeline } from "../../detections/timeline.ts";
import { readRoute } from "../../plates/route.ts";
import { readSeenWith } from "../../plates/seen-with.ts";
import { aUser, openBrowser, signInAs, statePurpose } from "../people.ts";
import { ASKED, type Bench, EVERYTHING, TIMELINE, WARM_UP, timeOne, withWarmUp } from "./figures.ts";
import { busyPlates, regularPlates } from "./measure-plates.ts";
import { ask, questionsOf } from "./measure-search.ts";
import { CONVOYS, convoyPlates } from "./traffic.ts";

const KINDS = ["exact", "look-alike", "wildcard", "substring", "fuzzy"];

type Way<Item> = (item: Item) => Promise<unknown>;

export const measureDoor = async (bench: Bench): Promise<void> => {
  const { central, sql, figures } = bench;
  const user = await aUser(central, "operator", { email: `${randomUUID()}@example.org` });
  await using browser = openBrowser(central.origins.publicUrl);
  await signInAs(browser, user);
  await statePurpose(central, browser);
  const { detections, plates } = browser.trpc;

  const compare = async <Item>(name: string, all: readonly Item[], direct: Way<Item>, remote: Way<Item>) => {
    const { items, warmUp } = withWarmUp(all);
    const sql: number[] = [];
    const trpc: number[] = [];
    const askBoth = async (item: Item, place: number): Promise<[number, number]> => {
      // A person does not ask sixty times in a minute.
      for (const limit of ["search", "browse"] as const) await central.limits.forget(limit, user.id);
      const before = place % 2 === 0 ? (await timeOne(() => direct(item))).ms : null;
      const over = (await timeOne(() => remote(item))).ms;
      return [before ?? (await timeOne(() => direct(item))).ms, over];
    };
    for (const [place, item] of warmUp.entries()) await askBoth(item, place);
    for (const [place, item] of items.entries()) {
      const [direct, remote] = await askBoth(item, place);
      sql.push(direct);
      trpc.push(remote);
    }
    figures.samples(`${name}, over tRPC`, trpc);
    figures.ratio(`${name}, over tRPC / SQL`, 95, trpc, sql);
  };

  for (const kind of KINDS)
    await compare(
      kind,
      questionsOf(bench, kind, ASKED + WARM_UP),
      (question) => ask(bench, question),
      ({ text, way }) => detections.search.query({ plate: text, way }),
    );
  await compare(
    "timeline",
    busyPlates(ASKED + WARM_UP),
    (plate) => readTimeline(sql, { plate, limit: TIMELINE }, EVERYTHING),
    (plate) => detections.timeline.query({ plate, limit: TIMELINE }),
  );
  await compare(
    "route",
    regularPlates(bench, ASKED + WARM_UP),
    (plate) => readRoute(sql, { plate }, EVERYTHING),
    (plate) => plates.route.query({ plate }),
  );
  await compare(
    "seen-with",
    Array.from({ length: CONVOYS + WARM_UP }, (_, index) => convoyPlates(index % CONVOYS)[0]),
    (plate) => readSeenWith(sql, { plate }),
    (plate) => plates.seenWith.query({ plate }),
  );
};
