// Two keys for the whole page: / searches, ? shows the help.
export const pageKeys = (root) => {
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const where = event.target;
    if (where.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(where.tagName)) return;
    if (event.key === "/") {
      event.preventDefault();
      (root.getElementById("q-hall") || root.getElementById("q"))?.focus();
    } else if (event.key === "?") {
      location.href = "/help#keys";
    }
  });
};
