/**
 * What a person has to know of their own account: one line above the screen, newest first.
 * Rule: stays until it is dismissed, on whichever device that is done first.
 */
import type { Notice } from "@chaverim/contracts";
import ShieldAlert from "lucide-solid/icons/shield-alert";
import X from "lucide-solid/icons/x";
import { Show } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { w } from "../../i18n/account.ts";
import { following, local } from "../../session.ts";
import { trpc, troubleOf, troubleText } from "../../trpc.ts";
import { showToast } from "../toasts.tsx";

const wordsOf = ({ kind, by, at }: Notice): string =>
  by === null ? w(`notice.${kind}`, { time: momentLabel(at) }) : w(`notice.${kind}By`, { time: momentLabel(at), by });

/** Where each can be looked into. */
const PLACES: Readonly<Record<Notice["kind"], string>> = {
  authenticator_reset: "/me",
  password_reset: "/me",
  recovery_code_used: "/me",
  role_changed: "/me",
  new_device: "/me",
  review: "/reviews",
  disk_full: "/collectors",
  policy_changed: "/settings",
};

const dismiss = async (id: string): Promise<void> => {
  try {
    await trpc.auth.dismissNotice.mutate({ id });
    await following().learn({ notices: (local().facts().notices ?? []).filter((notice) => notice.id !== id) });
  } catch (error) {
    const trouble = troubleOf(error);
    // Whoever gets in on a device of their own takes no warning away.
    const text = trouble.code === "not_found" ? w("notice.dismissElsewhere") : troubleText(trouble);
    showToast({ kind: "trouble", text });
  }
};

export default function Banners() {
  const first = () => local().facts().notices?.[0];
  const more = () => (local().facts().notices?.length ?? 0) - 1;
  return (
    <Show when={first()}>
      {(notice) => (
        <section class="banner" aria-label={w("notice.label")}>
          <ShieldAlert aria-hidden="true" />
          <a href={PLACES[notice().kind]}>
            {wordsOf(notice())}
            <Show when={more() > 0}>
              <span class="quiet"> {w("notice.more", { count: more() })}</span>
            </Show>
          </a>
          <button
            type="button"
            class="target"
            aria-label={w("notice.dismiss")}
            onClick={() => void dismiss(notice().id)}
          >
            <X aria-hidden="true" />
          </button>
        </section>
      )}
    </Show>
  );
}
