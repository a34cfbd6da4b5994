/**
 * One element of quarantine: what is wrong with it, what was received, and what becomes of it.
 * Rule: foreign bytes are text and nothing else; to look is written down, so it is asked for once.
 */
import type { QuarantineView } from "@chaverim/contracts";
import { For, type JSX, Match, Show, Switch } from "solid-js";
import { w } from "../../i18n/office.ts";
import { createOnline } from "../online.ts";
import { Shapes, TroubleNotice } from "../states.tsx";
import { longMoment } from "../training.ts";
import { trpc } from "../../trpc.ts";
import { bytesLabel } from "./measures.ts";
import { QuarantineDecision } from "./quarantine-decision.tsx";
import { whyWords } from "./quarantine-words.ts";

const Fact = (props: { label: string; children: JSX.Element }) => (
  <div>
    <dt>{props.label}</dt>
    <dd>{props.children}</dd>
  </div>
);

const Decided = (props: { element: QuarantineView }) => (
  <Show when={props.element.decided}>
    {(decided) => (
      <p class="quarantine-decided">
        <strong>
          {w(decided().decision === "kept" ? "quarantine.keptBy" : "quarantine.releasedBy", {
            name: decided().by,
            time: longMoment(decided().at),
          })}
        </strong>
        <Show when={decided().note}>{(note) => <bdi class="review-note">{note()}</bdi>}</Show>
      </p>
    )}
  </Show>
);

/** How much central shows of an element that is larger. */
const SHOWN_BYTES = 64 * 1024;

export const QuarantineDetail = (props: { id: string; onDecided: () => void }) => {
  const item = createOnline(
    () => props.id,
    (id, signal) => trpc.quarantine.read.query({ id }, { signal }),
  );
  return (
    <Switch>
      <Match when={item.trouble()}>
        {(trouble) => <TroubleNotice title={w("quarantine.itemFailed")} trouble={trouble()} onRetry={item.refresh} />}
      </Match>
      <Match when={item.answer() === undefined || item.isLoading()}>
        <Shapes rows={3} />
      </Match>
      <Match when={item.answer()}>
        {(answer) => (
          <div class="log-detail quarantine-detail">
            <div>
              <h2>{whyWords(answer().view.reason)}</h2>
              <p class="quiet">{w(`quarantine.about.${answer().view.reason}`)}</p>
            </div>
            <Decided element={answer().view} />
            <dl class="log-facts">
              <Fact label={w("quarantine.wrong")}>
                <bdi class="quarantine-wrong">{answer().view.detail}</bdi>
              </Fact>
              <Fact label={w("quarantine.collector")}>
                <bdi>{answer().view.collector.name}</bdi>
              </Fact>
              <Fact label={w("quarantine.received")}>
                <bdi>{longMoment(answer().view.receivedAt)}</bdi>
              </Fact>
              <Fact label={w("quarantine.id")}>
                <Show when={answer().view.detectionId} fallback={<span class="quiet">{w("quarantine.noId")}</span>}>
                  {(id) => <code dir="ltr">{id()}</code>}
                </Show>
              </Fact>
            </dl>
            <section>
              <h3>{w("quarantine.raw")}</h3>
              <pre class="foreign-text" dir="ltr" tabindex="0" role="region" aria-label={w("quarantine.raw")}>
                {answer().text}
              </pre>
              <p class="quiet">
                {answer().view.bytes > SHOWN_BYTES
                  ? w("quarantine.rawCut", { shown: bytesLabel(SHOWN_BYTES), bytes: bytesLabel(answer().view.bytes) })
                  : w("quarantine.rawWhole", { bytes: bytesLabel(answer().view.bytes) })}
              </p>
            </section>
            <Show when={answer().images.length > 0}>
              <section>
                <h3>{w("quarantine.images")}</h3>
                <ul class="quarantine-images">
                  <For each={answer().images}>
                    {(image) => (
                      <li>
                        <bdi>{image.part}</bdi> <span class="quiet">{bytesLabel(image.bytes)}</span>
                        <code class="hash quiet" dir="ltr">
                          {image.sha256}
                        </code>
                      </li>
                    )}
                  </For>
                </ul>
                <p class="quiet">{w("quarantine.imagesNext")}</p>
              </section>
            </Show>
            <Show when={answer().view.decided === null}>
              <QuarantineDecision element={answer().view} onDecided={() => props.onDecided()} />
            </Show>
          </div>
        )}
      </Match>
    </Switch>
  );
};
