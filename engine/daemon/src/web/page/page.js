// Which view is shown, and how it stays fresh.

import { element } from "./element.js";
import { view as fleet } from "./fleet.js";
import { view as check } from "./check.js";
import { view as run } from "./run.js";
import { here } from "./paths.js";
import { at, now, setClock } from "./words.js";

const REFRESH = 15_000;
const PATIENCE = 12_000;

const content = document.getElementById("content");
const notice = document.getElementById("notice");

/** The view of the address, with what it asks for. */
function chosen() {
  const { kind, id } = here();
  if (kind === "checks") return check(id);
  return kind === "runs" ? run(id) : fleet();
}

/** An answer of the daemon's, or an error that says what it said. */
async function ask(path) {
  // The origin has no user and no password in it, which a relative address might inherit.
  const answer = await fetch(new URL(path, location.origin), { signal: AbortSignal.timeout(PATIENCE) });
  setClock(answer.headers.get("date"));
  if (answer.ok) return answer.json();
  throw Object.assign(new Error(sentence(await answer.text(), answer.status)), { status: answer.status });
}

function sentence(body, status) {
  try {
    const told = JSON.parse(body);
    return told.sentence ?? told.message ?? told.error ?? body;
  } catch {
    return body.trim() || `the daemon answered with ${status}`;
  }
}

/** Puts new content in the place of the old one; where the reader was, the reader stays. */
function put(nodes) {
  const { scrollX, scrollY } = window;
  const key = content.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  content.replaceChildren(...nodes);
  if (key) content.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  window.scrollTo(scrollX, scrollY);
}

let fresh = null;

async function refresh(shown) {
  try {
    await shown.load(ask);
    put(shown.draw());
    if (!fresh && location.hash) content.querySelector(`[id="${CSS.escape(decodeURIComponent(location.hash.slice(1)))}"]`)?.scrollIntoView();
    fresh = now();
    notice.replaceChildren();
  } catch (error) {
    complain(error);
  }
}

/** What is shown stays, and is said to be old. */
function complain(error) {
  if (error.status === 404) {
    document.title = "Not found – Leadsman";
    put([element("h1", {}, "Not found"), element("p", { class: "sentence" }, error.message)]);
    return;
  }
  const since = fresh ? `What is shown is from ${at(fresh)}: ` : "";
  notice.replaceChildren(`${since}the daemon does not answer (${error.message}).`);
  document.title = `? ${document.title.replace(/^\? /u, "")}`;
  console.warn(error);
}

/** Nobody looks, or somebody is about to copy a sentence: it can wait. */
function mayWait() {
  return document.hidden || String(getSelection()) !== "";
}

const shown = chosen();
shown.redraw = () => put(shown.draw());
await refresh(shown);
performance.mark("drawn");
document.body.dataset.ready = "yes";
if (shown.lives) {
  setInterval(() => mayWait() || refresh(shown), REFRESH);
  document.addEventListener("visibilitychange", () => document.hidden || refresh(shown));
}
