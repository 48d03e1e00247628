// The shop's page: signs in, orders, asks until the order is packed, shows the receipt, cancels.

const byId = (id) => document.getElementById(id);
const BETWEEN_LOOKS = 400;
const LOOKS = 30;

let token = "";
let order = "";

/** Asks the shop; whatever is not a success is thrown as the sentence that it answered. */
async function ask(method, path, json) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (json) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: json && JSON.stringify(json) });
  if (!answer.ok) {
    const { error } = await answer.json().catch(() => ({}));
    throw new Error(`${answer.status}: ${error ?? "no reason is given"}`);
  }
  return answer;
}

/** What an answer tells under a name; without it there is no way on. */
async function told(answer, name) {
  const json = await answer.json().catch(() => ({}));
  if (!json[name]) throw new Error(`the shop does not tell the ${name}`);
  return json[name];
}

/** Shows how far a step is, and how long it took. */
async function step(name, work) {
  const item = document.querySelector(`[data-step=${name}]`);
  const began = performance.now();
  item.querySelector("span")?.remove();
  item.dataset.state = "now";
  try {
    const result = await work();
    item.dataset.state = "done";
    const took = document.createElement("span");
    took.textContent = `${Math.round(performance.now() - began)} ms`;
    item.append(took);
    return result;
  } catch (error) {
    item.dataset.state = "failed";
    throw error;
  }
}

/** Shows steps as not done yet. */
function forget(...names) {
  for (const name of names) {
    const item = document.querySelector(`[data-step=${name}]`);
    delete item.dataset.state;
    item.querySelector("span")?.remove();
  }
}

/** Runs what a button starts; the button waits, and a failure is told. */
async function run(button, work) {
  button.disabled = true;
  byId("problem").hidden = true;
  try {
    await work();
  } catch (error) {
    byId("problem").textContent = error.message;
    byId("problem").hidden = false;
  } finally {
    button.disabled = false;
  }
}

async function signIn(form) {
  const wanted = Object.fromEntries(new FormData(form));
  token = await step("sign-in", async () => told(await ask("POST", "/api/session", wanted), "token"));
  form.password.value = "";
  byId("who").textContent = `Signed in as ${form.user.value}`;
  show({ signIn: false });
}

async function placeOrder(form) {
  forget("create", "poll", "receipt", "delete");
  byId("receipt-here").hidden = true;
  byId("cancel").hidden = true;
  const wanted = Object.fromEntries(new FormData(form));
  order = await step("create", async () => told(await ask("POST", "/api/orders", wanted), "id"));
  await step("poll", untilReady);
  byId("receipt-here").replaceChildren(...(await step("receipt", receipt)));
  byId("receipt-here").hidden = false;
  byId("cancel").hidden = false;
}

async function untilReady() {
  for (let look = 0; look < LOOKS; look += 1) {
    const status = await told(await ask("GET", `/api/orders/${order}`), "status");
    if (status === "ready") return;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
  }
  throw new Error("the order does not become ready");
}

async function receipt() {
  const text = await (await ask("GET", `/api/orders/${order}/receipt`)).text();
  return new DOMParser().parseFromString(text, "text/html").body.children;
}

async function cancel() {
  await step("delete", () => ask("DELETE", `/api/orders/${order}`));
  byId("receipt-here").hidden = true;
  byId("cancel").hidden = true;
}

async function signOut() {
  await ask("DELETE", "/api/session");
  token = "";
  byId("who").textContent = "Not signed in";
  forget("sign-in", "create", "poll", "receipt", "delete");
  byId("receipt-here").hidden = true;
  show({ signIn: true });
}

function show({ signIn }) {
  byId("sign-in").hidden = !signIn;
  byId("order").hidden = signIn;
  document.querySelector(".after").hidden = signIn;
  byId("cancel").hidden = true;
}

function onSubmit(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(event.submitter, () => work(form));
  });
}

onSubmit(byId("sign-in"), signIn);
onSubmit(byId("order"), placeOrder);
byId("cancel").addEventListener("click", (event) => run(event.target, cancel));
byId("sign-out").addEventListener("click", (event) => run(event.target, signOut));
