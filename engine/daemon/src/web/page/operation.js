// One operation on the network: what was asked, what came, from where, and which certificates were shown.

import { element, facts, row, table } from "./element.js";
import { bytes, now, rough, spoken } from "./words.js";

/** The parts of an answer, whether it is a success or a failure. */
export function answerOf({ answer }) {
  const came = answer && typeof answer === "object" ? Object.values(answer)[0] : null;
  const failure = came?.Err ?? null;
  const reply = came?.Ok ?? null;
  // The facts of a handshake are its whole answer.
  return { failure, reply, facts: failure?.facts ?? reply?.facts ?? (reply?.phases ? reply : null) };
}

/** What was asked, in a few words. */
export function titleOf(call) {
  const [[kind, asked]] = Object.entries(call);
  const titles = {
    http: () => `${asked.method} ${asked.url}`,
    dns: () => `dns ${asked.name} at ${asked.server}`,
    tls: () => `tls ${asked.host}:${asked.port}`,
    tcp_connect: () => `connect ${asked.host}:${asked.port}`,
    tcp_write: () => `write ${asked.bytes.length} bytes`,
    tcp_read: () => "read",
    tcp_close: () => "close",
  };
  return titles[kind]?.() ?? spoken(kind);
}

export function operation(made, isOpen, step) {
  const { failure, reply, facts: learnt } = answerOf(made);
  const [[kind, asked]] = Object.entries(made.call);
  const parts = [
    failure ? element("p", { class: "sentence" }, element("code", {}, failure.kind), " ", failure.message) : null,
    made.answer ? null : element("p", {}, "The attempt ended before an answer came."),
    exchange(learnt, reply),
    ...headers("Sent headers", asked.headers),
    ...headers("Received headers", reply?.headers),
    ...records(reply?.answers),
    ...octets(kind, asked, reply),
    ...chain(learnt?.tls),
  ].filter(Boolean);
  return element("details", { class: "operation", open: isOpen ? "" : null }, element("summary", {}, step === undefined ? "" : `${step}: `, titleOf(made.call)), ...parts);
}

function exchange(learnt, reply) {
  const { http, tls } = learnt ?? {};
  return facts([
    ["Address", learnt?.remote],
    ["Address family", learnt?.family_fallback ? "the other one had to be tried" : null],
    ["Connection", learnt?.reused ? "used again" : null],
    ["Status", http ? `${http.status} ${http.version}` : null],
    ["Hops", http?.hops?.length > 1 ? element("ol", {}, ...http.hops.map((hop) => element("li", {}, `${hop.status} ${hop.url}`, hop.remote ? ` at ${hop.remote}` : ""))) : null],
    ["Body", http ? `${http.body_bytes} bytes, ${http.wire_bytes} on the wire` : null],
    ["Response code", reply?.rcode],
    ["Server", reply?.server ? `${reply.server} by ${reply.transport}` : null],
    ["Handshake", tls ? [tls.version, tls.cipher, tls.alpn].filter(Boolean).join(", ") : null],
    ["Judged for", tls?.server_name],
    ["Chain", tls ? judgement(tls) : null],
  ]);
}

function judgement({ distrust, chain_valid_until: until }) {
  if (distrust) return element("span", { class: "bad" }, element("code", {}, distrust.kind), " ", distrust.message);
  return until ? `verifies, ${left(until)}` : "verifies";
}

function left(unixSeconds) {
  const distance = unixSeconds * 1000 - now();
  return distance < 0 ? `ended ${rough(distance)} ago` : `ends in ${rough(distance)}`;
}

function headers(title, fields) {
  if (!fields?.length) return [];
  return [element("h3", {}, title), element("dl", { class: "headers" }, ...fields.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, bytes(value))]))];
}

function records(answers) {
  if (!answers?.length) return [];
  return [element("h3", {}, "Answers"), table(["name", "TTL", "data"], answers.map(({ name, ttl, text }) => row(name, String(ttl), text)))];
}

function octets(kind, asked, reply) {
  const shown = kind === "tcp_write" ? asked.bytes : kind === "tcp_read" ? reply?.bytes : null;
  return shown?.length ? [element("pre", {}, bytes(shown))] : [];
}

function chain(tls) {
  if (!tls?.chain?.length) return [];
  const line = ({ subject, issuer, not_before: from, not_after: until, names, sha256 }) =>
    row(subject, issuer, names.join(", "), `${day(from)} to ${day(until)}, ${left(until)}`, element("code", { title: sha256 }, sha256.slice(0, 16)));
  return [element("h3", {}, "Certificates, as presented"), element("div", { class: "wide" }, table(["subject", "issuer", "names", "valid", "SHA-256"], tls.chain.map(line)))];
}

function day(unixSeconds) {
  return new Date(unixSeconds * 1000).toISOString().slice(0, 10);
}
