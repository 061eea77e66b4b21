// @ts-check
// Keeps a TV page up to date: puts new markup into tiles, ticks clock and ages, says when the line is cut, celebrates.
// Everything that is shown was escaped by the server.

const body = document.body;
const locale = body.dataset["locale"] ?? "en";
const link = /** @type {HTMLElement} */ (document.querySelector(".link"));
const clock = /** @type {HTMLElement} */ (document.querySelector(".clock"));
const won = /** @type {HTMLElement} */ (document.querySelector(".won"));

/** A server that says nothing for so long is gone, even if the socket has not noticed. It says something every 15 s. */
const SILENCE_MS = 40_000;
const CELEBRATION_MS = 9_000;

const timeFormat = clockFormat();
const ageFormat = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });

let lastHeard = Date.now();
/** @type {Date | null} */
let cutSince = null;
/** @type {EventSource} */
let source = connect();

function connect() {
  const next = new EventSource(body.dataset["events"] ?? "");
  next.addEventListener("open", heard);
  next.addEventListener("same", heard);
  next.addEventListener("board", (event) => {
    heard();
    // eslint-disable-next-line typescript/no-unsafe-argument -- our own server's JSON
    showBoard(/** @type {Board} */ (JSON.parse(event.data)));
  });
  next.addEventListener("won", (event) => {
    heard();
    // eslint-disable-next-line typescript/no-unsafe-argument -- likewise
    celebrations.push(/** @type {{ markup: string }} */ (JSON.parse(event.data)).markup);
    if (celebrations.length === 1) celebrate();
  });
  next.addEventListener("error", () => {
    cutOff();
    // A browser gives up by itself when the answer is no event stream: a server that starts, a proxy's error page.
    if (next.readyState === EventSource.CLOSED) setTimeout(reconnect, 5_000);
  });
  return next;
}

function reconnect() {
  source.close();
  source = connect();
}

function heard() {
  lastHeard = Date.now();
  cutSince = null;
  link.hidden = true;
  body.classList.remove("cut");
}

function cutOff() {
  cutSince ??= new Date();
  link.hidden = false;
  link.textContent = (body.dataset["cut"] ?? "{time}").replace("{time}", timeFormat.format(cutSince));
  body.classList.add("cut");
}

/** @typedef {{ tiles: string[], freshness: string, assets: string }} Board As the server sends it: markup for each tile and the footer. */

/** @param {Board} board */
function showBoard(board) {
  const tiles = document.querySelectorAll("[data-tile]");
  // Another version of the page, or another definition of the board: start anew.
  if (board.assets !== body.dataset["assets"] || board.tiles.length !== tiles.length) {
    location.reload();
    return;
  }
  tiles.forEach((tile, index) => {
    const before = tile.querySelector("[data-flash]")?.textContent;
    const markup = board.tiles[index] ?? "";
    if (shown[index] === markup) return;
    shown[index] = markup;
    tile.innerHTML = markup;
    const value = tile.querySelector("[data-flash]");
    if (value !== null && before !== undefined && value.textContent !== before) value.classList.add("flash");
  });
  /** @type {HTMLElement} */ (document.querySelector("footer")).innerHTML = board.freshness;
  tick();
}

/** @type {string[]} What each tile was last given. */
const shown = [];
/** @type {string[]} The one that is shown first, then those that wait. */
const celebrations = [];

function celebrate() {
  const markup = celebrations[0];
  if (markup === undefined) return;
  won.innerHTML = markup + confetti();
  won.hidden = false;
  setTimeout(() => {
    won.hidden = true;
    celebrations.shift();
    celebrate();
  }, CELEBRATION_MS);
}

function confetti() {
  return `<div class="confetti" aria-hidden="true">${"<i></i>".repeat(24)}</div>`;
}

function tick() {
  const now = Date.now();
  clock.textContent = timeFormat.format(now);
  document.querySelectorAll("time[data-age]").forEach((element) => {
    const seconds = Math.max(0, Math.round((now - Date.parse(element.getAttribute("datetime") ?? "")) / 1000));
    element.textContent = age(seconds);
  });
  if (now - lastHeard > SILENCE_MS) {
    cutOff();
    lastHeard = now;
    reconnect();
  }
}

/** @param {number} seconds */
function age(seconds) {
  if (seconds < 90) return ageFormat.format(-seconds, "second");
  if (seconds < 90 * 60) return ageFormat.format(-Math.round(seconds / 60), "minute");
  if (seconds < 36 * 3600) return ageFormat.format(-Math.round(seconds / 3600), "hour");
  return ageFormat.format(-Math.round(seconds / 86400), "day");
}

function clockFormat() {
  const has12Hours = new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions().hour12 === true;
  const options = /** @type {const} */ ({ hour: has12Hours ? "numeric" : "2-digit", minute: "2-digit" });
  try {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone: body.dataset["timeZone"] });
  } catch {
    // An old browser that does not know the time zone.
    return new Intl.DateTimeFormat(locale, options);
  }
}

tick();
setInterval(tick, 1_000);
