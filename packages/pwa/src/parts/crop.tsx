/**
 * The plate crop of a detection, or what is known instead of it.
 * Rule: a picture is never stretched, and a missing one says so.
 */
import type { DetectionView } from "@chaverim/contracts";
import { Show, createEffect, createSignal, on } from "solid-js";
import { t } from "../i18n/words.ts";
import { MissingIcon } from "./row-icons.tsx";

/** @param props.decorative the text beside it says what it shows, so it is not spoken a second time */
export const Crop = (props: { detection: DetectionView; class?: string; eager?: boolean; decorative?: boolean }) => {
  const [broken, setBroken] = createSignal(false);
  // A crop that arrives after its detection gets its chance.
  createEffect(
    on(
      () => props.detection.images.crop,
      () => setBroken(false),
      { defer: true },
    ),
  );
  return (
    <span class={`crop ${props.class ?? ""}`}>
      <Show
        when={!broken() && props.detection.images.crop}
        fallback={
          <span
            class="crop-missing"
            role={props.decorative ? undefined : "img"}
            aria-label={props.decorative ? undefined : t("alert.photoMissing")}
          >
            <MissingIcon />
          </span>
        }
      >
        {(source) => (
          <img
            src={source()}
            alt={props.decorative ? "" : t("alerts.cropOf", { camera: props.detection.camera.name })}
            loading={props.eager ? "eager" : "lazy"}
            decoding="async"
            draggable={false}
            onError={() => setBroken(true)}
          />
        )}
      </Show>
    </span>
  );
};
