// Every check-target, by team, worst first.

import { element, link } from "./element.js";
import { checkPath, checksAnswer, filesAnswer, statusAnswer } from "./paths.js";
import { list } from "./list.js";
import { counts, mark, setTitle, standing, standingOf, tally, worst } from "./standing.js";
import { count, relative, at, spoken, now } from "./words.js";

/** How many lines there are at first; a reader can ask for more. */
const LINES = 300;

const form = document.getElementById("filter");
const text = document.getElementById("text");
const state = document.getElementById("state");

export function view() {
  const shown = { lives: true, load, draw, redraw: () => {} };
  let told = { checks: [] };
  let status = null;

  async function load(ask) {
    // What is blind is told apart: the fleet is shown also where that is missing.
    [told, status] = await Promise.all([ask(checksAnswer()), ask(statusAnswer()).catch(() => null)]);
    told.checks = told.checks.map(judged);
  }

  function draw() {
    const { checks } = told;
    const found = counts(checks.map((check) => check.standing));
    describe(found, checks.length, told.location ?? status?.location ?? checks[0]?.location);
    const wanted = checks.filter(filter());
    const heading = element("h1", {}, "Checks ", tally(found));
    return [heading, blindSpots(status, told), ...teams(wanted, shown), wanted.length === 0 ? nothing(checks) : null].filter(Boolean);
  }

  form.hidden = false;
  const query = new URLSearchParams(location.search);
  text.value = query.get("q") ?? "";
  state.value = query.get("state") ?? "";
  const narrowed = () => {
    remember();
    shown.redraw();
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  text.addEventListener("input", narrowed);
  state.addEventListener("change", narrowed);
  return shown;
}

function judged(check) {
  const standing = standingOf(check);
  const labels = Object.entries(check.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  const words = [check.team, check.check, check.target, check.address, check.probe, check.last?.reason, check.last?.sentence, ...labels];
  return { ...check, standing, words: words.filter(Boolean).join("\n").toLowerCase() };
}

/** The filter is part of the address: it can be kept and sent. */
function remember() {
  const query = new URLSearchParams();
  if (text.value) query.set("q", text.value);
  if (state.value) query.set("state", state.value);
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
}

function filter() {
  const words = text.value.toLowerCase().split(/\s+/u).filter(Boolean);
  const wanted = state.value;
  const stands = ({ name }) => !wanted || (wanted === "trouble" ? !["pass", "waiting"].includes(name) : name === wanted);
  return (check) => stands(check.standing) && words.every((word) => check.words.includes(word));
}

function describe(found, all, place) {
  document.getElementById("place").textContent = place ? `from ${place}` : "";
  const trouble = ["fail", "unknown", "missed", "degraded"].filter((name) => found.get(name) > 0);
  const said = trouble.map((name) => `${found.get(name)} ${standing(name).word}`).join(", ");
  const ran = all - found.get("waiting");
  const state = trouble[0] ?? (ran > 0 ? "pass" : "waiting");
  setTitle(standing(state), `${said || (ran > 0 ? `${found.get("pass")} passing` : "nothing has run yet")}${place ? `, ${place}` : ""}`);
}

/** What this prober does not see: told always, also where it is nothing. */
function blindSpots(status, { revision }) {
  const known = status?.revision ?? revision;
  const parts = [];
  if (status) {
    const missed = Object.entries(status.missed ?? {}).filter(([, ticks]) => ticks > 0);
    const ticks = missed.map(([reason, ticks]) => `${ticks.toLocaleString("en")} ${spoken(reason)}`).join(", ");
    parts.push(element("li", {}, missed.length ? `Missed ticks since the start: ${ticks}` : "No tick was missed since the start"));
    const bad = status.bad_files ?? [];
    if (bad.length === 0) parts.push(element("li", {}, "every file is in force"));
    parts.push(...bad.map(badFile), ...(status.noticed_files ?? []).map(noticedFile));
    if (status.location_healthy === false) parts.push(element("li", { class: "bad" }, "this location cannot judge at the moment"));
    if (status.widespread) parts.push(element("li", { class: "bad" }, "many targets fail at once: look for one cause first"));
    if (status.ready === false) parts.push(element("li", { class: "bad" }, "the schedule does not run"));
    if (status.started_unix_ms) parts.push(element("li", { title: at(status.started_unix_ms) }, `started ${relative(status.started_unix_ms)}`));
  }
  if (known) parts.push(element("li", {}, "revision ", element("code", {}, known.slice(0, 12))));
  return parts.length ? element("ul", { class: "blind", "aria-label": "Blind spots" }, ...parts) : null;
}

function badFile({ file, errors, loaded_unix_ms: loaded }) {
  const since = loaded ? `; in force is what was loaded ${relative(loaded)}` : "; nothing of it is in force";
  return element("li", { class: "bad" }, mark(standing("unknown")), " ", element("code", {}, file), ` is wrong: ${(errors ?? [])[0] ?? "it cannot be read"}${since}`);
}

/** In force, and not all of what it says is done. */
function noticedFile({ file, notices }) {
  const more = notices.length > 1 ? [", and ", link(filesAnswer(), `${notices.length - 1} more`)] : [];
  return element("li", { class: "noted" }, mark(standing("degraded")), " ", element("code", {}, file), ` does less than it says: ${notices[0]}`, ...more);
}

function teams(checks, shown) {
  const byTeam = Map.groupBy(checks, (check) => check.team ?? "");
  const groups = [...byTeam].map(([team, members]) => ({ team, members, worst: worst(members.map((check) => check.standing)), found: counts(members.map((check) => check.standing)) }));
  groups.sort((one, other) => one.worst.rank - other.worst.rank || number(other) - number(one) || one.team.localeCompare(other.team));
  const most = Math.max(3, Math.min(100, Math.floor(LINES / Math.max(1, groups.length))));
  return groups.map((group) => team(group, most, shown));
}

function number({ worst, found }) {
  return found.get(worst.name);
}

function team({ team, members, found }, most, shown) {
  members.sort((one, other) => one.standing.rank - other.standing.rank || maintained(one) - maintained(other) || one.check.localeCompare(other.check) || one.target.localeCompare(other.target));
  const quiet = members.filter(({ standing: { name } }) => name === "pass" || name === "waiting");
  const loud = members.slice(0, members.length - quiet.length);
  const heading = element("h2", {}, team || "no team", " ", tally(found));
  const section = element("section", { class: "team" }, heading);
  if (loud.length) section.append(list(`loud ${team}`, loud, line, most, shown));
  if (quiet.length) section.append(folded(team, quiet, most, shown));
  return section;
}

function maintained(check) {
  return check.in_maintenance ? 1 : 0;
}

const open = new Map();

/** What passes is folded away, and is not even drawn until somebody looks. */
function folded(team, members, most, shown) {
  const narrowed = text.value !== "" || state.value !== "";
  const isOpen = open.get(team) ?? narrowed;
  const summary = element("summary", { "data-key": `fold ${team}` }, count(members.length, "check-target"), " passing or not run yet");
  const details = element("details", { class: "quiet", open: isOpen ? "" : null }, summary);
  const fill = () => details.children.length === 1 && details.append(list(`quiet ${team}`, members, line, most, shown));
  if (isOpen) fill();
  // A click, not `toggle`: that one also comes when a fold is drawn open.
  summary.addEventListener("click", () => {
    open.set(team, !details.open);
    fill();
  });
  return details;
}

function line(check) {
  const { last, next_tick_unix_ms: next, standing } = check;
  const path = `${checkPath(check.check)}#${encodeURIComponent(check.target)}`;
  const name = element("a", { href: path, "data-key": `${check.check} ${check.target}` }, check.check);
  const target = [check.target, ...(check.address === check.target ? [] : [" ", element("span", { class: "dim" }, check.address)])];
  return element(
    "li",
    { class: "line" },
    mark(standing),
    element("span", { class: "check" }, name),
    element("span", { class: "target" }, ...target),
    element("span", { class: "what" }, ...what(check)),
    element("span", { class: "when", title: last ? at(last.ended_unix_ms) : null }, last ? relative(last.ended_unix_ms) : "", next > now() ? element("span", { class: "dim" }, `, next ${relative(next)}`) : null),
  );
}

function what({ last, standing, last_missed: missed, in_maintenance: maintained, failing_dependencies: failing = [] }) {
  const parts = [];
  if (maintained) parts.push(element("span", { class: "tag" }, "maintenance"), " ");
  if (failing.length) parts.push(element("span", { class: "tag" }, `depends on ${failing.join(", ")}, which fails`), " ");
  if (standing.name === "missed") parts.push(element("code", {}, `missed: ${missed.reason}`), ` ${count(missed.count, "tick")}`);
  else if (last && last.reason !== "ok") parts.push(element("code", {}, last.reason), " ", last.sentence);
  return parts;
}

function nothing(checks) {
  return element("p", {}, checks.length === 0 ? "There are no checks: name a file with `--config`." : "No check-target is so.");
}
