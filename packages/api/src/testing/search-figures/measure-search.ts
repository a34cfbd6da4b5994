/**
 * Searches of every kind, with filters and as a viewer, and finding detections without a plate.
 * Rule: what is asked has an answer in the tables, and whether it was found is told beside how long it took.
 */
import { VIEWER_REACH_MS } from "@chaverim/contracts";
import type { SearchFilters } from "@chaverim/contracts";
import { findDetections } from "../../detections/find.ts";
import type { Looker } from "../../detections/reach.ts";
import { searchPlates } from "../../plates/search.ts";
import { ASKED, type Bench, EVERYTHING, PAGE, WARM_UP, timeAll, withWarmUp } from "./figures.ts";
import { KIND_NAMES, type Question, type Target, aRegular, drawQuestions, makeQuestions } from "./questions.ts";
import { VEHICLE_WORDS } from "./seed.ts";
import { LONG_PLATES, createRandom, longPlate, regularsOf } from "./traffic.ts";

/** The hard search reads the whole dictionary and gets fewer. */
const ASKED_HARD = 60;
/** All that a search finds. */
const WHOLE = 5000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What a viewer is asked about was seen so long before the reach ends that it is there until all is measured. */
const VIEWER_SPARE_MS = 4 * HOUR_MS;
const AREA = "Area 0";

export const ask = (
  { sql }: Pick<Bench, "sql">,
  { text, way }: Question,
  {
    filters = {},
    looker = EVERYTHING,
    limit = PAGE,
  }: { filters?: SearchFilters; looker?: Looker; limit?: number } = {},
) => searchPlates(sql, { plate: text, way, filters, limit }, looker);

const seedOf = ({ seed }: Bench, kind: string): number => seed + KIND_NAMES.indexOf(kind);

/** The questions of a kind, the same ones whoever asks: a shorter list is the beginning of a longer one. */
export const questionsOf = (bench: Bench, kind: string, count: number): Question[] =>
  makeQuestions(kind, count, regularsOf(bench.rows), seedOf(bench, kind));

const measureKind = async (bench: Bench, kind: string): Promise<void> => {
  const { figures } = bench;
  const count = (kind === "harder" ? ASKED_HARD : ASKED) + WARM_UP;
  const { questions, drawn } = drawQuestions(kind, count, aRegular(regularsOf(bench.rows)), seedOf(bench, kind));
  figures.share(kind, "refused", drawn - questions.length, drawn);
  const { items, warmUp } = withWarmUp(questions);
  const timed = await timeAll(items, warmUp, (question) => ask(bench, question));
  figures.timed(kind, timed);
  figures.recall(kind, items, timed.answers);
  if (kind !== "harder") return;
  const whole = await timeAll(items, [], (question) => ask(bench, question, { limit: WHOLE }));
  const found = items.filter(({ target }, place) => whole.answers[place]?.hits.some(({ plate }) => plate === target));
  figures.share(kind, "recall", found.length, items.length);
};

/** The longest text that is looked up has the most usual mistakes. */
const measureLongest = async (bench: Bench): Promise<void> => {
  const { figures } = bench;
  const name = "fuzzy, longest";
  const target: Target = (random) => longPlate(Math.floor(random() * LONG_PLATES));
  const { questions, drawn } = drawQuestions("fuzzy", ASKED + WARM_UP, target, bench.seed);
  figures.share(name, "refused", drawn - questions.length, drawn);
  const { items, warmUp } = withWarmUp(questions);
  const timed = await timeAll(items, warmUp, (question) => ask(bench, question));
  figures.timed(name, timed);
  figures.recall(name, items, timed.answers);
};

/** A pattern, and the camera and the hour of one of its sightings. */
const measureFiltered = async (bench: Bench): Promise<void> => {
  const { owner, figures } = bench;
  const questions = questionsOf(bench, "wildcard", ASKED + WARM_UP);
  const sightings = await owner<{ plate: string; cameraId: string; at: Date }[]>`
    select distinct on (d.plate) d.plate, d.camera_id as "cameraId", d.detected_at as at from detections d
    where d.plate = any(${questions.map(({ target }) => target)}::text[]) order by d.plate, md5(d.id::text)`;
  const byPlate = new Map(sightings.map((sighting) => [sighting.plate, sighting]));
  const asked = questions.flatMap((question) => {
    const sighting = byPlate.get(question.target);
    if (!sighting) return [];
    const hour = Math.floor(sighting.at.getTime() / HOUR_MS) * HOUR_MS;
    const filters = {
      cameraIds: [sighting.cameraId],
      from: new Date(hour).toISOString(),
      to: new Date(hour + HOUR_MS).toISOString(),
    };
    return [{ question, filters }];
  });
  const { items, warmUp } = withWarmUp(asked);
  const timed = await timeAll(items, warmUp, ({ question, filters }) => ask(bench, question, { filters }));
  figures.timed("filtered", timed);
  const wanted = items.map(({ question }) => question);
  figures.recall("filtered", wanted, timed.answers);
};

/** Patterns and misreadings of what a viewer of one area reaches. */
const measureViewer = async (bench: Bench): Promise<void> => {
  const { owner, figures, seed } = bench;
  const since = new Date(Date.now() - VIEWER_REACH_MS + VIEWER_SPARE_MS);
  const reached = await owner<{ plate: string }[]>`
    select d.plate from detections d join cameras c on c.id = d.camera_id
    where c.area = ${AREA} and d.detected_at >= ${since} order by md5(d.id::text) limit ${ASKED}`;
  const target: Target = (random) => reached[Math.floor(random() * reached.length)]?.plate ?? "";
  const half = (ASKED + WARM_UP) / 2;
  const [patterns, misread] = ["wildcard", "fuzzy"].map((kind) => drawQuestions(kind, half, target, seed).questions);
  const mixed = (patterns ?? []).flatMap((question, place) => [question, misread?.[place] ?? question]);
  const { items, warmUp } = withWarmUp(mixed);
  const looker: Looker = { role: "viewer", area: AREA };
  const timed = await timeAll(items, warmUp, (question) => ask(bench, question, { looker }));
  figures.timed("viewer", timed);
  figures.recall("viewer", items, timed.answers);
};

/** An area, a day, and what the car was like. */
const measureFind = async ({ sql, seed, figures }: Bench): Promise<void> => {
  const random = createRandom(seed);
  const asked = Array.from({ length: ASKED + WARM_UP }, (_, place) => {
    const from = Date.now() - Math.floor((1 + random() * 360) * DAY_MS);
    return {
      area: `Area ${Math.floor(random() * 5)}`,
      from: new Date(from).toISOString(),
      to: new Date(from + DAY_MS).toISOString(),
      vehicle: VEHICLE_WORDS[place % VEHICLE_WORDS.length],
    };
  });
  const { items, warmUp } = withWarmUp(asked);
  const timed = await timeAll(items, warmUp, ({ vehicle = "", ...filters }) =>
    findDetections(sql, { filters: { ...filters, vehicle }, unread: false, limit: PAGE }, EVERYTHING),
  );
  figures.timed("find", timed);
};

export const measureSearch = async (bench: Bench): Promise<void> => {
  for (const kind of KIND_NAMES) await measureKind(bench, kind);
  await measureLongest(bench);
  await measureFiltered(bench);
  await measureViewer(bench);
  await measureFind(bench);
};
