/**
 * Requests that a second administrator answers.
 * Rule: whoever asked cannot answer, and sees who can.
 */
import type { ApprovalView } from "@chaverim/contracts";
import UserCheck from "lucide-solid/icons/user-check";
import { For, Show } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { user } from "../../session.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";
import { FormTrouble } from "../entrance.tsx";
import { showToast } from "../toasts.tsx";

const Approval = (props: { approval: ApprovalView; onDecided: () => void }) => {
  const attempt = createAttempt();
  const decide = (approve: boolean): void => {
    void attempt.run(async () => {
      await trpc.users.decide.mutate({ id: props.approval.id, approve });
      showToast({ text: w(approve ? "person.approved" : "person.refused", { name: props.approval.person.name }) });
      props.onDecided();
    });
  };
  const isMine = () => [props.approval.requestedBy.id, props.approval.person.id].includes(user()?.id ?? "");
  return (
    <li class="office-strip">
      <UserCheck aria-hidden="true" />
      <div>
        <strong>
          {w("person.approval", { requester: props.approval.requestedBy.name, name: props.approval.person.name })}
        </strong>
        <p>
          {w("person.approvalReason", { reason: props.approval.reason, time: momentLabel(props.approval.expiresAt) })}
        </p>
        <FormTrouble text={attempt.problem()} />
      </div>
      <Show when={!isMine()} fallback={<span class="quiet">{w("person.approvalOwn")}</span>}>
        <span class="office-strip-acts">
          <button type="button" class="button" disabled={attempt.busy()} onClick={() => decide(false)}>
            {w("person.refuse")}
          </button>
          <button type="button" class="button primary" disabled={attempt.busy()} onClick={() => decide(true)}>
            {w("person.approve")}
          </button>
        </span>
      </Show>
    </li>
  );
};

export const Approvals = (props: { approvals: readonly ApprovalView[]; onDecided: () => void }) => (
  <Show when={props.approvals.length > 0}>
    <ul class="office-strips" aria-label={w("person.roleWaits")}>
      <For each={props.approvals}>
        {(approval) => <Approval approval={approval} onDecided={() => props.onDecided()} />}
      </For>
    </ul>
  </Show>
);
