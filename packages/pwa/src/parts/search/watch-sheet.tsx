/**
 * "Watch this": the list form over whatever is being looked at, filled in with it.
 * Rule: somebody who investigates stays where they are; a watch begun here ends by itself after two weeks.
 */
import type { MatchStrategy } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import ListIcon from "lucide-solid/icons/list";
import { Match, Show, Switch } from "solid-js";
import { w } from "../../i18n/search.ts";
import { trpc } from "../../trpc.ts";
import { EntryForm } from "../entry-form.tsx";
import { createOnline } from "../online.ts";
import { Sheet } from "../sheet.tsx";
import { Notice, Shapes, TroubleNotice } from "../states.tsx";

/** An investigation is over or renewed by then. */
const WATCH_DAYS = 14;

export type Watched = { plate: string; match: MatchStrategy };

/** @param props.watch what to watch; null closes */
export const WatchSheet = (props: { watch: Watched | null; onClose: () => void; onAdded?: () => void }) => {
  const lists = createOnline(
    () => (props.watch === null ? null : "all"),
    (_all, signal) => trpc.watchlists.list.query(undefined, { signal }),
  );
  const isReady = () => (lists.answer()?.length ?? 0) > 0;
  return (
    <Show when={props.watch}>
      {(watch) => (
        <Show
          when={isReady()}
          fallback={
            <Sheet open onClose={props.onClose} title={w("entry.title")}>
              <Switch fallback={<Shapes rows={3} />}>
                <Match when={lists.trouble()}>
                  {(trouble) => <TroubleNotice title={w("lists.failed")} trouble={trouble()} onRetry={lists.refresh} />}
                </Match>
                <Match when={lists.answer() !== undefined}>
                  <Notice
                    icon={<ListIcon aria-hidden="true" />}
                    title={w("lists.empty")}
                    text={w("lists.emptyNext")}
                    action={
                      <A class="button" href="/lists">
                        {w("lists.create")}
                      </A>
                    }
                  />
                </Match>
              </Switch>
            </Sheet>
          }
        >
          <EntryForm
            open
            lists={lists.answer() ?? []}
            plate={watch().plate}
            match={watch().match}
            days={WATCH_DAYS}
            listId={undefined}
            onClose={props.onClose}
            onAdded={() => props.onAdded?.()}
          />
        </Show>
      )}
    </Show>
  );
};
