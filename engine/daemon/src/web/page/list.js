// A long list: some lines at first, more when they are asked for. What was asked for stays over a refresh.

import { element } from "./element.js";

const MORE = 500;
const asked = new Map();

export function list(key, items, line, most, shown) {
  const limit = asked.get(key) ?? most;
  const lines = element("ul", { class: "lines" }, ...items.slice(0, limit).map(line));
  const left = items.length - limit;
  if (left <= 0) return lines;
  const button = element("button", { type: "button", "data-key": `more ${key}` }, `Show ${Math.min(MORE, left).toLocaleString("en")} of ${left.toLocaleString("en")} more`);
  button.addEventListener("click", () => {
    asked.set(key, limit + MORE);
    shown.redraw();
  });
  return element("div", {}, lines, button);
}
