// The door to the page's small helpers. Every page works without any of them.
import { votes } from "./votes.js";
import { suggestions } from "./suggestions.js";
import { editors } from "./editor.js";
import { previews } from "./preview.js";
import { drafts } from "./drafts.js";
import { live } from "./live.js";
import { confirms } from "./confirm.js";
import { pageKeys } from "./keys.js";
import { scrollers } from "./scrollers.js";
import { pictures } from "./pictures.js";
import { tagFields } from "./tags.js";

for (const start of [votes, suggestions, editors, previews, drafts, live, confirms, pageKeys, scrollers, tagFields, pictures]) {
  // One helper that fails must not take the others with it.
  try { start(document); } catch (error) { console.error(error); }
}
