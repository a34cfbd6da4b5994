/**
 * What an administrator does with collectors: add, rotate, revoke, approve a camera.
 * Rule: the dialogs live beside the list and not in its rows, so that a refresh never closes the one that shows a key.
 */
import type { CollectorKeyView, CollectorView } from "@chaverim/contracts";
import { Show, createSignal } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { t } from "../../i18n/words.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";
import { FormTrouble } from "../entrance.tsx";
import { field } from "../form.ts";
import { Sheet } from "../sheet.tsx";
import { showToast } from "../toasts.tsx";
import { AreaField, createAreas } from "./area-field.tsx";
import { AskSheet } from "./ask-sheet.tsx";
import { CopyButton, OneTime } from "./one-time.tsx";

type Camera = CollectorView["cameras"][number];
export type CollectorAct =
  | { kind: "add" }
  | { kind: "rotate"; collector: CollectorView }
  | { kind: "revoke"; collector: CollectorView }
  | { kind: "revokeKey"; apiKey: CollectorKeyView }
  | { kind: "approve"; camera: Camera };

type NewKey = { name: string; apiKey: string; oldKeyUntil: string | null };

/** The lines that a device needs to reach this server, as collector.yaml takes them. */
const collectorYaml = (origin: string, apiKey: string): string => `central:\n  url: ${origin}\n  apiKey: ${apiKey}\n`;

const KeyShown = (props: { made: NewKey; onDone: () => void }) => (
  <OneTime label={w("keys.key")} value={props.made.apiKey} onDone={props.onDone}>
    <Show when={props.made.oldKeyUntil}>
      {(until) => <p class="warn">{w("keys.oldUntil", { time: momentLabel(until()) })}</p>}
    </Show>
    <div class="yaml">
      <span class="label">{w("keys.yaml")}</span>
      <pre class="command" dir="ltr" tabindex="0">
        {collectorYaml(location.origin, props.made.apiKey)}
      </pre>
      <CopyButton text={collectorYaml(location.origin, props.made.apiKey)} />
      <p class="quiet">{w("keys.yamlHint")}</p>
    </div>
  </OneTime>
);

const AddForm = (props: { onMade: (made: NewKey) => void; onClose: () => void }) => {
  const attempt = createAttempt();
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const name = field(event.currentTarget, "name");
    if (name === "") return attempt.setProblem(w("keys.nameShort"));
    void attempt.run(async () => {
      const { apiKey } = await trpc.collectors.create.mutate({ name });
      props.onMade({ name, apiKey, oldKeyUntil: null });
    });
  };
  return (
    <form class="form" novalidate onSubmit={submit}>
      <label class="field">
        <span>{w("keys.name")}</span>
        <input name="name" maxlength="60" autocomplete="off" dir="auto" required />
      </label>
      <FormTrouble text={attempt.problem()} />
      <div class="sheet-buttons">
        <button type="button" class="button big outlined" onClick={() => props.onClose()}>
          {t("app.cancel")}
        </button>
        <button type="submit" class="button big primary" disabled={attempt.busy()}>
          {w("keys.addSubmit")}
        </button>
      </div>
    </form>
  );
};

const ApproveForm = (props: { camera: Camera; onApproved: () => void; onClose: () => void }) => {
  const attempt = createAttempt();
  const areas = createAreas();
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const name = field(event.currentTarget, "name");
    const area = field(event.currentTarget, "area");
    if (name === "") return attempt.setProblem(w("camera.nameShort"));
    void attempt.run(async () => {
      await trpc.collectors.approveCamera.mutate({
        cameraId: props.camera.id,
        name,
        ...(area === "" ? {} : { area }),
      });
      showToast({ text: w("collectors.approved", { name }) });
      props.onApproved();
    });
  };
  return (
    <form class="form" novalidate onSubmit={submit}>
      <label class="field">
        <span>{w("camera.name")}</span>
        <input name="name" value={props.camera.name} maxlength="60" autocomplete="off" dir="auto" required />
      </label>
      <AreaField
        label={w("camera.area")}
        value={props.camera.area ?? ""}
        areas={areas()}
        placeholder=""
        hint={w("camera.areaHint")}
      />
      <FormTrouble text={attempt.problem()} />
      <div class="sheet-buttons">
        <button type="button" class="button big outlined" onClick={() => props.onClose()}>
          {t("app.cancel")}
        </button>
        <button type="submit" class="button big primary" disabled={attempt.busy()}>
          {w("collectors.approve")}
        </button>
      </div>
    </form>
  );
};

