// Why an attempt did not pass: one line for each cause, with the line of the configuration that it is about.

import { element } from "./element.js";
import { answerOf } from "./operation.js";

/** The causes that belong to a step, or to none (`null`), as items of a list. */
export function whys(report, step, attributes = {}) {
  const own = report.causes.filter((cause) => (cause.step ?? null) === step);
  return own.flatMap((cause) => {
    const said = told(cause, report.operations);
    const line = cause.setting ? [" ", element("span", { class: "dim" }, cause.setting)] : [];
    return said ? [element("li", attributes, ...said, ...line)] : [];
  });
}

function told({ cause, kind, path, expected, got, message, failure, index, step }, operations) {
  if (cause === "assertion") {
    const where = kind === path ? kind : [kind, path].filter(Boolean).join(" ");
    return [element("code", {}, where), " expected ", element("code", {}, expected), ", got ", element("code", {}, got)];
  }
  // A failure stands with its operation too; a step says it where the reader looks first.
  const seen = cause === "operation" && step !== undefined ? answerOf(operations[index] ?? {}).failure : null;
  const text = message ?? failure?.message ?? seen?.message;
  return text ? [text] : null;
}
