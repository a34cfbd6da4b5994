/**
 * Checks the whole chain of the access log and says what was found.
 * Rule: an intact chain gives something to write down elsewhere; a broken one names its first entry, in red.
 */
import type { LogVerification } from "@chaverim/contracts";
import Check from "lucide-solid/icons/check";
import Link from "lucide-solid/icons/link";
import TriangleAlert from "lucide-solid/icons/triangle-alert";
import { Match, Show, Switch, createSignal } from "solid-js";
import { w } from "../../i18n/office.ts";
import { language } from "../../settings.ts";
import { trpc } from "../../trpc.ts";
import { createAttempt } from "../attempt.ts";
import { FormTrouble } from "../entrance.tsx";
import { CopyButton } from "./one-time.tsx";
import { Sheet } from "../sheet.tsx";

/** `48,211` */
const counted = (count: number): string => new Intl.NumberFormat(language()).format(count);

const Result = (props: { found: LogVerification }) => (
  <Switch>
    <Match when={props.found.broken}>
      {(broken) => (
        <>
          <p class="state critical">
            <TriangleAlert aria-hidden="true" />
            <strong>{w(`verify.${broken().problem}`, { id: broken().id })}</strong>
          </p>
          <p>{w("verify.brokenNext")}</p>
        </>
      )}
    </Match>
    <Match when={props.found.head}>
      {(head) => (
        <>
          <p class="state ok">
            <Check aria-hidden="true" />
            <strong>{w("verify.ok", { count: counted(props.found.entries) })}</strong>
          </p>
          <p>{w("verify.okNext", { id: head().id })}</p>
          <code class="hash" dir="ltr">
            {head().id} {head().hash}
          </code>
          <CopyButton text={`${head().id} ${head().hash}`} label={w("log.copyHash")} />
        </>
      )}
    </Match>
    <Match when={true}>
      <p>{w("verify.none")}</p>
    </Match>
  </Switch>
);

export const LogVerify = () => {
  const attempt = createAttempt();
  const [found, setFound] = createSignal<LogVerification>();
  const [open, setOpen] = createSignal(false);
  const verify = (): void => {
    setFound(undefined);
    setOpen(true);
    void attempt.run(async () => {
      setFound(await trpc.accessLog.verify.query());
    });
  };
  return (
    <>
      <button type="button" class="button" onClick={verify}>
        <Link aria-hidden="true" />
        {w("verify.button")}
      </button>
      <Sheet open={open()} onClose={() => setOpen(false)} title={w("verify.title")}>
        <div class="verify" role="status">
          <Show when={attempt.busy()}>
            <p class="quiet">{w("verify.working")}</p>
          </Show>
          <Show when={found()}>{(result) => <Result found={result()} />}</Show>
        </div>
        <FormTrouble text={attempt.problem()} />
      </Sheet>
    </>
  );
};
