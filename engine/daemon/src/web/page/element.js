// The only place where the page makes elements. Text is always a text node: what a target has sent is never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; `null` and `undefined` among attributes and children are left out. */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same, of a picture. */
export function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** A link to an address of this page's own. */
export function link(href, ...children) {
  return element("a", { href }, ...children);
}

/** A link to somewhere else, or the plain text where the address is none that a browser may open. */
export function outward(address) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!["http:", "https:"].includes(url?.protocol)) return element("span", {}, address);
  return element("a", { href: url.href, rel: "noreferrer noopener" }, address);
}

/** A list of names and what they stand for; what is not there has no line. */
export function facts(pairs) {
  const lines = pairs.filter(([, value]) => ![null, undefined, ""].includes(value));
  return element("dl", {}, ...lines.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

/** A table with a line of headings. */
export function table(headings, rows, attributes = {}) {
  const head = element("tr", {}, ...headings.map((heading) => element("th", { scope: "col" }, heading)));
  return element("table", attributes, element("thead", {}, head), element("tbody", {}, ...rows));
}

/** A table's line. */
export function row(...cells) {
  return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}
