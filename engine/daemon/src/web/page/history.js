// The last runs of one check-target, one column each: what they came to, how long they took, and where the time went.

import { element, shape } from "./element.js";
import { runPath } from "./paths.js";
import { counts, standingOfRun, STANDINGS } from "./standing.js";
import { phasesOf } from "./phases.js";
import { at, atClock, count, span } from "./words.js";

const COLUMN = 12;
const LEFT = 64;
const SLOTS = 60;
const WIDTH = LEFT + SLOTS * COLUMN + 4;
const STRIP = { top: 0, height: 16 };
const LATENCY = { top: 28, height: 90 };
const PHASE = { top: 134, height: 70 };
const HEIGHT = PHASE.top + PHASE.height + 20;

export function history(recent, kept) {
  if (recent.length === 0) return [];
  const columns = recent.slice(-SLOTS).map((run, index) => ({
    run,
    is: standingOfRun(run),
    x: LEFT + (SLOTS - Math.min(SLOTS, recent.length) + index) * COLUMN,
    phases: phasesOf(run.phases),
  }));
  const svg = shape("svg", { class: "history", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": summary(columns) });
  svg.append(...strip(columns, kept), ...latencies(columns), ...stacks(columns), ...hours(columns));
  return [element("div", { class: "wide" }, svg), lastPhases(columns.at(-1))];
}

function summary(columns) {
  const found = counts(columns.map(({ is }) => is));
  const parts = STANDINGS.filter(({ name }) => found.get(name) > 0).map(({ name, word }) => `${found.get(name)} ${word}`);
  const latencies = columns.map(({ run }) => run.latency_ns).filter((nanos) => nanos > 0);
  const range = latencies.length ? `; latency from ${span(Math.min(...latencies))} to ${span(Math.max(...latencies))}` : "";
  return `The last ${count(columns.length, "run")}: ${parts.join(", ")}${range}`;
}

function strip(columns, kept) {
  const label = caption("runs", STRIP.top + 12);
  const cells = columns.map(({ run, is, x }) => {
    const box = shape("rect", { x: x + 0.5, y: STRIP.top, width: COLUMN - 1, height: STRIP.height, rx: 2, class: `cell ${is.name}` });
    const sign = shape("text", { x: x + COLUMN / 2, y: STRIP.top + 12, class: "sign", "aria-hidden": "true" }, is.sign);
    const told = shape("title", {}, `${at(run.ended_unix_ms)}: ${is.word}, ${run.reason}, ${span(run.latency_ns)}`);
    if (!kept.has(run.run)) return shape("g", {}, told, box, sign);
    return shape("a", { href: runPath(run.run), "data-key": `cell ${run.run}`, "aria-label": told.textContent }, told, box, sign);
  });
  return [label, ...cells];
}

function latencies(columns) {
  const most = Math.max(1, ...columns.map(({ run }) => run.latency_ns ?? 0));
  const y = (nanos) => LATENCY.top + LATENCY.height * (1 - nanos / most);
  const points = columns.filter(({ run }) => run.latency_ns > 0).map((column) => ({ ...column, cx: column.x + COLUMN / 2, cy: y(column.run.latency_ns) }));
  const line = shape("polyline", { class: "latency", points: points.map(({ cx, cy }) => `${cx},${cy}`).join(" ") });
  return [...scale(LATENCY, "latency", most), line, ...points.map(point)];
}

/** A point has the shape of its outcome. */
function point({ run, is, cx, cy }) {
  const told = shape("title", {}, `${at(run.ended_unix_ms)}: ${span(run.latency_ns)}, ${is.word}`);
  if (is.name === "pass") return shape("circle", { cx, cy, r: 2.5, class: `point ${is.name}` }, told);
  const d = is.name === "fail" ? `M${cx - 4} ${cy - 4}l8 8m0 -8l-8 8` : `M${cx} ${cy - 5}l5 5l-5 5l-5 -5z`;
  return shape("path", { d, class: `point ${is.name}` }, told);
}

function stacks(columns) {
  const total = (phases) => phases.reduce((sum, [, nanos]) => sum + nanos, 0);
  const most = Math.max(1, ...columns.map(({ phases }) => total(phases)));
  const bars = columns.flatMap(({ phases, x }) => {
    let base = PHASE.top + PHASE.height;
    return phases.map(([name, nanos]) => {
      const height = (nanos / most) * PHASE.height;
      base -= height;
      return shape("rect", { x: x + 1.5, y: base, width: COLUMN - 3, height, class: `phase ${name}` }, shape("title", {}, `${name} ${span(nanos)}`));
    });
  });
  return [...scale(PHASE, "phases", most), ...bars];
}

function scale({ top, height }, name, most) {
  const ground = shape("line", { x1: LEFT, x2: WIDTH, y1: top + height, y2: top + height, class: "axis" });
  const ceiling = shape("line", { x1: LEFT, x2: WIDTH, y1: top, y2: top, class: "axis faint" });
  const nought = shape("text", { x: LEFT - 6, y: top + height, class: "tick" }, "0");
  return [ground, ceiling, caption(name, top + 24), shape("text", { x: LEFT - 6, y: top + 9, class: "tick" }, span(most)), nought];
}

function caption(text, y) {
  return shape("text", { x: 0, y, class: "caption" }, text);
}

function hours(columns) {
  const [first, last] = [columns[0], columns.at(-1)];
  const y = HEIGHT - 4;
  const text = ({ run, x }, anchor) => shape("text", { x: x + COLUMN / 2, y, class: anchor }, atClock(run.ended_unix_ms));
  const end = text(last, "tick");
  return columns.length < 12 ? [end] : [text(first, "caption"), end];
}

/** The numbers behind the last bar, and the legend of all of them. */
function lastPhases({ run, phases }) {
  if (phases.length === 0) return element("p", { class: "dim" }, "The last run reached no phase.");
  const swatch = (name) => shape("svg", { viewBox: "0 0 10 10", class: "swatch", "aria-hidden": "true" }, shape("rect", { width: 10, height: 10, class: `phase ${name}` }));
  const part = ([name, nanos]) => element("li", {}, swatch(name), ` ${name} `, element("b", {}, span(nanos)));
  const title = `The last run was ${standingOfRun(run).word}; its phases, in the order in which the bars stack them from below:`;
  return element("div", {}, element("p", { class: "dim" }, title), element("ul", { class: "legend" }, ...phases.map(part)));
}
