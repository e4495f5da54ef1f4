// The preview beneath the editor, made by the server: what is shown is what will be stored.
import { later, post, words } from "./kit.js";

const WAIT_MS = 400;

export const previews = (root) => {
  for (const area of root.querySelectorAll("textarea[data-preview]")) {
    const field = area.closest("[data-editor]");
    const form = area.form;
    if (!field || !form) continue;
    const old = form.querySelector(".preview");
    const box = old || document.createElement("section");
    if (!old) {
      box.className = "preview";
      box.setAttribute("aria-label", words.preview);
      const title = document.createElement("h3");
      title.textContent = words.preview;
      const body = document.createElement("div");
      body.className = "prose";
      box.append(title, body);
      field.after(box);
    }
    const body = box.querySelector(".prose");
    form.querySelector("[data-preview-button]")?.remove();

    let running = null;
    const show = later(WAIT_MS, async () => {
      const text = area.value;
      if (!text.trim()) { box.hidden = true; return; }
      running?.abort();
      running = new AbortController();
      try {
        const reply = await post("/preview", { body_md: text }, "text/html", { signal: running.signal });
        // Somebody who is no longer signed in is led to a page of another kind.
        if (!reply.ok || reply.redirected) return;
        // The server's cleaner is the only maker of this HTML; the CSP forbids scripts in it besides.
        body.innerHTML = await reply.text();
        box.hidden = false;
      } catch { /* a newer text is on its way, or the net is gone: the old preview stays */ }
    });
    area.addEventListener("input", () => show());
    if (area.value.trim() && !old) show();
    else box.hidden = !area.value.trim();
  }
};
