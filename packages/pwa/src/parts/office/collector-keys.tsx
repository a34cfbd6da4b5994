/**
 * The keys of a collector, and what an administrator can do with them.
 * Rule: a key is told from another by its first ten characters; the whole of it is never here.
 */
import type { CollectorKeyView, CollectorView } from "@chaverim/contracts";
import { Index, Show } from "solid-js";
import { now } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import type { CollectorAct } from "./collector-acts.tsx";
import { longMoment } from "../training.ts";

const isExpired = (key: CollectorKeyView): boolean => key.expiresAt !== null && Date.parse(key.expiresAt) <= now();

const KeyState = (props: { apiKey: CollectorKeyView }) => (
  <Show
    when={props.apiKey.revoked}
    fallback={
      <Show when={props.apiKey.expiresAt} fallback={<span>{w("keys.live")}</span>}>
        {(until) => (
          <span classList={{ quiet: isExpired(props.apiKey), warn: !isExpired(props.apiKey) }}>
            {w(isExpired(props.apiKey) ? "keys.expired" : "keys.expires", { time: longMoment(until()) })}
          </span>
        )}
      </Show>
    }
  >
    {(revoked) => (
      <span class="quiet">
        {w("keys.revoked", { time: longMoment(revoked().at) })}
        <Show when={revoked().reason}>{(reason) => <bdi> · {reason()}</bdi>}</Show>
      </span>
    )}
  </Show>
);

const Key = (props: { apiKey: CollectorKeyView; onRevoke: () => void }) => (
  <li>
    <code dir="ltr">{props.apiKey.prefix}…</code>
    <div class="item-text">
      <KeyState apiKey={props.apiKey} />
      <span class="quiet">
        {props.apiKey.createdBy === null
          ? w("keys.created", { time: longMoment(props.apiKey.createdAt) })
          : w("keys.createdBy", { time: longMoment(props.apiKey.createdAt), name: props.apiKey.createdBy })}
        {" · "}
        {props.apiKey.lastUsedAt === null
          ? w("keys.unused")
          : w("keys.used", { time: longMoment(props.apiKey.lastUsedAt), ip: props.apiKey.lastUsedIp ?? "–" })}
      </span>
    </div>
    <Show when={props.apiKey.revoked === null && !isExpired(props.apiKey)}>
      <button
        type="button"
        class="button"
        aria-label={w("keys.revokeKeyOf", { prefix: props.apiKey.prefix })}
        onClick={() => props.onRevoke()}
      >
        {w("keys.revokeKey")}
      </button>
    </Show>
  </li>
);

export const CollectorKeys = (props: { collector: CollectorView; onAct: (act: CollectorAct) => void }) => (
  <section class="collector-keys">
    <div class="office-line">
      <h3>{w("keys.title")}</h3>
      <Show when={props.collector.state !== "revoked"}>
        <span class="office-acts">
          <button
            type="button"
            class="button"
            onClick={() => props.onAct({ kind: "rotate", collector: props.collector })}
          >
            {w("keys.rotate")}
          </button>
          <button
            type="button"
            class="button"
            onClick={() => props.onAct({ kind: "revoke", collector: props.collector })}
          >
            {w("keys.revoke")}
          </button>
        </span>
      </Show>
    </div>
    <ul class="items">
      <Index each={props.collector.keys}>
        {(key) => <Key apiKey={key()} onRevoke={() => props.onAct({ kind: "revokeKey", apiKey: key() })} />}
      </Index>
    </ul>
  </section>
);
