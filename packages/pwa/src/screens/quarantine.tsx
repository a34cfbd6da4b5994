/**
 * Quarantine: what collectors sent and central does not take as fact, for an administrator to decide.
 * Rule: the address is the question; to list and to open are looks, so nothing here asks by itself again.
 */
import { QUARANTINE_REASONS } from "@chaverim/contracts";
import { useSearchParams } from "@solidjs/router";
import ShieldCheck from "lucide-solid/icons/shield-check";
import X from "lucide-solid/icons/x";
import { For, Match, Show, Switch } from "solid-js";
import { w } from "../i18n/office.ts";
import { t } from "../i18n/words.ts";
import { CollectorTabs, countQuarantined } from "../parts/office/collector-tabs.tsx";
import { QuarantineDetail } from "../parts/office/quarantine-detail.tsx";
import { QuarantineTable } from "../parts/office/quarantine-table.tsx";
import { reasonOf, whyWords } from "../parts/office/quarantine-words.ts";
import { createOnline } from "../parts/online.ts";
import { createPages } from "../parts/pages.ts";
import { Screen } from "../parts/screen.tsx";
import { Sheet } from "../parts/sheet.tsx";
import { NoPermission, Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { isWide } from "../parts/width.ts";
import { mayI } from "../session.ts";
import { trpc } from "../trpc.ts";
import "../styles/office.css";
import "../styles/log.css";
import "../styles/collectors.css";

type Search = { show?: string; reason?: string; item?: string };

export default function QuarantineScreen() {
  const [search, setSearch] = useSearchParams<Search>();
  const may = () => mayI("manage_collectors");
  const isOpen = () => search.show !== "decided";
  const reason = () => reasonOf(search.reason);
  const pages = createPages(
    // The JSON of the question: compared by value.
    () => (may() ? JSON.stringify({ open: isOpen(), reason: reason() }) : null),
    async (asked, cursor: string | undefined, signal) =>
      trpc.quarantine.list.query(
        { ...(JSON.parse(asked) as object), ...(cursor === undefined ? {} : { cursor }) },
        { signal },
      ),
  );
  const collectors = createOnline(
    () => (may() ? "all" : null),
    (_all, signal) => trpc.collectors.list.query(undefined, { signal }),
  );
  const choose = (id: string | undefined): void => setSearch({ item: id }, { replace: true, scroll: false });
  const decided = (): void => {
    choose(undefined);
    pages.first.refresh();
    collectors.refresh();
  };

  return (
    <Screen title={w("quarantine.title")} class="log-main quarantine-main">
      <Show when={may()} fallback={<NoPermission title={w("office.who")} text={w("office.whoNext")} />}>
        <div class="log-head">
          <CollectorTabs here="quarantine" waiting={countQuarantined(collectors.answer())} />
          <span class="log-acts">
            <For each={[true, false]}>
              {(open) => (
                <button
                  type="button"
                  class="toggle"
                  aria-pressed={isOpen() === open}
                  onClick={() => setSearch({ show: open ? undefined : "decided", item: undefined })}
                >
                  {w(open ? "quarantine.open" : "quarantine.decided")}
                </button>
              )}
            </For>
          </span>
        </div>
        <div class="filters quarantine-filters">
          <label class="filter">
            <span>{w("quarantine.reason")}</span>
            <select
              value={reason() ?? ""}
              onChange={(event) => setSearch({ reason: event.currentTarget.value || undefined, item: undefined })}
            >
              <option value="">{w("quarantine.anyReason")}</option>
              <For each={QUARANTINE_REASONS}>{(each) => <option value={each}>{whyWords(each)}</option>}</For>
            </select>
          </label>
          <p class="quiet">{w("quarantine.lead")}</p>
        </div>
        <div class="log-body" classList={{ "with-item": search.item !== undefined }}>
          <div class="log-list">
            <Switch>
              <Match when={pages.first.trouble()}>
                {(trouble) => (
                  <TroubleNotice title={w("quarantine.failed")} trouble={trouble()} onRetry={pages.first.refresh} />
                )}
              </Match>
              <Match when={pages.first.answer() === undefined}>
                <Shapes rows={6} />
              </Match>
              <Match when={pages.items().length === 0 && reason() !== undefined}>
                <Notice
                  icon={<ShieldCheck aria-hidden="true" />}
                  title={w("quarantine.emptyReason")}
                  action={
                    <button type="button" class="button" onClick={() => setSearch({ reason: undefined })}>
                      {w("quarantine.showAll")}
                    </button>
                  }
                />
              </Match>
              <Match when={pages.items().length === 0}>
                <Notice
                  icon={<ShieldCheck aria-hidden="true" />}
                  title={w(isOpen() ? "quarantine.empty" : "quarantine.emptyDecided")}
                  text={w("quarantine.emptyNext")}
                />
              </Match>
              <Match when={true}>
                <QuarantineTable
                  elements={pages.items()}
                  decided={!isOpen()}
                  selected={search.item}
                  onSelect={({ id }) => choose(id === search.item ? undefined : id)}
                />
                <div class="list-end">
                  <Show when={pages.cursor() !== null} fallback={<p class="quiet">{w("quarantine.oldest")}</p>}>
                    <button type="button" class="button" disabled={pages.busy()} onClick={() => void pages.more()}>
                      {w("quarantine.older")}
                    </button>
                  </Show>
                </div>
              </Match>
            </Switch>
          </div>
          <Show when={isWide() && search.item}>
            {(id) => (
              <aside class="log-side" aria-label={w("quarantine.item")}>
                <button type="button" class="target" aria-label={t("app.close")} onClick={() => choose(undefined)}>
                  <X aria-hidden="true" />
                </button>
                <QuarantineDetail id={id()} onDecided={decided} />
              </aside>
            )}
          </Show>
        </div>
        <Sheet
          open={!isWide() && search.item !== undefined}
          onClose={() => choose(undefined)}
          title={w("quarantine.item")}
        >
          <Show when={search.item}>{(id) => <QuarantineDetail id={id()} onDecided={decided} />}</Show>
        </Sheet>
      </Show>
    </Screen>
  );
}
