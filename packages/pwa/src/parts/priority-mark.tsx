/**
 * The priority of a list: number, shape and colour together.
 * Rule: colour is never alone; a filled square is 1, an outlined square 2, a circle 3.
 */
import type { Priority } from "@chaverim/contracts";
import { t } from "../i18n/words.ts";

export const PriorityMark = (props: { priority: Priority; done?: boolean }) => (
  <span
    class={`priority p${props.priority}`}
    classList={{ done: props.done ?? false }}
    role="img"
    aria-label={t(`priority.${props.priority}`)}
  >
    {props.priority}
  </span>
);
