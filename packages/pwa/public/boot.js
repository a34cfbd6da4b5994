/**
 * Sets theme, language and direction before the first paint, so that nothing flashes or flips.
 * Rule: reads the same keys as src/settings.ts and decides nothing else.
 */
{
  const root = document.documentElement;
  const read = (key, allowed, fallback) => {
    try {
      const value = localStorage.getItem(key);
      return allowed.includes(value) ? value : fallback;
    } catch {
      return fallback; // storage is blocked: the defaults stand
    }
  };
  const language = read("chaverim.language", ["en", "he"], /^(he|iw)\b/.test(navigator.language) ? "he" : "en");
  const theme = read("chaverim.theme", ["dark", "night", "light"], "dark");
  root.lang = language;
  root.dir = language === "he" ? "rtl" : "ltr";
  root.dataset.theme = theme;
  const ground = { dark: "#0d1013", night: "#000000", light: "#f3f5f6" }[theme];
  document.querySelector('meta[name="theme-color"]').content = ground;
}
