// How a check-target stands: an outcome, and what an outcome does not say.

import { element } from "./element.js";

/** Worst first. The sign is read where colour is not. */
export const STANDINGS = [
  { name: "fail", sign: "✕", word: "failing" },
  { name: "unknown", sign: "?", word: "unknown" },
  { name: "missed", sign: "M", word: "missed" },
  { name: "degraded", sign: "!", word: "degraded" },
  { name: "waiting", sign: "·", word: "not run yet" },
  { name: "pass", sign: "✓", word: "passing" },
];

const BY_NAME = new Map(STANDINGS.map((standing, rank) => [standing.name, { ...standing, rank }]));

/** The standing of that name. */
export function standing(name) {
  return BY_NAME.get(name) ?? BY_NAME.get("unknown");
}

/** Where a check-target stands now. */
export function standingOf(state) {
  const { last, last_missed: missed } = state;
  if (last && last.outcome !== "pass") return standing(last.outcome);
  if (missed && (!last || missed.planned_unix_ms > last.ended_unix_ms)) return standing("missed");
  return last ? standingOfRun(last) : standing("waiting");
}

/** What one run came to. */
export function standingOfRun(run) {
  return standing(run.outcome === "pass" && run.reason === "degraded" ? "degraded" : run.outcome);
}

/** The worst of some standings. */
export function worst(standings) {
  return standings.reduce((one, other) => (other.rank < one.rank ? other : one), standing("pass"));
}

/** How many there are of each, in order. */
export function counts(standings) {
  const found = new Map(STANDINGS.map(({ name }) => [name, 0]));
  for (const { name } of standings) found.set(name, found.get(name) + 1);
  return found;
}

/** A sign with its own shape and colour; its word is for those who do not see it. */
export function mark({ name, sign, word }) {
  const shown = element("span", { "aria-hidden": "true" }, sign);
  return element("span", { class: "mark", "data-standing": name, title: word }, shown, element("span", { class: "spoken" }, word));
}

/** Each standing that there is, with its number. */
export function tally(found) {
  const parts = STANDINGS.filter(({ name }) => found.get(name) > 0);
  const part = ({ name, word }) =>
    element("span", { class: "count" }, mark(standing(name)), ` ${found.get(name).toLocaleString("en")} ${word}`);
  return element("span", { class: "tally" }, ...parts.map(part));
}

const ICONS = { fail: "#c62828", unknown: "#6a3fb5", missed: "#a15c00", degraded: "#a15c00", waiting: "#666", pass: "#2e7d32" };

/** The tab tells the state too. */
export function setTitle({ name, sign }, text) {
  document.title = `${sign} ${text} – Leadsman`;
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="${ICONS[name]}"/><text x="8" y="12.5" font-size="12" text-anchor="middle" fill="#fff">${sign}</text></svg>`;
  document.getElementById("icon").href = `data:image/svg+xml,${encodeURIComponent(picture)}`;
}
