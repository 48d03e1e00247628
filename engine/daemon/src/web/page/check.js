// One check: each of its targets, what its last runs came to, and where their time went.

import { element, facts, link, outward } from "./element.js";
import { history } from "./history.js";
import { checkAnswer, checkPath, runPath, runsAnswer } from "./paths.js";
import { counts, mark, setTitle, standingOf, standingOfRun, tally, worst } from "./standing.js";
import { at, count, relative, rough, span, spoken } from "./words.js";

/** Targets beyond these are drawn when they are opened. */
const OPEN = 12;

export function view(id) {
  let told = null;
  let kept = [];

  async function load(ask) {
    [told, { runs: kept }] = await Promise.all([ask(checkAnswer(id)), ask(runsAnswer(id)).catch(() => ({ runs: [] }))]);
    told.targets = told.targets.map((target) => ({ ...target, standing: standingOf(target) }));
    told.targets.sort((one, other) => one.standing.rank - other.standing.rank || one.target.localeCompare(other.target));
  }

  function draw() {
    const { targets } = told;
    const standings = targets.map(({ standing }) => standing);
    const is = worst(standings);
    const reason = targets[0]?.last?.reason;
    setTitle(is, `${id} ${is.word}${reason && is.name !== "pass" ? `, ${spoken(reason)}` : ""}`);
    const heading = element("h1", {}, mark(is), " ", id, " ", tally(counts(standings)));
    return [heading, about(told), ...targets.map((target, index) => section(target, kept, index < OPEN)), keptRuns(kept)];
  }

  return { lives: true, load, draw, redraw: () => {} };
}

function about(told) {
  const first = told.targets[0] ?? {};
  const of = (name) => told[name] ?? first[name];
  const labels = Object.entries(of("labels") ?? {}).map(([name, value]) => `${name}=${value}`);
  const interval = of("interval_ms");
  document.getElementById("place").textContent = first.location ? `from ${first.location}` : "";
  return facts([
    ["Team", of("team")],
    ["Probe", of("probe")],
    ["Due", interval ? `every ${rough(interval)}` : "by its calendar"],
    ["Runbook", of("runbook_url") ? outward(of("runbook_url")) : null],
    ["Depends on", checks(of("depends_on"))],
    ["Failing dependencies", checks(of("failing_dependencies"))],
    ["Labels", labels.join(", ")],
  ]);
}

function checks(ids) {
  if (!ids?.length) return null;
  return element("span", {}, ...ids.flatMap((id) => [link(checkPath(id), id), " "]));
}

const opened = new Map();

function section(target, kept, isOpen) {
  const { last, standing, address } = target;
  const name = element("span", { class: "target" }, target.target, ...(address === target.target ? [] : [" ", element("span", { class: "dim" }, address)]));
  const when = last ? element("span", { class: "when", title: at(last.ended_unix_ms) }, `ran ${relative(last.ended_unix_ms)}`) : null;
  const summary = element("summary", { "data-key": `target ${target.target}` }, mark(standing), " ", element("h2", {}, name), " ", when);
  const shown = opened.get(target.target) ?? (isOpen || decodeURIComponent(location.hash.slice(1)) === target.target);
  const details = element("details", { class: "target", id: target.target, open: shown ? "" : null }, summary);
  const runs = new Set(kept.filter((run) => run.target === target.target).map(({ run }) => run));
  const fill = () => details.children.length === 1 && details.append(...body(target, runs));
  if (shown) fill();
  summary.addEventListener("click", () => {
    opened.set(target.target, !details.open);
    fill();
  });
  return details;
}

function body(target, kept) {
  const { last, last_failed: failed, last_missed: missed, recent = [] } = target;
  const next = target.next_tick_unix_ms;
  return [
    target.in_maintenance ? element("p", { class: "tag" }, "In maintenance: it runs, but is no event of an SLI.") : null,
    last ? said(last) : element("p", {}, "It has not run yet."),
    facts([
      ["Blame", last && last.blame !== "nobody" ? last.blame : null],
      ["Last pass", target.last_pass_unix_ms ? moment(target.last_pass_unix_ms) : "never since the start"],
      ["Next tick", next ? moment(next) : null],
      ["Last missed", missed ? element("span", {}, `${count(missed.count, "tick")}, ${spoken(missed.reason)}, `, moment(missed.planned_unix_ms)) : null],
      ["Last failure", failed ? failure(failed, kept) : null],
    ]),
    ...history(recent, kept),
  ].filter(Boolean);
}

/** Nothing is said of a run that is simply well. */
function said({ reason, sentence }) {
  return reason === "ok" ? null : element("p", { class: "sentence" }, element("code", {}, reason), " ", sentence);
}

function moment(unixMillis) {
  return element("time", { datetime: new Date(unixMillis).toISOString(), title: at(unixMillis) }, relative(unixMillis));
}

function failure({ run, planned_unix_ms: planned, reason, sentence }, kept) {
  const when = kept.has(run) ? element("a", { href: runPath(run), "data-key": `failed ${run}` }, at(planned)) : at(planned);
  return element("span", {}, when, " ", element("code", {}, reason), " ", sentence);
}

function keptRuns(runs) {
  if (runs.length === 0) return element("p", { class: "dim" }, "No run is kept: nothing has failed since the start.");
  const line = (run) =>
    element(
      "li",
      { class: "line" },
      mark(standingOfRun(run)),
      element("span", { class: "check" }, element("a", { href: runPath(run.run), "data-key": run.run }, at(run.ended_unix_ms))),
      element("span", { class: "target" }, run.target),
      element("span", { class: "what" }, element("code", {}, run.reason), " ", run.sentence),
      element("span", { class: "when" }, span(run.latency_ns)),
    );
  return element("section", {}, element("h2", {}, "Kept runs"), element("ul", { class: "lines" }, ...runs.map(line)));
}
