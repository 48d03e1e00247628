// Times, spans and numbers as people read them.

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** What this machine's clock is behind the daemon's: ages are told by the daemon's. */
let behind = 0;

/** Learns the daemon's clock from an answer. */
export function setClock(date) {
  const told = Date.parse(date ?? "");
  // The header has whole seconds: less than that is no difference.
  if (!Number.isNaN(told)) behind = Math.abs(told - Date.now()) < 1500 ? 0 : told - Date.now();
}

/** The daemon's time, in Unix milliseconds. */
export function now() {
  return Date.now() + behind;
}

/** Nanoseconds, with three digits. */
export function span(nanos) {
  if (nanos === null || nanos === undefined) return "–";
  for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]]) {
    if (nanos >= size) return `${digits(nanos / size)} ${unit}`;
  }
  return `${nanos} ns`;
}

function digits(number) {
  return number >= 100 ? number.toFixed(0) : number.toPrecision(3);
}

/** Milliseconds, roughly. */
export function rough(millis) {
  const seconds = Math.abs(millis) / 1000;
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return seconds >= 1 ? `${Math.round(seconds)} s` : `${Math.round(seconds * 1000)} ms`;
}

/** How long ago, or in how long. */
export function relative(unixMillis) {
  const distance = unixMillis - now();
  if (Math.abs(distance) < 1000) return "now";
  return distance < 0 ? `${rough(distance)} ago` : `in ${rough(distance)}`;
}

export function at(unixMillis) {
  return moment.format(unixMillis);
}

export function atClock(unixMillis) {
  return clock.format(unixMillis);
}

/** `1 run`, `2 runs`. */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** `http_status` is read as `http status`. */
export function spoken(name) {
  return name.replaceAll("_", " ");
}

/** Bytes as the JSON has them, a list of numbers, as text; what is no text is escaped. */
export function bytes(list) {
  const text = typeof list === "string" ? list : new TextDecoder().decode(Uint8Array.from(list ?? []));
  const control = (letter) => `\\x${letter.codePointAt(0).toString(16).padStart(2, "0")}`;
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/gu, control);
}
