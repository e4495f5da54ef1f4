// The Markdown editor's toolbar and keys. Tab keeps moving between fields.
import { words } from "./kit.js";

const ACTS = [
  ["bold", (s) => around(s, "**")],
  ["italic", (s) => around(s, "*")],
  ["code", (s) => (s.includes("\n") ? { text: `\`\`\`\n${s}\n\`\`\``, from: 4, to: 4 + s.length } : around(s, "`"))],
  ["quote", (s) => lines(s, "> ")],
  ["link", (s) => ({ text: `[${s}](https://)`, from: s.length + 3, to: s.length + 11 })],
  ["list", (s) => lines(s, "- ")],
];

const around = (s, mark) => ({ text: mark + s + mark, from: mark.length, to: mark.length + s.length });
const lines = (s, mark) => {
  const text = s.split("\n").map((l) => mark + l).join("\n");
  return { text, from: s ? 0 : mark.length, to: text.length };
};

const apply = (area, act) => {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const done = act(value.slice(start, end));
  area.focus();
  area.setSelectionRange(start, end);
  // execCommand keeps the browser's undo; setRangeText is the way where it is gone
  if (!document.execCommand?.("insertText", false, done.text)) area.setRangeText(done.text, start, end, "end");
  area.setSelectionRange(start + done.from, start + done.to);
  area.dispatchEvent(new Event("input", { bubbles: true }));
};

export const editors = (root) => {
  for (const field of root.querySelectorAll("[data-editor]")) {
    const area = field.querySelector("textarea");
    const frame = field.querySelector(".editor");
    if (!area || !frame) continue;
    frame.prepend(toolbar(field, area));
    area.addEventListener("keydown", (e) => {
      if (e.isComposing || !(e.ctrlKey || e.metaKey) || e.altKey) return;
      const key = e.key.toLowerCase();
      if (key === "b" || key === "i") {
        e.preventDefault();
        apply(area, ACTS[key === "b" ? 0 : 1][1]);
      } else if (e.key === "Enter" && area.form) {
        e.preventDefault();
        area.form.requestSubmit();
      }
    });
    counter(field, area);
  }
};

const toolbar = (field, area) => {
  const bar = document.createElement("div");
  bar.className = "toolbar";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", field.dataset.toolbar);
  bar.setAttribute("aria-controls", area.id);
  ACTS.forEach(([name, act], i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = field.dataset[name];
    button.setAttribute("aria-label", field.dataset[name]);
    button.tabIndex = i === 0 ? 0 : -1;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "i");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${field.dataset.icons}#${name}`);
    svg.append(use);
    button.append(svg);
    button.addEventListener("click", () => apply(area, act));
    bar.append(button);
  });
  // One stop for Tab, arrows inside: the pattern for toolbars.
  bar.addEventListener("keydown", (e) => {
    const all = [...bar.children];
    const at = all.indexOf(document.activeElement);
    const step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
    if (at < 0 || step === 0) return;
    e.preventDefault();
    all[at].tabIndex = -1;
    const next = all[(at + step + all.length) % all.length];
    next.tabIndex = 0;
    next.focus();
  });
  return bar;
};

// How much room is left, shown only when it becomes scarce.
const counter = (field, area) => {
  const most = area.maxLength;
  if (most <= 0) return;
  const note = document.createElement("p");
  note.className = "counter";
  note.hidden = true;
  field.append(note);
  const show = () => {
    const left = most - area.value.length;
    note.hidden = left > most * 0.1;
    note.textContent = (words.left || "%").replace("%", String(left));
    note.classList.toggle("counter-over", left <= 0);
  };
  area.addEventListener("input", show);
  show();
};
