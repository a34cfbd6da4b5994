/**
 * Builds the installable application into dist.
 * Rule: nothing inline (the server's content security policy forbids it) and nothing from another origin.
 */
import { type Plugin, defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import solid from "vite-plugin-solid";

/** Where `npm run dev` finds central. */
const CENTRAL = "http://127.0.0.1:3000";

/**
 * Trusted Types: the server lets no text become markup but through a policy, and Solid's templates, which are constants of
 * this build, are the only text that gets one. The build fails when Solid no longer looks like this.
 */
const trustTemplates = (): Plugin => {
  const before = "t.innerHTML = html;";
  const policy = `const templates = globalThis.trustedTypes?.createPolicy("templates", { createHTML: (html) => html });\n`;
  return {
    name: "trust-templates",
    apply: "build",
    transform: {
      filter: { id: /solid-js\/web\/dist\/web\.js/ },
      handler(code) {
        if (code.split(before).length !== 2) this.error("solid-js/web makes its templates in another way now");
        return {
          code: policy + code.replace(before, "t.innerHTML = templates ? templates.createHTML(html) : html;"),
          map: null,
        };
      },
    },
  };
};

/**
 * Leaflet asks once, by markup, whether the browser draws SVG; under Trusted Types that question is an error. Here it asks by
 * an element. The build fails when Leaflet no longer looks like this.
 */
const quietLeaflet = (): Plugin => {
  const before = "div.innerHTML = '<svg/>';";
  return {
    name: "quiet-leaflet",
    apply: "build",
    transform: {
      filter: { id: /leaflet\/dist\/leaflet-src\.js/ },
      handler(code) {
        if (code.split(before).length !== 2) this.error("Leaflet looks for SVG in another way now");
        return { code: code.replace(before, "div.appendChild(svgCreate('svg'));"), map: null };
      },
    },
  };
};

/** The barrel of contracts names these to everybody; only screens that load later use them. */
const LATER = /\/contracts\/src\/(?:resemblance|route)\.ts$/;

type Bundle = { getModuleInfo: (id: string) => { importedIds: readonly string[] } | null };
/** Every module that the first page loads: what main.tsx imports, and what that imports. */
let startIds: Set<string> | undefined;
const findStart = (bundle: Bundle): Set<string> => {
  const found = new Set<string>();
  const visit = (id: string): void => {
    if (found.has(id) || LATER.test(id)) return;
    found.add(id);
    for (const imported of bundle.getModuleInfo(id)?.importedIds ?? []) visit(imported);
  };
  visit(`${import.meta.dirname}/src/main.tsx`);
  return found;
};

/** The words and parts of one circle of screens: they load with it. */
const CIRCLE = /\/src\/(?:i18n|parts)\/(account|map|office|search)/;

/**
 * What two screens share is one file, not twenty of 300 bytes: one that the first page loads, one for a person's account,
 * one for the map, one for the administrators' screens, one for searching, and one for whatever else comes later. The first page's takes
 * its share first, since a file takes along what its modules import.
 */
const SHARED = [
  (id: string, bundle: Bundle) => ((startIds ??= findStart(bundle)).has(id) ? "shared" : null),
  (id: string) => (CIRCLE.test(id) ? null : "later"),
  (id: string) => CIRCLE.exec(id)?.[1] ?? null,
].map((name, place, all) => ({ name, minShareCount: 2, priority: all.length - place }));

export default defineConfig({
  root: import.meta.dirname,
  plugins: [
    solid(),
    trustTemplates(),
    quietLeaflet(),
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src",
      filename: "sw.ts",
      injectRegister: false,
      injectManifest: { globPatterns: ["**/*.{html,js,css,svg,png}"] },
      manifest: {
        id: "/",
        name: "Chaverim plate alerts",
        short_name: "Chaverim",
        description: "Licence plate alerts and evidence for volunteer community-safety organisations.",
        start_url: "/",
        scope: "/",
        display: "standalone",
        background_color: "#0d1013",
        theme_color: "#0d1013",
        categories: ["security", "utilities"],
        icons: [
          { src: "/icon-192.png", sizes: "192x192", type: "image/png" },
          { src: "/icon-512.png", sizes: "512x512", type: "image/png" },
          { src: "/icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
          { src: "/icon.svg", sizes: "any", type: "image/svg+xml" },
        ],
        shortcuts: [
          { name: "Alerts", url: "/alerts" },
          { name: "Search", url: "/search" },
        ],
      },
    }),
  ],
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    // An inlined data: font or image would be counted in every chunk; files are precached anyway.
    assetsInlineLimit: 0,
    rolldownOptions: {
      // The screens use the types of contracts and a few functions; building its schemas has no effect of its own, so
      // zod (18 KB compressed) stays off the phone.
      treeshake: { moduleSideEffects: (id) => !/\/(contracts\/src|zod)\//.test(id), manualPureFunctions: ["z"] },
      output: { codeSplitting: { groups: SHARED } },
    },
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/trpc": { target: CENTRAL, ws: true }, "/api": { target: CENTRAL } },
  },
});
