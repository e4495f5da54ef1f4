// What the helpers share: words from the page, requests with the CSRF header, waiting until typing stops.
const box = document.getElementById("words");
export const words = box ? box.dataset : {};

export const csrf = () => document.querySelector('meta[name="csrf"]')?.content || "";

export const say = (text) => {
  const region = document.getElementById("live-region");
  if (region) region.textContent = text;
};

export const later = (ms, act) => {
  let timer = 0;
  const run = (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...args), ms);
  };
  run.now = (...args) => { clearTimeout(timer); return act(...args); };
  run.stop = () => clearTimeout(timer);
  return run;
};

export const post = (url, fields, accept = "application/json", options = {}) =>
  fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "x-csrf-token": csrf(), accept },
    body: new URLSearchParams({ csrf: csrf(), ...fields }),
    ...options,
  });
