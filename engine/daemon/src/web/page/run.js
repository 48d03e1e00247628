// One run, with everything that the host saw.

import { element, facts, link } from "./element.js";
import { operation } from "./operation.js";
import { checkPath, runAnswer } from "./paths.js";
import { mark, setTitle, standing, standingOfRun } from "./standing.js";
import { at, count, span, spoken } from "./words.js";
import { waterfall } from "./waterfall.js";
import { whys } from "./why.js";

export function view(id) {
  let record = null;
  let came = null;

  async function load(ask) {
    ({ record, came } = await ask(runAnswer(id)));
  }

  function draw() {
    const is = standingOfRun(record);
    setTitle(is, `${record.check} on ${record.target} ${is.word}, ${spoken(record.reason)}`);
    document.getElementById("place").textContent = `from ${record.location}`;
    const heading = element("h1", {}, mark(is), " ", link(checkPath(record.check), record.check), " on ", record.target);
    const sentence = element("p", { class: "sentence" }, element("code", {}, record.reason), " ", record.sentence);
    const attempts = record.attempts.flatMap((made, index) => attempt(made, index, record.attempts.length));
    return [heading, sentence, about(record), ...attempts, ...body(came)];
  }

  return { lives: false, load, draw, redraw: () => {} };
}

/** The first bytes of what came last, as far as they are kept; quotes and ends of lines need no escape here. */
function body(escaped) {
  const came = escaped?.replace(/\\(["'\\n])/gu, (_, letter) => (letter === "n" ? "\n" : letter));
  return came ? [element("h2", {}, "The body began with"), element("pre", {}, came)] : [];
}

const BLAMES = {
  nobody: "nobody: it passed",
  target: "the target: whoever owns the service has to act",
  probe: "the probe: its author has to act",
  policy: "the policy: whoever wrote the configuration has to act",
  prober: "the prober: whoever runs this daemon has to act",
};

function about(record) {
  const planned = record.planned_unix_ns / 1e6;
  return facts([
    ["Blame", BLAMES[record.blame] ?? record.blame],
    ["Address", record.address],
    ["Due", element("time", { datetime: new Date(planned).toISOString() }, at(planned))],
    ["Began", `${span(record.lag)} later`],
    ["Latency", span(record.latency)],
    ["Attempts", String(record.attempts.length)],
    ["Probe", record.probe],
    ["Run", element("code", {}, record.run)],
    ["As JSON", link(runAnswer(record.run), "the whole record")],
  ]);
}

function attempt({ conclusion, report }, index, all) {
  const title = all > 1 ? `Attempt ${index + 1} of ${all}` : "What happened";
  const parts = [element("h2", {}, title)];
  if (all > 1) parts.push(element("p", { class: "sentence" }, element("code", {}, conclusion.reason), " ", conclusion.sentence));
  parts.push(waterfall(report));
  // Those of a step stand with it.
  const causes = whys(report, null);
  if (causes.length) parts.push(element("h3", {}, "Why"), element("ul", {}, ...causes));
  parts.push(...report.operations.map((one, at) => operation(one, blamed(report, at), report.steps[one.step]?.name)));
  if (report.log.length) parts.push(element("h3", {}, "Log"), log(report.log));
  if (report.measures.length) parts.push(element("h3", {}, "Measures"), facts(report.measures.map(measure)));
  if (report.cut) parts.push(cut(report.cut));
  parts.push(cost(report));
  return parts;
}

/** Whether one looks at this operation first: the only one, the one that failed, or the last one of a step that did. */
function blamed(report, at) {
  const { step } = report.operations[at];
  const isLast = report.operations.findLastIndex((one) => one.step === step) === at;
  const named = ({ cause, index, step: of }) => (cause === "operation" ? index === at : isLast && of !== undefined && of === step);
  return report.operations.length === 1 || report.causes.some(named);
}

function log(lines) {
  return element("ol", { class: "log" }, ...lines.map(({ at, level, message }) => element("li", {}, element("span", { class: "dim" }, `${span(at)} ${level}`), " ", message)));
}

function measure({ name, value, labels }) {
  return [[name, ...labels.map(([label, of]) => `${label}=${of}`)].join(" "), String(value)];
}

function cut({ log_lines: lines, header_fields: fields, shortened }) {
  const gone = `${count(lines, "log line")} and ${count(fields, "header field")}`;
  return element("p", { class: "dim" }, `Not kept: ${gone}. Cut short: ${count(shortened, "text or body", "texts and bodies")}.`);
}

const ENDINGS = {
  returned: "The probe returned",
  trapped: "The probe trapped",
  deadline: "The time ended",
  limit: "The probe reached a limit",
  cancelled: "The daemon stopped it",
  host_failed: "The host failed",
  not_loaded: "The probe could not be loaded",
};

function cost({ ending, took, usage }) {
  const how = `${ENDINGS[ending.how] ?? ending.how} after ${span(took)}${ending.limit ? `: ${spoken(ending.limit)}` : ""}`;
  const used = `CPU ${span(usage.cpu)}, memory ${Math.ceil(usage.memory_bytes / 1024)} KiB, ${count(usage.host_calls, "host call")}, queued ${span(usage.queued)}`;
  return element("p", { class: "dim" }, `${how}${ending.message ? `: ${ending.message}` : ""}. It used ${used}.`);
}
