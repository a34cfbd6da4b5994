/**
 * How much room there is, for the few places where markup and not only style depends on it.
 * Rule: the same two widths as in the styles.
 */
import { createSignal } from "solid-js";

const follow = (query: string) => {
  const media = matchMedia(query);
  const [matches, setMatches] = createSignal(media.matches);
  media.addEventListener("change", (event) => setMatches(event.matches));
  return matches;
};

/** From here on there is a rail and a bar instead of the phone's tabs. */
export const isWide = follow("(min-width: 900px)");
/** From here on the wall has room for all its lanes. */
export const isWall = follow("(min-width: 1200px)");
