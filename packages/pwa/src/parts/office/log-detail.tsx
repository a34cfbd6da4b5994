/**
 * Everything that one entry of the access log holds.
 * Rule: nothing is left out and nothing added; the hash can be compared with an export.
 */
import type { LogEntryView, PurposeCode } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import Check from "lucide-solid/icons/check";
import Users from "lucide-solid/icons/users";
import { For, type JSX, Show } from "solid-js";
import { clockSeconds } from "../../clock.ts";
import { namedWords, w } from "../../i18n/office.ts";
import { logAddress } from "../addresses.ts";
import { purposeLabel } from "../account/purpose-words.ts";
import { LogOutcomeMark, LogPerson, actionWords, failureWords } from "./log-words.tsx";
import { CopyButton } from "./one-time.tsx";
import { PlateChip } from "../plate-chip.tsx";
import { dayOfYear } from "../training.ts";

const Fact = (props: { label: string; children: JSX.Element }) => (
  <div>
    <dt>{props.label}</dt>
    <dd>{props.children}</dd>
  </div>
);

const fullTime = (at: string): string => `${dayOfYear(at)} ${clockSeconds(at)}`;

/** `7f3a 90c1 …`: groups of four can be compared by eye. */
const grouped = (hex: string): string => hex.replaceAll(/(.{4})(?=.)/g, "$1 ");

const cellText = (value: unknown): string => {
  if (typeof value === "boolean") return w(value ? "office.yes" : "office.no");
  if (value === null) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
};

export const LogDetail = (props: { entry: LogEntryView; purposes: readonly PurposeCode[] }) => (
  <div class="log-detail">
    <div class="log-detail-head">
      <h2>{actionWords(props.entry.action)}</h2>
      <Show when={props.entry.plate}>{(plate) => <PlateChip text={plate()} />}</Show>
    </div>
    <dl class="log-facts">
      <Fact label={w("log.time")}>
        <bdi>{fullTime(props.entry.at)}</bdi>
      </Fact>
      <Fact label={w("log.person")}>
        <LogPerson entry={props.entry} />
      </Fact>
      <Fact label={w("log.organisation")}>
        <bdi>{props.entry.organisation}</bdi>
      </Fact>
      <Fact label={w("log.outcome")}>
        <LogOutcomeMark entry={props.entry} />
      </Fact>
      <Show when={props.entry.failure}>
        {(failure) => <Fact label={w("log.failure")}>{failureWords(failure())}</Fact>}
      </Show>
      <Show when={props.entry.resultCount !== null}>
        <Fact label={w("log.shown")}>{props.entry.resultCount}</Fact>
      </Show>
      <Show when={props.entry.purpose}>
        {(purpose) => (
          <>
            <Fact label={w("log.purpose")}>
              <bdi>{purposeLabel(purpose().code, props.purposes)}</bdi> <code class="quiet">{purpose().code}</code>
            </Fact>
            <Show when={purpose().text}>
              {(text) => (
                <Fact label={w("log.ownWords")}>
                  <bdi>{text()}</bdi>
                </Fact>
              )}
            </Show>
            <Show when={purpose().caseNumber}>
              {(number) => (
                <Fact label={w("log.caseNumber")}>
                  <bdi>{number()}</bdi>
                </Fact>
              )}
            </Show>
          </>
        )}
      </Show>
      <For each={Object.entries(props.entry.filters)}>
        {([name, value]) => (
          <Fact label={namedWords("field.", name)}>
            <bdi class="wraps">{cellText(value)}</bdi>
          </Fact>
        )}
      </For>
      <Show when={props.entry.recipient}>
        {(recipient) => (
          <Fact label={namedWords("field.", "recipient")}>
            <bdi>{recipient()}</bdi>
          </Fact>
        )}
      </Show>
      <Show when={props.entry.offline}>
        {(offline) => (
          <Fact label={w("log.deviceAt")}>
            <bdi>{fullTime(offline().deviceAt)}</bdi>
          </Fact>
        )}
      </Show>
      <Show when={props.entry.device}>
        {(device) => (
          <Fact label={w("log.device")}>
            <bdi>{device()}</bdi>
          </Fact>
        )}
      </Show>
      <Show when={props.entry.ip}>
        {(ip) => (
          <Fact label={w("log.ip")}>
            <code dir="ltr">{ip()}</code>
          </Fact>
        )}
      </Show>
      <Fact label={w("log.policy")}>{w("log.policyVersion", { version: props.entry.policyVersion })}</Fact>
      <Fact label={w("log.request")}>
        <code class="wraps" dir="ltr">
          {props.entry.requestId}
        </code>
      </Fact>
    </dl>
    <section class="log-chain">
      <h3 class="state ok">
        <Check aria-hidden="true" />
        {w("log.chain")}
      </h3>
      <p class="quiet">{w("log.chainNext")}</p>
      <dl class="log-facts">
        <Fact label={w("log.entry")}>{props.entry.id}</Fact>
        <Fact label={w("log.hash")}>
          <code class="hash" dir="ltr">
            {grouped(props.entry.hash)}
          </code>
        </Fact>
      </dl>
      <CopyButton text={props.entry.hash} label={w("log.copyHash")} />
    </section>
    <Show when={props.entry.plate}>
      {(plate) => (
        <A class="text-link" href={logAddress({ plate: plate() })}>
          <Users aria-hidden="true" />
          {w("log.whoLooked", { plate: plate() })}
        </A>
      )}
    </Show>
  </div>
);
