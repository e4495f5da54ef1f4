// A picture that is not loaded (another host's, which would learn who reads it) becomes a link to it.
export const pictures = (root) => {
  for (const image of root.querySelectorAll(".prose img")) {
    const replace = () => {
      if (image.closest("a")) return;
      const link = document.createElement("a");
      link.href = image.src;
      link.rel = "nofollow ugc noopener";
      link.textContent = image.alt || image.src;
      image.replaceWith(link);
    };
    if (image.complete && !image.naturalWidth) replace();
    else image.addEventListener("error", replace, { once: true });
  }
};
