// Forms that undo something ask first; menus close on Escape and on a press elsewhere; links are copied.
import { say, words } from "./kit.js";

export const confirms = (root) => {
  root.addEventListener("submit", (event) => {
    const question = event.target.dataset?.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  }, true);

  root.addEventListener("click", (event) => {
    for (const menu of root.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const copy = event.target.closest?.("a[data-copy]");
    if (copy && navigator.clipboard && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      navigator.clipboard.writeText(copy.href).then(() => {
        const label = copy.lastChild;
        const before = label.textContent;
        label.textContent = words.copied;
        say(words.copied);
        setTimeout(() => { label.textContent = before; }, 1600);
      }, () => { location.href = copy.href; });
    }
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of root.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  // After a form came back, what is wrong is read first.
  root.querySelector("[data-focus]")?.focus();
};
