/**
 * Signing out of this device.
 * Rule: says what is erased before it happens.
 */
import { createSignal } from "solid-js";
import { w } from "../../i18n/account.ts";
import { local, signOut } from "../../session.ts";
import { Sheet } from "../sheet.tsx";

export const LeaveSheet = (props: { open: boolean; onClose: () => void }) => {
  const [busy, setBusy] = createSignal(false);
  const leave = async (): Promise<void> => {
    setBusy(true);
    await signOut();
  };
  return (
    <Sheet
      open={props.open}
      onClose={props.onClose}
      title={w("me.signOutAsk")}
      lead={w("me.signOutAskNext", {
        alerts: local().alerts.list.length,
        detections: local().detections.list.length,
      })}
    >
      <div class="sheet-buttons">
        <button type="button" class="button big outlined" onClick={() => props.onClose()}>
          {w("me.stay")}
        </button>
        <button type="button" class="button big danger" disabled={busy()} onClick={() => void leave()}>
          {w("me.signOutDo")}
        </button>
      </div>
    </Sheet>
  );
};
