// Keys for the whole page: / searches, ? shows the help, j and k walk through what was found.
export const pageKeys = (root) => {
  const hits = [...root.querySelectorAll("[data-hit]")];
  const walk = (step) => {
    const at = hits.indexOf(root.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : hits.length - 1) : at + step;
    hits[next]?.focus();
    return next >= 0 && next < hits.length;
  };
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const where = event.target;
    if (where.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(where.tagName)) return;
    // The arrows scroll, until a hit has been chosen.
    const arrow = hits.includes(where) ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : 0;
    const step = { j: 1, k: -1 }[event.key] || arrow;
    if (event.key === "/") {
      event.preventDefault();
      (root.getElementById("q-hall") || root.getElementById("q"))?.focus();
    } else if (event.key === "?") {
      location.href = "/help#keys";
    } else if (step && hits.length && walk(step)) {
      event.preventDefault();
    }
  });
};
