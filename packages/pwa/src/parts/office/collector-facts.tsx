/**
 * What is known of a collector: what waits there, how the device is, and its last 24 hours.
 * Rule: what it said last is dated when it is away, and what it never said is a dash.
 */
import type { CollectorHistory, CollectorView } from "@chaverim/contracts";
import { type JSX, Show } from "solid-js";
import { momentLabel, spanLabel } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { isAway } from "../collector-state.tsx";
import { percentLabel } from "../match-words.ts";
import { Sparkline } from "../sparkline.tsx";
import { degreesLabel } from "./health-words.ts";
import { durationLabel } from "./measures.ts";
import { drainWords } from "./queue-words.ts";

/** From here on a Raspberry Pi is close to throttling itself at 80 °C. */
export const HOT_CELSIUS = 75;
/** A disk that is this full needs a person within days. */
export const DISK_FULL = 0.9;
/** Seconds; alerts are promised within 5. */
export const DELAY_HIGH = 30;
/** Less is the way of the heartbeat, and no fault of a clock. */
const CLOCK_NOISE_MS = 2000;
/** From here on a capture time is not believed. */
const CLOCK_WRONG_MS = 5 * 60_000;

const Fact = (props: { label: string; warn?: boolean; children: JSX.Element }) => (
  <div>
    <dt>{props.label}</dt>
    <dd classList={{ warn: props.warn ?? false }}>{props.children}</dd>
  </div>
);

type Lane = { rows: number; oldestAt: string | null };

const LaneFact = (props: { label: string; lane: Lane }) => (
  <Fact label={props.label}>
    <strong classList={{ quiet: props.lane.rows === 0 }}>{props.lane.rows}</strong>
    <Show when={props.lane.rows > 0 && props.lane.oldestAt}>
      {(oldest) => <span class="quiet"> · {w("lane.oldest", { time: momentLabel(oldest()) })}</span>}
    </Show>
  </Fact>
);

const clockWords = (offsetMs: number): string => {
  if (Math.abs(offsetMs) < CLOCK_NOISE_MS) return w("device.clockRight");
  return w(offsetMs > 0 ? "device.clockAhead" : "device.clockBehind", {
    span: durationLabel(Math.abs(offsetMs) / 1000),
  });
};

const Waiting = (props: { collector: CollectorView }) => (
  <section>
    <h3>{w("lane.title")}</h3>
    <dl class="site-facts">
      <Show
        when={props.collector.lanes}
        fallback={
          <Show when={props.collector.queue}>{(queue) => <LaneFact label={w("lane.rows")} lane={queue()} />}</Show>
        }
      >
        {(lanes) => (
          <>
            <LaneFact label={w("lane.metadata")} lane={lanes().metadata} />
            <LaneFact label={w("lane.images")} lane={lanes().images} />
          </>
        )}
      </Show>
      <Show when={props.collector.lanes?.imageSecondsLeft}>
        {(seconds) => <Fact label={w("lane.room")}>{w("lane.roomFor", { span: durationLabel(seconds()) })}</Fact>}
      </Show>
    </dl>
    <p class="site-facts-sum">{drainWords(props.collector)}</p>
  </section>
);

const Device = (props: { collector: CollectorView }) => (
  <section>
    <h3>{w("device.title")}</h3>
    <dl class="site-facts">
      <Fact label={w("device.disk")} warn={(props.collector.diskUsed ?? 0) > DISK_FULL}>
        {props.collector.diskUsed === null
          ? "–"
          : w("device.diskUsed", { percent: percentLabel(props.collector.diskUsed) })}
      </Fact>
      <Fact label={w("device.temperature")} warn={(props.collector.temperature ?? 0) > HOT_CELSIUS}>
        {props.collector.temperature === null ? "–" : <bdi dir="ltr">{degreesLabel(props.collector.temperature)}</bdi>}
      </Fact>
      <Fact label={w("device.board")} warn={props.collector.throttled === true}>
        {props.collector.throttled === null
          ? "–"
          : w(props.collector.throttled ? "device.throttled" : "device.notThrottled")}
      </Fact>
      <Fact label={w("device.clock")} warn={Math.abs(props.collector.clockOffsetMs ?? 0) > CLOCK_WRONG_MS}>
        {props.collector.clockOffsetMs === null ? "–" : clockWords(props.collector.clockOffsetMs)}
      </Fact>
      <Fact label={w("device.version")}>
        {props.collector.version === null
          ? "–"
          : w("device.versionOf", {
              version: props.collector.version,
              protocol: props.collector.protocol ?? "–",
            })}
      </Fact>
      <Fact label={w("device.signed")}>
        {props.collector.version === null ? "–" : w(props.collector.signed ? "device.signedYes" : "device.signedNo")}
      </Fact>
    </dl>
  </section>
);

const Day = (props: { collector: CollectorView; history: CollectorHistory }) => {
  const total = () => props.history.perHour.reduce((sum, count) => sum + count, 0);
  const current = () => props.history.perHour.at(-1) ?? 0;
  return (
    <section>
      <h3>{w("day.title")}</h3>
      <Sparkline
        wide
        // The hour that is not over would look like a fall.
        counts={props.history.perHour.slice(0, -1)}
        label={w("day.chart", { now: current(), highest: Math.max(0, ...props.history.perHour), total: total() })}
      />
      <p class="day-axis quiet" aria-hidden="true">
        <span>{w("day.ago")}</span>
        <span>{w("day.now")}</span>
      </p>
      <p class="day-sum">
        <strong>{w("day.total", { count: total() })}</strong>
        <span class="quiet">{w("day.hour", { count: current() })}</span>
      </p>
      <dl class="site-facts">
        <Fact label={w("device.delay")} warn={(props.collector.delaySeconds ?? 0) > DELAY_HIGH}>
          {props.collector.delaySeconds === null ? "–" : spanLabel(props.collector.delaySeconds * 1000)}
        </Fact>
      </dl>
    </section>
  );
};

export const CollectorFacts = (props: {
  collector: CollectorView;
  history: CollectorHistory | undefined;
  /** Stands where the history is missing. */
  historyMissing: JSX.Element;
}) => (
  <div class="site-panels">
    <Waiting collector={props.collector} />
    <Device collector={props.collector} />
    <Show when={props.history} fallback={<section>{props.historyMissing}</section>}>
      {(history) => <Day collector={props.collector} history={history()} />}
    </Show>
    <Show when={isAway(props.collector.state) && props.collector.lastHeartbeatAt}>
      {(last) => <p class="site-as-of warn">{w("site.asOf", { time: momentLabel(last(), true) })}</p>}
    </Show>
  </div>
);
