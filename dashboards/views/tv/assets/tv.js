// @ts-check
// Keeps a TV page up to date: puts new markup into tiles, ticks clock and ages, says when the line is cut, celebrates, hands over to the
// next dashboard. Everything that is shown was escaped by the server. Written for the browsers of old televisions (Chrome 79): no `?.`, no `??`.

const body = document.body;
const locale = body.dataset["locale"] || "en";
const link = /** @type {HTMLElement} */ (document.querySelector(".link"));
const won = {
  element: /** @type {HTMLElement} */ (document.querySelector(".won")),
  /** @type {string[]} The markup of wins that nobody has seen yet. */
  queue: [],
  isBusy: false,
};

/** A server that says nothing for so long is gone, even if the socket has not noticed. It says something every 15 s. */
const SILENCE_MS = 40000;
const CELEBRATION_MS = 9000;
/** The numbers are to be read, too: so long they are left alone between two celebrations. */
const REST_MS = 30000;
/** More wins than these are celebrated as "and so many more". */
const MOST_WINS = 4;
/** So that no letter stands on the same pixels for a day. */
const SHIFT_MS = 120000;

const timeFormat = clockFormat(locale, {});
const timeOfDay = clockFormat("en-GB", { hourCycle: "h23" });
const ageFormat = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });

let lastHeard = Date.now();
/** @type {Date | null} */
let cutSince = null;
/** @type {EventSource} */
let source = connect();

function connect() {
  const next = new EventSource(body.dataset["events"] || "");
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
    won.queue.push(/** @type {{ markup: string }} */ (JSON.parse(event.data)).markup);
    celebrate();
  });
  next.addEventListener("error", () => {
    cutOff();
    // A browser gives up by itself when the answer is no event stream: a server that starts, a proxy's error page.
    if (next.readyState === EventSource.CLOSED) setTimeout(reconnect, 5000);
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
  if (cutSince === null) cutSince = new Date();
  link.hidden = false;
  link.textContent = (body.dataset["cut"] || "{time}").replace("{time}", timeFormat.format(cutSince));
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
    const was = tile.querySelector("[data-flash]");
    const markup = board.tiles[index] || "";
    if (shown[index] === markup) return;
    shown[index] = markup;
    tile.innerHTML = markup;
    const value = tile.querySelector("[data-flash]");
    if (value !== null && was !== null && value.textContent !== was.textContent) value.classList.add("flash");
  });
  /** @type {HTMLElement} */ (document.querySelector("footer")).innerHTML = board.freshness;
  tick();
}

/** @type {string[]} What each tile was last given. */
const shown = [];

/** All who wait are celebrated at once, and then the numbers have their turn. */
function celebrate() {
  if (won.isBusy || won.queue.length === 0) return;
  const wins = won.queue.splice(0);
  const more = wins.length - MOST_WINS;
  won.isBusy = true;
  won.element.className = `won ${wins.length === 1 ? "" : "many"}`;
  won.element.innerHTML =
    wins.slice(0, MOST_WINS).join("") + (more > 0 ? `<p class="won-more">+ ${more}</p>` : "") + confetti();
  won.element.hidden = false;
  if (isSoundOn()) chime();
  setTimeout(() => {
    won.element.hidden = true;
    won.element.innerHTML = "";
  }, CELEBRATION_MS);
  setTimeout(() => {
    won.isBusy = false;
    celebrate();
  }, CELEBRATION_MS + REST_MS);
}

function isSoundOn() {
  const [from, to] = (body.dataset["sound"] || "").split("-");
  if (!from || !to) return false;
  const time = timeOfDay.format(Date.now());
  return from <= to ? from <= time && time <= to : from <= time || time <= to;
}

/** Three rising notes. A browser that wants a touch of its user before it plays anything stays silent. */
function chime() {
  try {
    const audio = new AudioContext();
    [523, 659, 784].forEach((frequency, index) => {
      const note = audio.createOscillator();
      const volume = audio.createGain();
      const at = audio.currentTime + index * 0.18;
      note.frequency.value = frequency;
      volume.gain.setValueAtTime(0.2, at);
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.6);
      note.connect(volume).connect(audio.destination);
      note.start(at);
      note.stop(at + 0.6);
    });
    setTimeout(() => void audio.close(), 2000);
  } catch {
    // No sound, then.
  }
}

function confetti() {
  return `<div class="confetti" aria-hidden="true">${"<i></i>".repeat(24)}</div>`;
}

function tick() {
  const now = Date.now();
  document.querySelectorAll(".clock, [data-clock]").forEach((element) => {
    element.textContent = timeFormat.format(now);
  });
  document.querySelectorAll("time[data-age]").forEach((element) => {
    const seconds = Math.max(0, Math.round((now - Date.parse(element.getAttribute("datetime") || "")) / 1000));
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

/**
 * @param {string} language
 * @param {Intl.DateTimeFormatOptions} more
 */
function clockFormat(language, more) {
  const has12Hours = new Intl.DateTimeFormat(language, { hour: "numeric" }).resolvedOptions().hour12 === true;
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { hour: has12Hours ? "numeric" : "2-digit", minute: "2-digit", ...more };
  try {
    return new Intl.DateTimeFormat(language, { ...options, timeZone: body.dataset["timeZone"] });
  } catch {
    // An old browser that does not know the time zone.
    return new Intl.DateTimeFormat(language, options);
  }
}

/** The next dashboard takes this one's place, once it is certain that it comes: a browser's error page would stay for good. */
async function rotate() {
  const next = body.dataset["next"];
  if (next === undefined) return;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, Number(body.dataset["nextAfter"]) * 1000));
    if (cutSince === null && !won.isBusy && (await answers(next))) {
      location.replace(next);
      return;
    }
  }
}

/** @param {string} address */
async function answers(address) {
  try {
    return (await fetch(address, { method: "HEAD" })).ok;
  } catch {
    return false;
  }
}

/** A screen that sleeps shows nothing. Browsers let go of the lock whenever the page is hidden. */
function stayAwake() {
  const { wakeLock } = navigator;
  if (wakeLock === undefined || document.visibilityState !== "visible") return;
  wakeLock.request("screen").catch(() => undefined);
}

let shift = 0;
function shiftPixels() {
  shift = (shift + 1) % 4;
  const [x, y] = [shift === 1 || shift === 2 ? 3 : 0, shift >= 2 ? 3 : 0];
  body.style.transform = `translate(${x}px, ${y}px)`;
}

tick();
setInterval(tick, 1000);
setInterval(shiftPixels, SHIFT_MS);
void rotate();
stayAwake();
document.addEventListener("visibilitychange", stayAwake);
