// New answers: asks now and then while the page is looked at, and offers to show them.
import { say, words } from "./kit.js";

const EVERY_MS = 20000;
const SLOWEST_MS = 300000;

export const live = (root) => {
  const box = root.querySelector("[data-live]");
  if (!box || !box.dataset.live) return;
  const link = box.querySelector("a");
  let wait = EVERY_MS;
  let shown = 0;
  let timer = 0;

  const look = async () => {
    timer = 0;
    if (document.visibilityState === "visible") {
      try {
        const reply = await fetch(`${box.dataset.live}?since=${box.dataset.last}`, { headers: { accept: "application/json" }, credentials: "same-origin" });
        if (!reply.ok) throw new Error(String(reply.status));
        const news = await reply.json();
        wait = EVERY_MS;
        if (news.count > shown) {
          shown = news.count;
          link.textContent = `${news.label} · ${words.show}`;
          if (news.url) link.href = news.url;
          box.hidden = false;
          say(news.label);
        }
      } catch {
        wait = Math.min(wait * 2, SLOWEST_MS);
      }
    }
    next();
  };
  // Spread, so that a busy thread's readers do not all ask at once.
  const next = () => { timer = setTimeout(look, wait * (0.85 + Math.random() * 0.3)); };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && timer) {
      clearTimeout(timer);
      timer = setTimeout(look, 1000);
    }
  });
  link.addEventListener("click", (event) => {
    // The same address with another fragment would not load again.
    const to = new URL(link.href, location.href);
    if (to.pathname === location.pathname && to.search === location.search) {
      event.preventDefault();
      location.hash = to.hash;
      location.reload();
    }
  });
  next();
};
