/**
 * Reviews: looks that stand out, and a random few, for another administrator to ask about.
 * Rule: a review is a question and not an accusation; nobody decides about the own looks.
 */
import type { PurposeCode, ReviewView } from "@chaverim/contracts";
import { A, useSearchParams } from "@solidjs/router";
import Eye from "lucide-solid/icons/eye";
import { For, Match, Show, Switch, createSignal } from "solid-js";
import { w } from "../i18n/office.ts";
import { logAddress } from "../parts/addresses.ts";
import { LogTable } from "../parts/office/log-table.tsx";
import { LogTabs } from "../parts/office/log-tabs.tsx";
import { createOnline } from "../parts/online.ts";
import { PlateChip } from "../parts/plate-chip.tsx";
import { ReviewDecision } from "../parts/office/review-decision.tsx";
import { Screen } from "../parts/screen.tsx";
import { NoPermission, Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { longMoment } from "../parts/training.ts";
import { mayI, user } from "../session.ts";
import { trpc } from "../trpc.ts";
import "../styles/office.css";
import "../styles/log.css";

/** Looks that are shown before somebody asks for all: enough to see a pattern. */
const SHOWN = 5;

const why = (review: ReviewView): string =>
  w(`reviews.why.${review.kind}`, { name: review.user.name, plate: review.plate ?? "", count: review.entryCount });

const Looks = (props: { review: ReviewView; purposes: readonly PurposeCode[] }) => {
  const [all, setAll] = createSignal(false);
  const shown = () => (all() ? props.review.entries : props.review.entries.slice(0, SHOWN));
  return (
    <div class="review-looks">
      <LogTable label={w("reviews.looks")} entries={shown()} purposes={props.purposes} />
      <p class="review-more">
        <Show when={shown().length < props.review.entries.length}>
          <button type="button" class="button quiet-button" onClick={() => setAll(true)}>
            {w("reviews.showAll", { count: props.review.entries.length })}
          </button>
        </Show>
        <Show when={all() && props.review.entryCount > props.review.entries.length}>
          <span class="quiet">
            {w("reviews.looksSome", { shown: props.review.entries.length, count: props.review.entryCount })}
          </span>
        </Show>
        <A
          class="text-link"
          href={logAddress({ person: props.review.user.id, plate: props.review.plate ?? undefined })}
        >
          {w("reviews.inLog")}
        </A>
      </p>
    </div>
  );
};

const OUTCOME_TONES = { justified: "ok", unclear: "warn", misuse: "critical" } as const;

const Review = (props: { review: ReviewView; purposes: readonly PurposeCode[]; onDecided: () => void }) => (
  <li class="review">
    <div class="review-head">
      <h2>{w(`reviews.kind.${props.review.kind}`)}</h2>
      <Show when={props.review.plate}>{(plate) => <PlateChip text={plate()} />}</Show>
      <span class="quiet">{longMoment(props.review.createdAt)}</span>
      <Show when={props.review.assignedTo}>
        {(assigned) => <span class="quiet">{w("reviews.assigned", { name: assigned().name })}</span>}
      </Show>
    </div>
    <p>
      {why(props.review)} <span class="quiet">{w("reviews.period", { period: props.review.period })}.</span>
      <Show when={props.review.decided === null}>
        <span class="quiet"> {w("reviews.askFirst")}</span>
      </Show>
    </p>
    <Looks review={props.review} purposes={props.purposes} />
    <Show
      when={props.review.decided}
      fallback={
        <Show when={props.review.user.id !== user()?.id} fallback={<p class="review-own warn">{w("reviews.own")}</p>}>
          <ReviewDecision review={props.review} onDecided={() => props.onDecided()} />
        </Show>
      }
    >
      {(decided) => (
        <p class="review-found">
          <strong class={OUTCOME_TONES[decided().outcome]}>{w(`reviews.outcome.${decided().outcome}`)}</strong>{" "}
          <span class="quiet">{w("reviews.decidedBy", { name: decided().by, time: longMoment(decided().at) })}</span>
          <Show when={decided().note}>{(note) => <bdi class="review-note">{note()}</bdi>}</Show>
        </p>
      )}
    </Show>
  </li>
);

export default function ReviewsScreen() {
  const [search, setSearch] = useSearchParams<{ show?: string }>();
  const state = () => (search.show === "decided" ? "decided" : "open");
  const may = () => mayI("review_looks");
  const reviews = createOnline(
    () => (may() ? state() : null),
    (asked, signal) => trpc.reviews.list.query({ state: asked }, { signal }),
  );
  const policy = createOnline(
    () => (may() ? "all" : null),
    (_all, signal) => trpc.policy.read.query(undefined, { signal }),
  );

  return (
    <Screen title={w("reviews.title")} class="reviews-main">
      <Show when={may()} fallback={<NoPermission title={w("office.who")} text={w("office.whoNext")} />}>
        <div class="log-head">
          <LogTabs here="reviews" />
          <span class="log-acts">
            <For each={["open", "decided"] as const}>
              {(value) => (
                <button
                  type="button"
                  class="toggle"
                  aria-pressed={state() === value}
                  onClick={() => setSearch({ show: value === "decided" ? value : undefined })}
                >
                  {w(`reviews.${value}`)}
                </button>
              )}
            </For>
          </span>
        </div>
        <Switch>
          <Match when={reviews.trouble()}>
            {(trouble) => <TroubleNotice title={w("reviews.failed")} trouble={trouble()} onRetry={reviews.refresh} />}
          </Match>
          <Match when={reviews.answer() === undefined || reviews.isLoading()}>
            <Shapes rows={4} />
          </Match>
          <Match when={reviews.answer()?.reviews.length === 0}>
            <Notice
              icon={<Eye aria-hidden="true" />}
              title={state() === "open" ? w("reviews.empty") : w("reviews.emptyDecided")}
              text={w("reviews.emptyNext")}
            />
          </Match>
          <Match when={reviews.answer()}>
            {(answer) => (
              <ul class="reviews">
                <For each={answer().reviews}>
                  {(review) => (
                    <Review
                      review={review}
                      purposes={policy.answer()?.settings.purpose.codes ?? []}
                      onDecided={reviews.refresh}
                    />
                  )}
                </For>
              </ul>
            )}
          </Match>
        </Switch>
      </Show>
    </Screen>
  );
}
