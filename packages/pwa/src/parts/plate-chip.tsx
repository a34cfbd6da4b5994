/**
 * A plate in a line of text: isolated left to right, differing characters boxed.
 * Rule: quiet everywhere, lit once a screen at most.
 */
import { type PlateDifference, markPlate } from "@chaverim/contracts";
import { For, Show } from "solid-js";

export const PlateChip = (props: {
  text: string;
  differences?: readonly PlateDifference[];
  lit?: boolean;
  size?: "small" | "large";
}) => (
  <bdi
    class="plate"
    classList={{ lit: props.lit ?? false, [`plate-${props.size}`]: props.size !== undefined }}
    dir="ltr"
  >
    <For
      each={markPlate(
        props.text,
        (props.differences ?? []).map((difference) => difference.index),
      )}
    >
      {({ character, marked }) => (
        <Show when={marked} fallback={character}>
          <b>{character}</b>
        </Show>
      )}
    </For>
  </bdi>
);
