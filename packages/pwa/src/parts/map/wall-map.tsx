/**
 * The map of the wall: cameras and their health, a ring where something is read, nothing to press but the map itself.
 * Rule: keeps its frame; whoever stands at the wall moves it, news never do.
 */
import { useNavigate } from "@solidjs/router";
import { Show, createMemo } from "solid-js";
import { m } from "../../i18n/map.ts";
import { addressOf } from "../addresses.ts";
import { TroubleNotice } from "../states.tsx";
import { createMapData } from "./map-data.ts";
import { CameraMap, frameAround } from "./map.tsx";
import { OldNotice } from "./old-notice.tsx";
import type { Way } from "./way-layers.ts";

const NO_WAYS: readonly Way[] = [];

export default function WallMap(props: { chosenCameraId: string | undefined }) {
  const navigate = useNavigate();
  const data = createMapData();
  const cameras = () => data.known()?.cameras ?? [];
  const frame = createMemo(() => frameAround(cameras().map(({ position }) => position)));
  return (
    <Show
      when={data.known()}
      fallback={
        <Show when={data.trouble()}>
          {(trouble) => <TroubleNotice title={m("map.failed")} trouble={trouble()} onRetry={data.refresh} />}
        </Show>
      }
    >
      {(known) => (
        <>
          <OldNotice data={data} />
          <CameraMap
            source={known().source}
            ground={data.ground()}
            isGroundMissing={data.isGroundMissing()}
            onRetryGround={data.refreshGround}
            cameras={cameras()}
            chosenId={props.chosenCameraId}
            hour={null}
            ways={NO_WAYS}
            isOld={data.oldSince() !== undefined}
            frameKey="wall"
            frame={frame()}
            onChoose={(camera) => navigate(addressOf("/map", { camera }))}
          />
        </>
      )}
    </Show>
  );
}
