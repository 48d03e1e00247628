// The parts of an operation, in the order in which they happen.

export const PHASES = ["blocked", "resolve", "connect", "tls", "send", "wait", "receive"];

/** Pairs of name and nanoseconds, of a record's list or of an object; what was not reached is not there. */
export function phasesOf(told) {
  const taken = (name, index) => (Array.isArray(told) ? told[index] : told?.[name]);
  const pairs = PHASES.map((name, index) => [name, taken(name, index)]);
  // A permit that was there at once is not worth a line.
  return pairs.filter(([name, nanos]) => nanos !== null && nanos !== undefined && !(name === "blocked" && nanos === 0));
}
