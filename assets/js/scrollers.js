// What scrolls sideways can be reached by keyboard, also where the browser does not see to it by itself.
export const scrollers = (root) => {
  const look = () => {
    for (const box of root.querySelectorAll(".prose pre, .tablebox")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  let asked = 0;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(look);
  });
  look();
};
