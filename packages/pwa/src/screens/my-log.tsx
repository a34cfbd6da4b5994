/**
 * What the access log holds of the person who reads it, newest first.
 * Rule: shown as it was written, offline looks marked as such; reading it is an entry, too.
 */
import type { LogEntryView } from "@chaverim/contracts";
import ScrollText from "lucide-solid/icons/scroll-text";
import { For, Match, Show, Switch } from "solid-js";
import { momentLabel } from "../clock.ts";
import { w } from "../i18n/account.ts";
import { namedWords } from "../i18n/office.ts";
import { purposeLabel } from "../parts/account/purpose-words.ts";
import { createOnline } from "../parts/online.ts";
import { createPages } from "../parts/pages.ts";
import { PlateChip } from "../parts/plate-chip.tsx";
import { Screen } from "../parts/screen.tsx";
import { Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { trpc } from "../trpc.ts";

const Entry = (props: { entry: LogEntryView; labelOf: (code: string) => string }) => (
  <li class="own-look">
    <span class="own-look-what">
      <span>{namedWords("action.", props.entry.action)}</span>
      <Show when={props.entry.plate}>{(plate) => <PlateChip text={plate()} size="small" />}</Show>
      <Show when={props.entry.offline}>
        <span class="why">{w("log.offline")}</span>
      </Show>
      <Show when={props.entry.outcome !== "ok" && props.entry.outcome}>
        {(outcome) => <span class="why why-look">{w(`log.${outcome()}`)}</span>}
      </Show>
    </span>
    <Show when={props.entry.purpose}>
      {(purpose) => (
        <span class="quiet clip">
          <bdi>{props.labelOf(purpose().code)}</bdi>
          <Show when={purpose().text}>
            {(text) => (
              <>
                {" "}
                · <bdi>{text()}</bdi>
              </>
            )}
          </Show>
          <Show when={purpose().caseNumber}>
            {(caseNumber) => <> · {w("purpose.caseShort", { case: caseNumber() })}</>}
          </Show>
        </span>
      )}
    </Show>
    <bdi class="at">{momentLabel(props.entry.offline?.deviceAt ?? props.entry.at, true)}</bdi>
  </li>
);

export default function MyLogScreen() {
  const pages = createPages(
    () => "mine",
    async (_mine, cursor: number | undefined, signal) => {
      const page = await trpc.accessLog.mine.query(cursor === undefined ? {} : { cursor }, { signal });
      return { items: page.entries, cursor: page.cursor };
    },
  );
  const { first } = pages;
  // Today's names of the purposes.
  const policy = createOnline(
    () => "current",
    (_current, signal) => trpc.policy.read.query(undefined, { signal }),
  );
  const labelOf = (code: string): string => purposeLabel(code, policy.answer()?.settings.purpose.codes ?? []);
  return (
    <Screen title={w("log.title")} back="/me" class="my-log-main">
      <Switch fallback={<Shapes rows={8} />}>
        <Match when={first.answer() === undefined && first.trouble()}>
          {(trouble) => <TroubleNotice title={w("log.failed")} trouble={trouble()} onRetry={first.refresh} />}
        </Match>
        <Match when={first.answer() && pages.items().length === 0}>
          <Notice icon={<ScrollText aria-hidden="true" />} title={w("log.empty")} text={w("log.emptyNext")} />
        </Match>
        <Match when={first.answer()}>
          <p class="quiet my-log-lead">{w("log.lead")}</p>
          <ul class="own-looks" tabindex="0" aria-label={w("log.title")}>
            <For each={pages.items()}>{(entry) => <Entry entry={entry} labelOf={labelOf} />}</For>
          </ul>
          <div class="list-end">
            <Show when={pages.cursor() !== null} fallback={<p class="quiet">{w("log.noMore")}</p>}>
              <button type="button" class="button" disabled={pages.busy()} onClick={() => void pages.more()}>
                {w("log.more")}
              </button>
            </Show>
          </div>
        </Match>
      </Switch>
    </Screen>
  );
}
