/**
 * What an entry of a list would have matched among the plates that were seen so far.
 * Rule: asked for by a press alone, since it is a search like any other: with a purpose, and logged; what is said is about what
 * is chosen now.
 */
import { type MatchStrategy, foldPlate, isOneMistake, normalizePlate } from "@chaverim/contracts";
import { Show, createSignal } from "solid-js";
import { w } from "../../i18n/search.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";

/** As many as one sentence names. */
const NAMED = 5;
/** The first page of a search, of which the sentence names the likeliest. */
const ASKED = 25;

const WAYS = { exact: "exact", "look-alike": "look-alike", near: "similar", pattern: "contains" } as const;

/** The plates that an entry would match, the likeliest first, and whether there may be more. */
const findMatches = async (plate: string, match: MatchStrategy): Promise<{ plates: string[]; more: boolean }> => {
  const { hits, cursor, truncated } = await trpc.detections.search.query({ plate, way: WAYS[match], limit: ASKED });
  const folded = foldPlate(normalizePlate(plate));
  const plates = hits
    .map((hit) => hit.plate)
    // The usual search forgives more than one mistake; an entry does not.
    .filter((found) => match !== "near" || isOneMistake(folded, foldPlate(found)));
  return { plates: plates.slice(0, NAMED), more: cursor !== null || truncated || plates.length > NAMED };
};

export const Preview = (props: { plate: () => string; match: MatchStrategy }) => {
  const attempt = createAttempt();
  const [told, setTold] = createSignal("");
  const chosen = () => JSON.stringify([props.plate(), props.match]);
  /** What the sentence is about, told or on its way. */
  const [about, setAbout] = createSignal("");
  const tell = (): void => {
    setTold("");
    setAbout(chosen());
    void attempt.run(async () => {
      const { plates, more } = await findMatches(props.plate(), props.match);
      if (plates.length === 0) setTold(w("preview.none"));
      else setTold(w(more ? "preview.more" : "preview.some", { plates: plates.join(", ") }));
    });
  };
  return (
    <div class="preview">
      <button type="button" class="button quiet-button" disabled={attempt.busy()} onClick={tell}>
        {w("preview.ask")}
      </button>
      <p role="status">
        <Show when={about() === chosen() && (attempt.problem() || told())}>{(words) => words()}</Show>
      </p>
    </div>
  );
};
