/**
 * A plate in a line of text: isolated left to right, differing characters boxed, a missing one as an empty box.
 * Rule: quiet everywhere, lit once a screen at most.
 */
import { type PlateDifference, markPlate, normalizePlate } from "@chaverim/contracts";
import { For, Show } from "solid-js";
import { marksOf } from "./alignment.ts";

export const PlateChip = (props: {
  text: string;
  differences?: readonly PlateDifference[];
  /** Whether the plate is the one that was listed or, as usual, the one that was read. */
  side?: "listed" | "read";
  /** Further characters to mark, by their place in the normalised plate. */
  places?: readonly number[];
  lit?: boolean;
  size?: "small" | "large";
}) => {
  const marks = () => marksOf(props.differences ?? [], props.side ?? "read");
  const cells = () => {
    const gaps = new Set(marks().gaps);
    let place = 0;
    const found = markPlate(props.text, [...marks().places, ...(props.places ?? [])]).map((cell) => {
      const gap = normalizePlate(cell.character) !== "" && gaps.delete(place);
      place += normalizePlate(cell.character).length;
      return { ...cell, gap };
    });
    return gaps.size === 0 ? found : [...found, { character: "", marked: false, gap: true }];
  };
  return (
    <bdi
      class="plate"
      classList={{ lit: props.lit ?? false, [`plate-${props.size}`]: props.size !== undefined }}
      dir="ltr"
    >
      <For each={cells()}>
        {({ character, marked, gap }) => (
          <>
            <Show when={gap}>
              <b class="plate-gap" />
            </Show>
            <Show when={marked} fallback={character}>
              <b>{character}</b>
            </Show>
          </>
        )}
      </For>
    </bdi>
  );
};