/** The act of one kind, if that is the one under way. */
const actOf = <Kind extends CollectorAct["kind"]>(
  act: CollectorAct | undefined,
  kind: Kind,
): Extract<CollectorAct, { kind: Kind }> | undefined =>
  act?.kind === kind ? (act as Extract<CollectorAct, { kind: Kind }>) : undefined;

export const CollectorActs = (props: { act: CollectorAct | undefined; onClose: () => void; onChanged: () => void }) => {
  const [made, setMade] = createSignal<NewKey>();
  const showKey = (key: NewKey): void => {
    props.onClose();
    setMade(key);
    props.onChanged();
  };
  const approving = () => actOf(props.act, "approve");
  const rotating = () => actOf(props.act, "rotate");
  const revoking = () => actOf(props.act, "revoke");
  const revokingKey = () => actOf(props.act, "revokeKey");

  const rotate = async (): Promise<void> => {
    const act = rotating();
    if (act === undefined) return;
    const { apiKey, oldKeyUntil } = await trpc.collectors.rotateKey.mutate({ id: act.collector.id });
    showKey({ name: act.collector.name, apiKey, oldKeyUntil });
  };
  const revoke = async (reason: string): Promise<void> => {
    const act = revoking();
    if (act === undefined) return;
    await trpc.collectors.revoke.mutate({ id: act.collector.id, reason });
    showToast({ text: w("keys.collectorRevoked", { name: act.collector.name }) });
    props.onChanged();
  };
  const revokeKey = async (reason: string): Promise<void> => {
    const act = revokingKey();
    if (act === undefined) return;
    await trpc.collectors.revokeKey.mutate({ keyId: act.apiKey.id, reason });
    showToast({ text: w("keys.keyRevoked", { prefix: act.apiKey.prefix }) });
    props.onChanged();
  };

  return (
    <>
      <Sheet open={props.act?.kind === "add"} onClose={() => props.onClose()} title={w("keys.addTitle")}>
        <AddForm onMade={showKey} onClose={() => props.onClose()} />
      </Sheet>
      <Sheet
        open={approving() !== undefined}
        onClose={() => props.onClose()}
        title={w("camera.approveTitle", { name: approving()?.camera.name ?? "" })}
        lead={w("camera.approveLead")}
      >
        <Show when={approving()}>
          {(act) => (
            <ApproveForm
              camera={act().camera}
              onClose={() => props.onClose()}
              onApproved={() => {
                props.onClose();
                props.onChanged();
              }}
            />
          )}
        </Show>
      </Sheet>
      <AskSheet
        open={rotating() !== undefined}
        onClose={() => props.onClose()}
        title={w("keys.rotateAsk", { name: rotating()?.collector.name ?? "" })}
        lead={w("keys.rotateAskNext")}
        submit={w("keys.rotateDo")}
        run={rotate}
      />
      <AskSheet
        open={revoking() !== undefined}
        onClose={() => props.onClose()}
        title={w("keys.revokeAsk", { name: revoking()?.collector.name ?? "" })}
        lead={w("keys.revokeAskNext")}
        submit={w("keys.revoke")}
        danger
        needsReason
        run={revoke}
      />
      <AskSheet
        open={revokingKey() !== undefined}
        onClose={() => props.onClose()}
        title={w("keys.revokeKeyAsk", { prefix: revokingKey()?.apiKey.prefix ?? "" })}
        lead={w("keys.revokeKeyAskNext")}
        submit={w("keys.revokeKey")}
        danger
        needsReason
        run={revokeKey}
      />
      <Sheet
        open={made() !== undefined}
        onClose={() => setMade(undefined)}
        title={w("keys.newTitle", { name: made()?.name ?? "" })}
        stays
      >
        <Show when={made()}>{(key) => <KeyShown made={key()} onDone={() => setMade(undefined)} />}</Show>
      </Sheet>
    </>
  );
};
