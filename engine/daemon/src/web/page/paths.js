// Addresses of the page, and of the API beneath it.

/** Each part of a name is escaped; the `/` in the id of a team's check stays. */
function escaped(id) {
  return id.split("/").map(encodeURIComponent).join("/");
}

export function checkPath(id) {
  return `/checks/${escaped(id)}`;
}

export function runPath(id) {
  return `/runs/${escaped(id)}`;
}

export function checkAnswer(id) {
  return `/api/v1/checks/${escaped(id)}`;
}

export function runsAnswer(id) {
  return `/api/v1/runs?check=${encodeURIComponent(id)}&limit=100`;
}

export function runAnswer(id) {
  return `/api/v1/runs/${escaped(id)}`;
}
