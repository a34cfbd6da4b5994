/**
 * Whether somebody is there: their use keeps the session, its absence ends it or locks the installed application.
 * Rule: only a pointer or a key is use; what the application asks by itself is not.
 */
import { createEffect, createMemo, on, onCleanup } from "solid-js";
import { now } from "./clock.ts";
import { link } from "./local/sync.ts";
import { following, keepUse, local, lock, lockWhenDue, used, user } from "./session.ts";
import { play } from "./sound.ts";

/** Central notes a use at most this often, too. */
const TELL_EVERY_MS = 60_000;
/** Time to come back from the other end of the room. */
const WARN_MS = 2 * 60_000;

const USES = ["pointerdown", "pointermove", "keydown", "wheel"] as const;

/** When the session ends if nobody does anything; null when it ends at that time whatever anybody does. */
const idleEnd = (): number | null => {
  const { idleExpiresAt, expiresAt } = local().facts();
  if (!user() || idleExpiresAt === undefined || expiresAt === undefined) return null;
  const idleMs = Date.parse(idleExpiresAt);
  return idleMs < Date.parse(expiresAt) ? idleMs : null;
};

/** Follows use of this device. @returns when the session ends by itself, once that is near; null otherwise */
export const followPresence = (): (() => number | null) => {
  let toldAtMs = -Infinity;
  const onUse = (): void => {
    if (!user()) return;
    used();
    if (lock() !== "open" || performance.now() - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = performance.now();
    keepUse();
    if (link().kind !== "offline") following().touch();
  };
  for (const use of USES) addEventListener(use, onUse, { capture: true, passive: true });
  onCleanup(() => {
    for (const use of USES) removeEventListener(use, onUse, { capture: true });
  });

  createEffect(on(now, lockWhenDue));
  const isOver = createMemo(() => now() > (idleEnd() ?? Infinity));
  createEffect(() => isOver() && following().check());
  const near = createMemo(() => {
    const end = idleEnd();
    return end !== null && now() > end - WARN_MS && !isOver() ? end : null;
  });
  createEffect(() => near() !== null && play("single"));
  return near;
};
