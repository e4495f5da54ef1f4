// Colours chosen by the viewer. Runs before the page is painted, so it is a plain script and small.
(() => {
  const root = document.documentElement;
  const stored = () => {
    try { return localStorage.getItem("theme"); } catch { return null; }
  };
  const apply = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll("[data-theme-choice]")) {
      const buttons = [...box.querySelectorAll("button")];
      const mark = () => {
        const now = root.dataset.theme || "auto";
        for (const b of buttons) b.setAttribute("aria-pressed", String(b.value === now));
      };
      for (const b of buttons) {
        b.addEventListener("click", () => {
          apply(b.value);
          try {
            if (b.value === "auto") localStorage.removeItem("theme");
            else localStorage.setItem("theme", b.value);
          } catch { /* a private window may refuse; the choice then lasts for this page */ }
          mark();
        });
      }
      mark();
      box.hidden = false;
    }
  });
})();
