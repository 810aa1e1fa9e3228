// Talking to the local Slack under /ui/: the address, the token, and failures in words for people.

const TOKEN = document.querySelector('meta[name="page-token"]').content;
const GONE = "The local Slack does not answer. Is it still running?";
const RELOADED = "reloaded-for-token";
const SECOND = 1000;

const WORDS = {
  operation_timeout: "The app did not answer within three seconds. What it was told may still arrive.",
  dispatch_failed: "The app could not be reached.",
  invalid_command_response: "The app answered with something that cannot be shown.",
  invalid_response: "The app answered with something that cannot be shown.",
  not_interactive: "This app takes no clicks.",
};

/** Somebody said no. `message` is for people; `problems` says which fields of a form ({block_id: text}). */
export class Refused extends Error {
  constructor(message, problems = {}) {
    super(message);
    this.problems = problems;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { "X-Page-Token": TOKEN, ...options.headers } });
  } catch {
    throw new Refused(GONE);
  }
  const answer = await response.json().catch(() => null);
  if (response.status === 403) reloadOnce();
  if (!response.ok || answer === null || answer.ok === false) throw refused(response, answer);
  return answer;
}

function refused(response, answer) {
  if (answer === null) return new Refused(`The local Slack answered with status ${response.status}.`);
  if (answer.error === "client") return new Refused("Please look at the marked fields.", answer.problems);
  return new Refused(WORDS[answer.code] ?? answer.message ?? `Status ${response.status}.`);
}

/** The server was started anew, so this page's token is an old one: load the page again, but not in a circle. */
function reloadOnce() {
  const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
  if (Date.now() - last < 10 * SECOND) return;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
}

/** GET some JSON; throws Refused. */
export const get = (path) => ask(path);

function post(path, body) {
  return ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

/** One operation of `/ui/do/` for a person; throws Refused. */
export const act = (person, operation, body = {}) => post(`/ui/do/${operation}`, { person, ...body });

/** What a person sees now. */
export const snapshotOf = (person) => get(`/ui/snapshot?person=${encodeURIComponent(person)}`);

/** What an extra panel shows. */
export const showExtra = (name) => get(`/ui/extra/${encodeURIComponent(name)}`);

/** One operation of an extra panel. */
export const operateExtra = async (name, operation, args) =>
  (await post(`/ui/extra/${encodeURIComponent(name)}`, { operation, args })).result;

/**
 * Follow what a person sees, connecting again whenever the line breaks. `seen` gets each snapshot, `connected` true
 * or false. Returns what ends it.
 */
export function follow(person, seen, connected) {
  let socket = null;
  let ended = false;
  let tries = 0;
  let timer = null;

  function connect() {
    const address = new URL("/ui/live", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.search = new URLSearchParams({ person, token: TOKEN }).toString();
    socket = new WebSocket(address);
    socket.addEventListener("message", (event) => {
      tries = 0;
      if (ended) return;
      connected(true);
      const told = JSON.parse(event.data);
      if (told.type === "snapshot") seen(told.snapshot);
    });
    socket.addEventListener("close", again);
  }

  function again() {
    if (ended) return;
    connected(false);
    tries += 1;
    timer = setTimeout(
      () => {
        get("/ui/people").then(connect, again); // asked first: a failed request tells more than a failed socket
      },
      Math.min(250 * 2 ** Math.min(tries, 5), 5 * SECOND),
    );
  }

  connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    socket.close();
  };
}
