/** The shell around the screens. */
import { fireEvent, render, screen, waitFor } from "@solidjs/testing-library";
import { expect, test, vi } from "vitest";
import { App } from "./app.tsx";
import { aMe } from "./builders.ts";
import { following, openSession } from "./session.ts";
import { setLanguage } from "./settings.ts";
import { says, standIn } from "./stand-in.ts";

// The live channel is none of what is tested here: one that never opens.
vi.hoisted(() => {
  globalThis.WebSocket = class extends EventTarget {
    readyState = 0;
    send(): void {}
    close(): void {}
  } as unknown as typeof WebSocket;
});

const central = standIn();
const me = aMe();

const openShell = async (): Promise<void> => {
  setLanguage("en");
  central.on("auth.me", () => says(me));
  await openSession();
  await following().learn(me);
  history.replaceState(null, "", "/alerts#plate=128567");
  render(() => <App />);
};

test("the link past the navigation leads to the screen, and leaves the address as it is", async () => {
  await openShell();
  fireEvent.click(await screen.findByRole("link", { name: "Skip to content" }));
  await waitFor(() => expect(document.activeElement?.id).toBe("main"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(location.hash).toBe("#plate=128567");
});

test("the place of / leads to the search with a Hebrew layout, and with Shift it is another character", async () => {
  await openShell();
  await screen.findByRole("link", { name: "Skip to content" });
  const box = document.createElement("input");
  box.dataset["search"] = "";
  document.body.prepend(box);
  fireEvent.keyDown(document.body, { key: "?", code: "Slash", shiftKey: true });
  expect(document.activeElement).not.toBe(box);
  fireEvent.keyDown(document.body, { key: ".", code: "Slash" });
  expect(document.activeElement).toBe(box);
  box.remove();
});
