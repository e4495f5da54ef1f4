// Votes without leaving the page: shown at once, corrected by the server's reply, undone with a word if it fails.
import { complain, hush, post, say } from "./kit.js";

export const votes = (root) => {
  for (const form of root.querySelectorAll("form[data-vote]")) {
    form.addEventListener("submit", async (event) => {
      const button = event.submitter;
      if (!button) return;
      event.preventDefault();
      if (form.dataset.busy) return;
      form.dataset.busy = "1";
      const before = read(form);
      const wanted = Number(button.value);
      show(form, before.score - before.mine + wanted, wanted);
      let reply = null;
      try {
        reply = await post(form.action, { value: String(wanted) });
        if (!reply.ok) throw new Error(String(reply.status));
        const now = await reply.json();
        show(form, Number(now.score), Number(now.my_vote));
        hush(form);
        say(String(now.score));
      } catch {
        show(form, before.score, before.mine);
        await complain(form, reply);
      } finally {
        delete form.dataset.busy;
      }
    });
  }
};

const part = (form, name) => form.querySelector(`[data-${name}]`);

// As the server writes numbers: −1,234.
const written = (n) => n.toLocaleString("en-US").replace("-", "\u2212");
const number = (text) => Number(text.replace("\u2212", "-").replaceAll(",", ""));

const read = (form) => ({
  score: number(part(form, "score").textContent),
  mine: part(form, "up")?.getAttribute("aria-pressed") === "true" ? 1
    : part(form, "down")?.getAttribute("aria-pressed") === "true" ? -1 : 0,
});

const show = (form, score, mine) => {
  part(form, "score").textContent = written(score);
  for (const [name, value] of [["up", 1], ["down", -1]]) {
    const button = part(form, name);
    if (!button) continue;
    button.setAttribute("aria-pressed", String(mine === value));
    button.value = String(mine === value ? 0 : value);
  }
};
