/**
 * Starts the application: words, who is signed in, the screens, then the worker that keeps it installable.
 * Rule: nothing is drawn before its words are there, and an update never interrupts an open alert.
 */
import { render } from "solid-js/web";
import { App } from "./app.tsx";
import { loadWords, t } from "./i18n/words.ts";
import { showToast } from "./parts/toasts.tsx";
import { openSession } from "./session.ts";
import { language } from "./settings.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/shell.css";
import "./styles/alerts.css";
import "./styles/screens.css";
import "./styles/account.css";

/** How often an open alert is looked at again before the update is offered. */
const UPDATE_LOOK_MS = 5000;

/** What TypeScript's own list of browser interfaces leaves out. */
type TrustedWindow<Address> = Window & {
  trustedTypes?: {
    createPolicy: (
      name: string,
      rules: { createScriptURL: (url: string) => string },
    ) => { createScriptURL: (url: string) => Address };
  };
};

const followUpdates = async (): Promise<void> => {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const { Workbox } = await import("workbox-window");
  // Trusted Types: the one script address that this page gives to the browser.
  const { trustedTypes } = window as TrustedWindow<ConstructorParameters<typeof Workbox>[0]>;
  const policy = trustedTypes?.createPolicy("worker", { createScriptURL: () => "/sw.js" });
  const worker = new Workbox(policy?.createScriptURL("/sw.js") ?? "/sw.js");
  const update = (): void => {
    // Only after the press: the first worker of all takes over quietly.
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    worker.messageSkipWaiting();
  };
  worker.addEventListener("waiting", () => {
    const offer = (): void => {
      if (location.pathname.startsWith("/alerts/")) {
        setTimeout(offer, UPDATE_LOOK_MS);
        return;
      }
      showToast({
        kind: "news",
        text: t("app.update"),
        stays: true,
        action: { label: t("app.reload"), run: update },
      });
    };
    offer();
  });
  await worker.register();
};

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");
await loadWords(language());
await openSession();
render(() => <App />, root);
followUpdates().catch((error: unknown) => console.warn("The worker could not be registered", error));
