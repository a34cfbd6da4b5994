/**
 * What somebody is looking for, above what they look at.
 * Rule: the purpose in force is always in sight where looks are taken, and ending it is one press.
 */
import type { Investigation, PolicySettings } from "@chaverim/contracts";
import Target from "lucide-solid/icons/target";
import { type Accessor, Show, createEffect, createMemo, on } from "solid-js";
import { ask } from "../../asking.ts";
import { clockTime, now } from "../../clock.ts";
import { w } from "../../i18n/account.ts";
import { following, local, user } from "../../session.ts";
import { trpc } from "../../trpc.ts";
import { tellTrouble } from "../attempt.ts";
import { createOnline } from "../online.ts";
import { purposeLabel } from "./purpose-words.ts";

export type PurposeState = {
  /** The purpose that looks carry now. */
  current: Accessor<Investigation | null>;
  /** What the organisation calls it. */
  label: Accessor<string>;
  /** Looks may be taken: the purpose is said, or none is asked for; undefined while that is not known. */
  isSettled: Accessor<boolean | undefined>;
};

const end = async (): Promise<void> => {
  try {
    await trpc.investigations.close.mutate();
    await following().learn({ investigation: null });
  } catch (error) {
    tellTrouble(error);
  }
};

/**
 * Follows the purpose of this session.
 * @param wanted the look that is wanted now, if any; without a purpose the person is asked for it, once a look
 */
export const createPurpose = (wanted: Accessor<string | null>): PurposeState => {
  const policy = createOnline(
    () => "current",
    (_current, signal) => trpc.policy.read.query(undefined, { signal }),
  );
  const settings = (): PolicySettings | undefined => policy.answer()?.settings;
  const current = createMemo(() => {
    const investigation = local().facts().investigation ?? null;
    return investigation !== null && Date.parse(investigation.expiresAt) > now() ? investigation : null;
  });
  const isSettled = createMemo(() => {
    if (current() !== null) return true;
    const role = user()?.role;
    // Without the policy (no line, a fault) the look is tried: central knows.
    if (policy.trouble() !== undefined) return true;
    // Just signed in: whether a purpose was said on this device before is on its way.
    if (local().facts().investigation === undefined) return undefined;
    return role === undefined ? undefined : settings() && !settings()?.purpose.requiredFor.includes(role);
  });
  const look = createMemo(wanted);
  createEffect(
    on([look, isSettled], ([wantedNow, settled], before) => {
      // A purpose that was ended, or whose time is over, leaves the screen calm; the next look asks.
      if (wantedNow !== null && settled === false && before?.[1] !== true) void ask("purpose");
    }),
  );
  return {
    current,
    label: () => {
      const code = current()?.code;
      return code === undefined ? "" : purposeLabel(code, settings()?.purpose.codes ?? []);
    },
    isSettled,
  };
};

export const PurposeBar = (props: { purpose: PurposeState }) => (
  <Show when={props.purpose.current()}>
    {(investigation) => (
      <section class="purpose-bar" aria-label={w("purpose.title")}>
        <Target aria-hidden="true" />
        <p>
          <span class="quiet purpose-lead">{w("purpose.lookingFor")}</span>{" "}
          <bdi class="purpose-name">{props.purpose.label()}</bdi>
          <Show when={investigation().caseNumber}>
            {(caseNumber) => (
              <>
                {" "}
                · <bdi>{w("purpose.caseShort", { case: caseNumber() })}</bdi>
              </>
            )}
          </Show>
          <Show when={investigation().text}>
            {(text) => (
              <>
                {" "}
                · <bdi>{text()}</bdi>
              </>
            )}
          </Show>{" "}
          <span class="quiet">· {w("purpose.until", { time: clockTime(investigation().expiresAt) })}</span>
        </p>
        <span class="purpose-acts">
          <button type="button" class="button quiet-button" onClick={() => void end()}>
            {w("purpose.end")}
          </button>
          <button type="button" class="button quiet-button" onClick={() => void ask("purpose")}>
            {w("purpose.change")}
          </button>
        </span>
      </section>
    )}
  </Show>
);
