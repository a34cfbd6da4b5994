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

export default defineConfig({
  root: import.meta.dirname,
  plugins: [
    solid(),
    trustTemplates(),
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
      // What two screens share is one file, not twenty of 300 bytes.
      output: { codeSplitting: { groups: [{ name: "shared", minShareCount: 2 }] } },
    },
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/trpc": { target: CENTRAL, ws: true }, "/api": { target: CENTRAL } },
  },
});
