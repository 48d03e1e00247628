// Addresses of the page, and of the API beneath it: this file says where the page begins, whatever stands before it.

const ROOT = new URL("..", import.meta.url).pathname;

/** Each part of a name is escaped; the `/` in the id of a team's check stays. */
function escaped(id) {
  return id.split("/").map(encodeURIComponent).join("/");
}

/** Which of the page's addresses this is: its kind, and whose. */
export function here() {
  const [kind, ...rest] = location.pathname.slice(ROOT.length).split("/");
  return { kind, id: rest.map(decodeURIComponent).join("/") };
}

export function checkPath(id) {
  return `${ROOT}checks/${escaped(id)}`;
}

export function runPath(id) {
  return `${ROOT}runs/${escaped(id)}`;
}

export function checksAnswer() {
  return `${ROOT}api/v1/checks?compact=true`;
}

export function statusAnswer() {
  return `${ROOT}api/v1/status`;
}

export function filesAnswer() {
  return `${ROOT}api/v1/files`;
}

export function checkAnswer(id) {
  return `${ROOT}api/v1/checks/${escaped(id)}`;
}

export function runsAnswer(id) {
  return `${ROOT}api/v1/runs?check=${encodeURIComponent(id)}&limit=100`;
}

export function runAnswer(id) {
  return `${ROOT}api/v1/runs/${escaped(id)}`;
}
