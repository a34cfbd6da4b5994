/**
 * The access log: who looked at what, when, why, and how it ended.
 * Rule: the address is the filter; reading the log is a look itself, so nothing here asks by itself again.
 */
import type { LogEntryView } from "@chaverim/contracts";
import FileText from "lucide-solid/icons/file-text";
import Share from "lucide-solid/icons/share";
import X from "lucide-solid/icons/x";
import { Match, Show, Switch, createSignal } from "solid-js";
import { w } from "../i18n/office.ts";
import { t } from "../i18n/words.ts";
import { createFragment } from "../parts/fragment.ts";
import { LogDetail } from "../parts/office/log-detail.tsx";
import { LogExport } from "../parts/office/log-export.tsx";
import { LogFilters } from "../parts/office/log-filters.tsx";
import { type LogQuestion, type LogSearch, questionOf } from "../parts/office/log-question.ts";
import { LogTable } from "../parts/office/log-table.tsx";
import { LogTabs } from "../parts/office/log-tabs.tsx";
import { LogVerify } from "../parts/office/log-verify.tsx";
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

/** A page of entries: about three screens of a desktop. */
const PAGE = 100;

const Empty = (props: { plate: string | undefined }) => (
  <Show
    when={props.plate}
    fallback={<Notice icon={<FileText aria-hidden="true" />} title={w("log.empty")} text={w("log.emptyNext")} />}
  >
    {(plate) => (
      <Notice
        icon={<FileText aria-hidden="true" />}
        title={w("log.emptyPlate", { plate: plate() })}
        text={w("log.emptyPlateNext")}
      />
    )}
  </Show>
);

export default function AccessLogScreen() {
  const { state, change } = createFragment<keyof LogSearch | "entry">((old) => old);
  const search = (): LogSearch & { entry?: string } => state();
  const may = () => mayI("read_log");
  const question = (): LogQuestion => questionOf(search());
  const pages = createPages(
    // The JSON of the filters: compared by value.
    () => (may() ? JSON.stringify(question()) : null),
    async (asked, cursor: number | undefined, signal) => {
      const page = await trpc.accessLog.search.query(
        { ...JSON.parse(asked), limit: PAGE, ...(cursor === undefined ? {} : { cursor }) },
        { signal },
      );
      return { items: page.entries, cursor: page.cursor };
    },
  );
  const about = () => (may() ? "all" : null);
  const people = createOnline(about, (_all, signal) => trpc.users.list.query(undefined, { signal }));
  const policy = createOnline(about, (_all, signal) => trpc.policy.read.query(undefined, { signal }));
  const purposes = () => policy.answer()?.settings.purpose.codes ?? [];
  const [exporting, setExporting] = createSignal(false);
  const chosen = () => pages.items().find(({ id }) => String(id) === search().entry);
  const choose = (entry: LogEntryView | undefined): void =>
    change({ entry: entry === undefined ? undefined : String(entry.id) }, { replace: true });

  return (
    <Screen title={w("log.title")} class="log-main">
      <Show when={may()} fallback={<NoPermission title={w("office.who")} text={w("office.whoNext")} />}>
        <div class="log-head">
          <LogTabs here="looks" />
          <span class="log-acts">
            <LogVerify />
            <button type="button" class="button" onClick={() => setExporting(true)}>
              <Share aria-hidden="true" />
              {w("export.button")}
            </button>
          </span>
        </div>
        <LogFilters
          search={{
            plate: search().plate,
            person: search().person,
            action: search().action,
            outcome: search().outcome,
            from: search().from,
            to: search().to,
          }}
          people={people.answer()?.people ?? []}
          onChange={(filters) => change({ ...filters, entry: undefined })}
        />
        <div class="log-body" classList={{ "with-detail": chosen() !== undefined }}>
          <div class="log-list">
            <Switch>
              <Match when={pages.first.trouble()}>
                {(trouble) => (
                  <TroubleNotice title={w("log.failed")} trouble={trouble()} onRetry={pages.first.refresh} />
                )}
              </Match>
              <Match when={pages.first.answer() === undefined}>
                <Shapes rows={8} />
              </Match>
              <Match when={pages.items().length === 0}>
                <Empty plate={search().plate} />
              </Match>
              <Match when={true}>
                <LogTable
                  label={question().plate ? w("log.whoLooked", { plate: question().plate ?? "" }) : w("log.rows")}
                  entries={pages.items()}
                  purposes={purposes()}
                  selected={chosen()?.id}
                  onSelect={(entry) => choose(entry.id === chosen()?.id ? undefined : entry)}
                />
                <div class="list-end">
                  <Show when={pages.cursor() !== null} fallback={<p class="quiet">{w("log.oldest")}</p>}>
                    <button type="button" class="button" disabled={pages.busy()} onClick={() => void pages.more()}>
                      {w("log.older")}
                    </button>
                  </Show>
                </div>
              </Match>
            </Switch>
          </div>
          <Show when={isWide() && chosen()}>
            {(entry) => (
              <aside class="log-side" aria-label={w("log.entry")}>
                <button type="button" class="target" aria-label={t("app.close")} onClick={() => choose(undefined)}>
                  <X aria-hidden="true" />
                </button>
                <LogDetail entry={entry()} purposes={purposes()} />
              </aside>
            )}
          </Show>
        </div>
        <Sheet open={!isWide() && chosen() !== undefined} onClose={() => choose(undefined)} title={w("log.entry")}>
          <Show when={chosen()}>{(entry) => <LogDetail entry={entry()} purposes={purposes()} />}</Show>
        </Sheet>
        <LogExport open={exporting()} question={question()} onClose={() => setExporting(false)} />
      </Show>
    </Screen>
  );
}
