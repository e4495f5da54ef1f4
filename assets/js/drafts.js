// Drafts: what is being written is saved every few seconds and when the page is left.
import { csrf, later, post, words } from "./kit.js";

const WAIT_MS = 1500;

export const drafts = (root) => {
  if (!csrf()) return;
  for (const area of root.querySelectorAll("textarea[data-draft]")) {
    const form = area.form;
    if (!form) continue;
    const state = form.querySelector("[data-draft-state]");
    const note = (text) => { if (state) state.textContent = text || ""; };
    const fields = () => {
      const all = { place: area.dataset.draft, body: area.value };
      for (const name of ["title", "tags", "base_revision"]) {
        const input = form.elements.namedItem(name);
        if (input) all[name] = input.value;
      }
      return all;
    };
    let sending = false;
    let sent = JSON.stringify(fields());
    const save = later(WAIT_MS, async () => {
      const now = fields();
      const text = JSON.stringify(now);
      if (sending || text === sent) return;
      note(words.saving);
      try {
        const reply = await post("/drafts", now);
        if (!reply.ok) throw new Error(String(reply.status));
        sent = text;
        note(words.saved);
      } catch {
        note(words.notSaved);
      }
    });
    form.addEventListener("input", () => save());
    form.addEventListener("submit", () => { sending = true; save.stop(); });
    document.addEventListener("visibilitychange", () => {
      const text = JSON.stringify(fields());
      if (document.visibilityState !== "hidden" || sending || text === sent) return;
      save.stop();
      sent = text;
      post("/drafts", fields(), "application/json", { keepalive: true }).catch(() => { sent = ""; });
    });
  }
};
