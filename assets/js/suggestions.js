// Similar questions: a list under the search boxes, and beneath what is written of a new question.
import { later, post, say, words } from "./kit.js";

const WAIT_MS = 120;
const SHORTEST = 3;
// With what the server takes and the drawing, a list is there within 100 ms of the last key.
const TITLE_MS = 40;
// A body is typed on and on: only a pause is worth a look.
const BODY_MS = 600;
// What passed by while somebody typed was not seen.
const SEEN_MS = 1500;
// More than these nobody reads beside their own question.
const ROWS = 4;
let count = 0;

export const suggestions = (root) => {
  for (const form of root.querySelectorAll('form[data-suggest="search"]')) searchBox(form);
  for (const form of root.querySelectorAll("form[data-ask]")) asking(form);
};

// With a body the question is posted: it does not fit into an address.
const lookup = () => {
  let running = null;
  const ask = async (text, body = "") => {
    ask.stop();
    running = new AbortController();
    const { signal } = running;
    const title = text.slice(0, 300);
    const reply = body
      ? await post("/search/suggestions", { title, body }, "application/json", { signal })
      : await fetch(`/search/suggestions?title=${encodeURIComponent(title)}`, { signal, headers: { accept: "application/json" }, credentials: "same-origin" });
    if (!reply.ok) return [];
    const found = await reply.json();
    return Array.isArray(found) ? found : [];
  };
  ask.stop = () => running?.abort();
  return ask;
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
  if (hit.passage_html) {
    const small = document.createElement("small");
    // Text escaped by the server, and its marks.
    small.innerHTML = hit.passage_html;
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

// From the third word on; a script without spaces tells as much with six signs.
const tells = (text) => /\S\s+\S+\s+\S/.test(text) || (!/\s/.test(text) && /[\u3040-\u30ff\u3400-\u9fff]/.test(text) && text.length >= 6);

const asking = (form) => {
  const title = form.elements.namedItem("title");
  const body = form.elements.namedItem("body");
  const seen = form.elements.namedItem("seen");
  const blank = form.querySelector("template[data-like]");
  // Beneath the title what may help; above the button what most likely does.
  const list = form.querySelector("[data-similar-list]");
  const panel = form.querySelector("[data-like-list]");
  if (!title || !body || !seen || !blank || !list || !panel) return;
  const boxes = [list, panel];
  const closed = () => seen.value === "all";

  const close = () => {
    seen.value = "all";
    stop();
    for (const box of boxes) box.hidden = true;
  };
  for (const box of boxes) {
    const button = form.querySelector("template[data-dismiss]").content.firstElementChild.cloneNode(true);
    button.addEventListener("click", () => { close(); (box === list ? title : body).focus(); });
    box.append(button);
  }

  const item = (hit) => {
    const node = blank.content.querySelector("li").cloneNode(true);
    const link = node.querySelector("a");
    link.href = hit.url;
    link.textContent = hit.title;
    if (!hit.solved) node.querySelector(".chip").remove();
    const passage = node.querySelector("p");
    // Text escaped by the server, and its marks.
    if (hit.passage_html) passage.innerHTML = hit.passage_html;
    else passage.remove();
    const button = node.querySelector("button");
    if (hit.answer_id) {
      button.formAction = `/posts/${hit.answer_id}/confirmation`;
      button.querySelector(".vh").textContent = `: ${hit.title}`;
    } else button.remove();
    node.dataset.thread = hit.thread_id;
    return node;
  };
  const shown = () => boxes.flatMap((box) => (box.hidden ? [] : [...box.querySelectorAll("[data-thread]")]));
  const note = later(SEEN_MS, () => {
    if (closed()) return;
    const ids = new Set(seen.value.split(",").filter(Boolean));
    for (const node of shown()) ids.add(node.dataset.thread);
    seen.value = [...ids].join(",");
    // Said once it stands still, and only what there is to hear.
    if (shown().length) say(`${words.suggestions}: ${shown().length}`);
  });
  const draw = (box, hits) => {
    const rows = box.querySelector("ul");
    // Whoever reads one of them keeps it.
    if (rows.contains(document.activeElement)) return;
    rows.replaceChildren(...hits.slice(0, ROWS).map(item));
    box.hidden = hits.length === 0;
  };
  const ask = lookup();
  const look = async (text) => {
    if (closed() || !tells(title.value.trim())) return;
    let hits;
    try { hits = await ask(title.value, text); } catch { return; }
    if (closed()) return;
    // By the title alone nothing can be told to be the same; what was found so with the body stays until it is again.
    if (text) draw(panel, hits.filter((hit) => hit.strong));
    const there = panel.hidden ? [] : [...panel.querySelectorAll("[data-thread]")].map((node) => node.dataset.thread);
    draw(list, hits.filter((hit) => !there.includes(String(hit.thread_id))));
    note();
  };
  const byTitle = later(TITLE_MS, () => look(""));
  const byBody = later(BODY_MS, () => look(body.value));
  const stop = () => { byTitle.stop(); byBody.stop(); note.stop(); ask.stop(); };

  title.addEventListener("input", () => {
    stop();
    if (closed()) return;
    if (!tells(title.value.trim())) { for (const box of boxes) box.hidden = true; return; }
    byTitle();
    if (body.value.trim()) byBody();
  });
  body.addEventListener("input", () => { stop(); if (!closed() && body.value.trim()) byBody(); });
  form.addEventListener("submit", stop);

  // Down from the title into the list, up and down in it, and Escape puts it away.
  title.addEventListener("keydown", (e) => {
    if (e.isComposing || list.hidden) return;
    if (e.key === "ArrowDown") { e.preventDefault(); list.querySelector("a")?.focus(); }
    else if (e.key === "Escape") { e.preventDefault(); close(); }
  });
  for (const box of boxes) {
    box.addEventListener("keydown", (e) => {
      const all = [...box.querySelectorAll("a, button")];
      const at = all.indexOf(document.activeElement);
      const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
      if (e.key === "Escape") { e.preventDefault(); close(); (box === list ? title : body).focus(); }
      else if (step && at >= 0) { e.preventDefault(); (all[at + step] || (step < 0 && box === list ? title : all[at])).focus(); }
    });
  }

  if (closed()) return;
  if (body.value.trim()) byBody();
  else if (title.value.trim() && list.hidden) byTitle();
  else if (!list.hidden) note();
};
