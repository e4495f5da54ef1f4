// The tag field: the list offers tags for the word that is being written, not for the first one alone.
export const tagFields = (root) => {
  for (const input of root.querySelectorAll("input[data-tags]")) {
    const list = input.list;
    if (!list) continue;
    const known = [...list.options].map((option) => option.value);
    let shown = "";
    const offer = () => {
      const before = input.value.replace(/[^\s,]*$/, "");
      if (before === shown) return;
      shown = before;
      const had = before.toLowerCase().split(/[\s,]+/);
      list.replaceChildren(...known.filter((tag) => !had.includes(tag)).map((tag) => {
        const option = document.createElement("option");
        option.value = before + tag;
        option.label = tag;
        return option;
      }));
    };
    input.addEventListener("input", offer);
    offer();
  }
};
