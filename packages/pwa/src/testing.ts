/**
 * What jsdom lacks of a browser, and leaving nothing on the page between tests; IndexedDB comes from fake-indexeddb.
 * Rule: only the platform is filled in, never a module of ours.
 */
import { cleanup } from "@solidjs/testing-library";
import { afterEach } from "vitest";

window.matchMedia = (query) =>
  Object.assign(new EventTarget(), {
    matches: false,
    media: query,
    onchange: null,
    addListener: () => undefined,
    removeListener: () => undefined,
  });

afterEach(cleanup);
