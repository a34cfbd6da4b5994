/**
 * What jsdom lacks: IndexedDB, and the size of a screen.
 * Rule: only the platform is filled in, never a module of ours.
 */
import { IDBFactory, IDBKeyRange, indexedDB } from "fake-indexeddb";

Object.assign(globalThis, { IDBFactory, IDBKeyRange, indexedDB });

window.matchMedia = (query) =>
  Object.assign(new EventTarget(), {
    matches: false,
    media: query,
    onchange: null,
    addListener: () => undefined,
    removeListener: () => undefined,
  });
