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
  /** What a pattern left open, by the place in the normalised plate: told, not boxed, since nothing differs there. */
  open?: readonly number[];
  lit?: boolean;
  size?: "small" | "large";
}) => {
  const marks = () => marksOf(props.differences ?? [], props.side ?? "read");
  const cells = () => {
    const gaps = new Set(marks().gaps);
    let place = 0;
    const found = markPlate(props.text, marks().places).map((cell) => {
      const counted = normalizePlate(cell.character).length;
      const gap = counted > 0 && gaps.delete(place);
      const open = counted > 0 && (props.open?.includes(place) ?? false);
      place += counted;
      return { ...cell, gap, open };
    });
    return gaps.size === 0 ? found : [...found, { character: "", marked: false, gap: true, open: false }];
  };
  return (
    <bdi
      class="plate"
      classList={{ lit: props.lit ?? false, [`plate-${props.size}`]: props.size !== undefined }}
      dir="ltr"
    >
      <For each={cells()}>
        {({ character, marked, gap, open }) => (
          <>
            <Show when={gap}>
              <b class="plate-gap" />
            </Show>
            <Show when={marked || open} fallback={character}>
              <b classList={{ "plate-open": open }}>{character}</b>
            </Show>
          </>
        )}
      </For>
    </bdi>
  );
};
