/**
 * The service worker: keeps the shell of the application, so that it opens without a network.
 * Rule: never touches /trpc, /api or anything else of central; data lives in IndexedDB, where a sign-out can erase it.
 */
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";

declare let self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] };

/** Addresses of central that are opened as pages now and then: they are not screens. */
const NOT_SCREENS = [
  /^\/trpc(\/|$)/,
  /^\/api\//,
  /^\/healthz$/,
  /^\/readyz$/,
  /^\/metrics$/,
  // The public pages; the language is chosen in the query.
  /^\/(transparency|policy)\/?(\?|$)/,
];

cleanupOutdatedCaches();
precacheAndRoute(self.__WB_MANIFEST);
registerRoute(new NavigationRoute(createHandlerBoundToURL("/index.html"), { denylist: NOT_SCREENS }));

self.addEventListener("message", (event) => {
  if ((event.data as { type?: unknown } | null)?.type === "SKIP_WAITING") void self.skipWaiting();
});
self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});
