// What the helpers share: words from the page, requests with the CSRF header, waiting until typing stops.
const box = document.getElementById("words");
export const words = box ? box.dataset : {};

export const csrf = () => document.querySelector('meta[name="csrf"]')?.content || "";

export const say = (text) => {
  const region = document.getElementById("live-region");
  if (region) region.textContent = text;
};

// A word beside what did not work: the server's own where it gave one, with a way to sign in where that is why.
export const complain = async (beside, reply) => {
  let said = "";
  try { said = reply ? (await reply.json()).detail : ""; } catch { /* no words came, ours will do */ }
  const note = hush(beside) || document.createElement("p");
  note.className = "complaint";
  note.dataset.complaint = "";
  note.textContent = said || (reply?.status === 429 ? words.slower : words.failed);
  if (reply?.status === 401) {
    const link = document.createElement("a");
    link.href = `/sign-in?return=${encodeURIComponent(location.pathname + location.search)}`;
    link.textContent = words.signIn;
    note.append(" ", link);
  }
  beside.after(note);
  say(note.textContent);
};

export const hush = (beside) => {
  const note = beside.nextElementSibling;
  if (note?.dataset.complaint === undefined) return null;
  note.remove();
  return note;
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
