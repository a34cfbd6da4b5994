/**
 * "Watch this": the list form over whatever is being looked at, filled in with it.
 * Rule: somebody who investigates stays where they are; a watch begun here ends by itself after two weeks, and what of a search
 * it leaves out is said.
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
import type { Asked } from "./question.ts";

/** An investigation is over or renewed by then. */
const WATCH_DAYS = 14;

export type Watched = {
  plate: string;
  match: MatchStrategy;
  /** What of a search is no part of the watch. */
  without?: "filters" | "mistakes" | "both" | undefined;
};

/** How an entry of a list would match what was searched for: everywhere, and look-alikes instead of more mistakes. */
export const watchOf = ({ understood, text, way, filters }: Extract<Asked, { kind: "plates" }>): Watched => {
  const isNarrowed = Object.keys(filters).length > 0;
  if (understood.kind === "pattern")
    return { plate: understood.pattern, match: "pattern", without: isNarrowed ? "filters" : undefined };
  const forgives = way === "similar" || way === "harder";
  const without = isNarrowed ? (forgives ? "both" : "filters") : forgives ? "mistakes" : undefined;
  return { plate: text.trim(), match: way === "exact" ? "exact" : "look-alike", without };
};

const WITHOUT = {
  filters: "watch.withoutFilters",
  mistakes: "watch.withoutMistakes",
  both: "watch.withoutBoth",
} as const;
const leadOf = ({ without }: Watched): string | undefined => without && w(WITHOUT[without]);

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
            lead={leadOf(watch())}
            listId={undefined}
            onClose={props.onClose}
            onAdded={() => props.onAdded?.()}
          />
        </Show>
      )}
    </Show>
  );
};
