// An attempt as bars over its time: steps, operations in them, and phases in those.

import { element, shape } from "./element.js";
import { titleOf, answerOf } from "./operation.js";
import { phasesOf } from "./phases.js";
import { span } from "./words.js";
import { whys } from "./why.js";

const WIDTH = 1000;

export function waterfall(report) {
  // An attempt that waited for its turn has operations that end later than the guest's own time.
  const ends = [...report.operations, ...report.steps].map(({ ended }) => ended ?? 0);
  const whole = Math.max(1, report.took, ...ends);
  const bars = (step) => operations(report, step, whole).map((bar) => line(bar, whole));
  const part = (step, index) => [line(stepBar(step, whole), whole), ...whys(report, index, { class: "why" }), ...bars(index)];
  const lines = [...report.steps.flatMap(part), ...bars(null)];
  if (lines.length === 0) return element("p", { class: "dim" }, "It asked nothing of the network.");
  const rule = element("li", { class: "bar rule", "aria-hidden": "true" }, element("span", {}), element("span", { class: "ends" }, element("span", {}, "0"), element("span", {}, span(whole))), element("span", {}));
  return element("ol", { class: "waterfall" }, rule, ...lines);
}

function stepBar({ name, started, ended, ok }, whole) {
  const sign = ok === true ? "✓ " : ok === false ? "✕ " : "";
  return { depth: 0, name: `${sign}${name}`, started, ended: ended ?? whole, cut: ended === null, kind: ok === false ? "step fail" : "step" };
}

function operations({ operations }, step, whole) {
  return operations.filter((operation) => (operation.step ?? null) === step).flatMap((operation) => operationBars(operation, step === null ? 0 : 1, whole));
}

function operationBars(operation, depth, whole) {
  const { failure, facts } = answerOf(operation);
  const failed = Boolean(failure) || operation.ended === null;
  const bar = { depth, name: `${failed ? "✕ " : ""}${titleOf(operation.call)}`, started: operation.started, ended: operation.ended ?? whole, cut: operation.ended === null, kind: failed ? "operation fail" : "operation" };
  return [bar, ...phaseBars(facts, operation.started, depth + 1, failure?.phase)];
}

/** Phases follow each other; where there were redirects, each hop has its own. */
function phaseBars(facts, started, depth, failedIn) {
  const hops = facts?.http?.hops ?? [];
  let at = started;
  const bar = ([name, nanos]) => ({ depth, name: `${name === failedIn ? "✕ " : ""}${name}`, started: at, ended: (at += nanos), kind: `phase ${name}` });
  if (hops.length < 2) return phasesOf(facts?.phases).map(bar);
  return hops.flatMap((hop, index) => phasesOf(hop.phases).map((phase) => ({ ...bar(phase), name: `hop ${index + 1}: ${phase[0]}` })));
}

function line({ depth, name, started, ended, cut, kind }, whole) {
  const x = Math.min(WIDTH - 4, (started / whole) * WIDTH);
  const width = Math.max(4, ((ended - started) / whole) * WIDTH);
  const bar = shape("rect", { x, y: 2, width: Math.min(width, WIDTH - x), height: 12, class: kind });
  const picture = shape("svg", { viewBox: `0 0 ${WIDTH} 16`, preserveAspectRatio: "none", "aria-hidden": "true" }, bar);
  const took = cut ? `${span(ended - started)}, cut` : span(ended - started);
  return element("li", { class: `bar depth${depth}`, title: `${name}: from ${span(started)}, ${took}` }, element("span", { class: "label" }, name), picture, element("span", { class: "took" }, took));
}
