/**
 * Asks whether somebody is still there, shortly before a browser is signed out for want of use.
 * Rule: any use answers it; without one the session ends at the time that it names.
 */
import { clockTime, now } from "../../clock.ts";
import { w } from "../../i18n/account.ts";
import { following, signOut } from "../../session.ts";
import { Sheet } from "../sheet.tsx";
import { countdown } from "./attempt.ts";

export default function StillThere(props: { endMs: number }) {
  const stay = (): void => following().touch();
  return (
    <Sheet
      open
      onClose={stay}
      title={w("stillThere.title")}
      lead={w("stillThere.lead", { time: clockTime(props.endMs) })}
    >
      <p class="countdown" role="timer">
        <bdi dir="ltr">{countdown(Math.max(0, Math.ceil((props.endMs - now()) / 1000)))}</bdi>
      </p>
      <div class="sheet-buttons">
        <button type="button" class="button big primary" onClick={stay}>
          {w("stillThere.stay")}
        </button>
        <button type="button" class="button big outlined" onClick={() => void signOut()}>
          {w("me.signOut")}
        </button>
      </div>
    </Sheet>
  );
}
