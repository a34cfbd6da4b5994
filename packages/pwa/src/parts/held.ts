/**
 * Holds new rows back while somebody reads or points at a list.
 * Rule: new rows never shift what a finger is on; they are counted and come when asked for.
 */
import { type Accessor, createMemo, createSignal, onCleanup } from "solid-js";

/** A pointer that rested this long is no longer about to press. */
const POINTING_MS = 1500;
/** Scrolled further than this is reading, not the bounce at the top. */
const SCROLLED_PX = 8;

/**
 * @param rows newest first
 * @returns the rows to show, how many wait, and what the list reports to it
 */
export const createHeld = <Row extends { id: string }>(rows: Accessor<readonly Row[]>) => {
  const [scrolled, setScrolled] = createSignal(false);
  const [pointing, setPointing] = createSignal(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));

  const held = createMemo<{ shown: readonly Row[]; waiting: number; known: ReadonlySet<string> }>((before) => {
    const list = rows();
    if ((!scrolled() && !pointing()) || before === undefined || before.shown.length === 0) {
      return { shown: list, waiting: 0, known: new Set(list.map((row) => row.id)) };
    }
    const shown = list.filter((row) => before.known.has(row.id));
    return { shown, waiting: list.length - shown.length, known: before.known };
  });

  return {
    shown: (): readonly Row[] => held().shown,
    waiting: (): number => held().waiting,
    onScroll: (top: number): void => {
      setScrolled(top > SCROLLED_PX);
    },
    onPointer: (): void => {
      setPointing(true);
      clearTimeout(timer);
      timer = setTimeout(setPointing, POINTING_MS, false);
    },
    release: (): void => {
      setPointing(false);
      setScrolled(false);
    },
  };
};
