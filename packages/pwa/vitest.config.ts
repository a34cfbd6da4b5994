/**
 * The tests of the screens: Solid components in jsdom, with a real IndexedDB implementation beside them.
 * Rule: the project is called "screens"; the root configuration refers to it by this file.
 */
import solid from "vite-plugin-solid";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [solid()],
  test: {
    name: "screens",
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://localhost/" } },
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["fake-indexeddb/auto", "./src/testing.ts"],
    restoreMocks: true,
  },
});
