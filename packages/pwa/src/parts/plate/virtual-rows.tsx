/**
 * A list of thousands of rows, of which those in view are in the document.
 * Rule: rows keep their elements while they stay in view; each has a height that is known beforehand, in rem, so that it
 * grows with the text.
 */
import { For, type JSX, createEffect, createMemo, createSignal, onCleanup, onMount } from "solid-js";
import { rowsInView, startsOf } from "./rows-in-view.ts";

/** Drawn above and below what is in view, rem: two rows, found there by a turn of the wheel; each more costs every frame. */
const MARGIN_REM = 12;
/** So near to the end, rem, more is asked for: some thirty rows. */
const END_REM = 120;

const remPx = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;

/** @param props.heightOf rem; @param props.onNearEnd called whenever the end is near: more may be loaded */
export const VirtualRows = <Row extends object>(props: {
  rows: readonly Row[];
  heightOf: (row: Row) => number;
  label: string;
  onNearEnd: () => void;
  children: (row: Row) => JSX.Element;
}) => {
  let list: HTMLUListElement | undefined;
  /** What is in view of the list, rem. */
  const [view, setView] = createSignal({ top: 0, height: 0, margin: MARGIN_REM });
  const starts = createMemo(() => startsOf(props.rows, props.heightOf));
  const range = createMemo(() => {
    const { top, height, margin } = view();
    return rowsInView(starts(), top - margin, top + height + margin);
  });
  const shown = () => props.rows.slice(range().first, range().end);

  onMount(() => {
    const scroller = list?.closest("main");
    if (list === undefined || !scroller) return;
    const own = list;
    let widening = 0;
    const measure = (): void => {
      const rem = remPx();
      const top = (scroller.getBoundingClientRect().top - own.getBoundingClientRect().top) / rem;
      const height = scroller.clientHeight / rem;
      // After a jump every row is new: those in view come in this frame, those beside it in the next.
      const isJump = Math.abs(top - view().top) > height / 2;
      setView({ top, height, margin: isJump ? 0 : MARGIN_REM });
      cancelAnimationFrame(widening);
      if (isJump) widening = requestAnimationFrame(() => setView((now) => ({ ...now, margin: MARGIN_REM })));
    };
    measure();
    scroller.addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    onCleanup(() => {
      cancelAnimationFrame(widening);
      scroller.removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    });
  });
  createEffect(() => {
    const { top, height } = view();
    if (height > 0 && top + height + END_REM > (starts().at(-1) ?? 0)) props.onNearEnd();
  });

  return (
    <ul
      ref={(element) => (list = element)}
      class="virtual"
      aria-label={props.label}
      style={{ "block-size": `${starts().at(-1) ?? 0}rem` }}
    >
      <For each={shown()}>
        {(row, placeInView) => {
          const place = () => range().first + placeInView();
          return (
            <li
              style={{
                "block-size": `${props.heightOf(row)}rem`,
                transform: `translateY(${starts()[place()] ?? 0}rem)`,
              }}
              aria-setsize={props.rows.length}
              aria-posinset={place() + 1}
            >
              {props.children(row)}
            </li>
          );
        }}
      </For>
    </ul>
  );
};
