// Similar questions: a list under the search boxes, and beneath the title of a new question.
import { later, say, words } from "./kit.js";

const WAIT_MS = 120;
const SHORTEST = 3;
let count = 0;

export const suggestions = (root) => {
  for (const form of root.querySelectorAll('form[data-suggest="search"]')) searchBox(form);
  for (const field of root.querySelectorAll("[data-similar]")) similar(field);
};

const lookup = () => {
  let running = null;
  return async (text) => {
    running?.abort();
    running = new AbortController();
    const url = `/search/suggestions?title=${encodeURIComponent(text.slice(0, 300))}`;
    const reply = await fetch(url, { signal: running.signal, headers: { accept: "application/json" }, credentials: "same-origin" });
    if (!reply.ok) return [];
    const found = await reply.json();
    return Array.isArray(found) ? found : [];
  };
};

const tick = () => {
  const mark = document.createElement("span");
  mark.className = "chip chip-solved";
  mark.textContent = words.solved;
  return mark;
};

const fill = (node, hit) => {
  node.append(hit.title);
  if (hit.solved) node.append(" ", tick());
  if (hit.excerpt) {
    const small = document.createElement("small");
    small.textContent = hit.excerpt;
    node.append(small);
  }
};

const searchBox = (form) => {
  const input = form.querySelector('input[name="q"]');
  if (!input) return;
  const list = document.createElement("ul");
  list.className = "suggest";
  list.id = `suggest-${++count}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", words.suggestions);
  list.hidden = true;
  form.append(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);

  let at = -1;
  const options = () => [...list.children];
  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const select = (next) => {
    const all = options();
    if (all.length === 0) return;
    at = (next + all.length) % all.length;
    all.forEach((o, i) => o.setAttribute("aria-selected", String(i === at)));
    input.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  };
  const go = (url) => { location.href = url; };
  const ask = lookup();
  const search = later(WAIT_MS, async () => {
    const text = input.value.trim();
    if (text.length < SHORTEST) return close();
    let hits;
    try { hits = await ask(text); } catch { return; }
    if (document.activeElement !== input) return;
    list.replaceChildren(...hits.slice(0, 8).map((hit, i) => {
      const item = document.createElement("li");
      item.id = `${list.id}-${i}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.dataset.url = hit.url;
      fill(item, hit);
      // mousedown comes before blur, so the list is still there
      item.addEventListener("mousedown", (e) => { e.preventDefault(); go(hit.url); });
      return item;
    }));
    at = -1;
    input.removeAttribute("aria-activedescendant");
    if (hits.length === 0) return close();
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    say(`${words.suggestions}: ${hits.length}`);
  });
  input.addEventListener("input", () => search());
  input.addEventListener("blur", () => { search.stop(); close(); });
  input.addEventListener("keydown", (e) => {
    if (e.isComposing) return;
    if (e.key === "Escape" && !list.hidden) { e.preventDefault(); close(); }
    else if (e.key === "ArrowDown") { e.preventDefault(); if (list.hidden) search.now(); else select(at + 1); }
    else if (e.key === "ArrowUp" && !list.hidden) { e.preventDefault(); select(at < 0 ? -1 : at - 1); }
    else if (e.key === "Enter" && at >= 0 && !list.hidden) {
      e.preventDefault();
      const chosen = options()[at];
      if (chosen) go(chosen.dataset.url);
    }
  });
};

const similar = (field) => {
  const input = field.querySelector("input");
  const box = document.querySelector("[data-similar-list]");
  const list = box?.querySelector("ul");
  if (!input || !list) return;
  const ask = lookup();
  const search = later(WAIT_MS, async () => {
    const text = input.value.trim();
    if (text.length < SHORTEST) { box.hidden = true; return; }
    let hits;
    try { hits = await ask(text); } catch { return; }
    list.replaceChildren(...hits.slice(0, 6).map((hit) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = hit.url;
      link.target = "_blank";
      link.rel = "noopener";
      fill(link, hit);
      item.append(link);
      return item;
    }));
    box.hidden = hits.length === 0;
  });
  input.addEventListener("input", () => search());
  if (input.value.trim() && box.hidden) search();
};
