// @ts-check
// The console works without this. With it, pages look again by themselves, ages tick, and what cannot be undone is asked twice.

const LOOK_AGAIN_MS = 5_000;
const ageFormat = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

function tick() {
  const now = Date.now();
  document.querySelectorAll("time[data-age]").forEach((element) => {
    const seconds = Math.round((now - Date.parse(element.getAttribute("datetime") ?? "")) / 1000);
    element.textContent = age(Math.max(0, seconds));
  });
}

/** @param {number} seconds */
function age(seconds) {
  if (seconds < 90) return ageFormat.format(-seconds, "second");
  if (seconds < 90 * 60) return ageFormat.format(-Math.round(seconds / 60), "minute");
  if (seconds < 36 * 3600) return ageFormat.format(-Math.round(seconds / 3600), "hour");
  return ageFormat.format(-Math.round(seconds / 86400), "day");
}

async function lookAgain() {
  const main = document.querySelector("main[data-live]");
  // Nothing is taken from under a hand: not while something inside has the focus, is open, or the page is hidden.
  if (main === null || document.hidden || main.contains(document.activeElement) || main.querySelector("details[open]"))
    return;
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) {
    if (response.status === 401) location.reload();
    return;
  }
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main");
  if (fresh === null || main.contains(document.activeElement)) return;
  // Otherwise a notice would vanish with the first look.
  const notice = main.querySelector(".notice");
  if (notice !== null && fresh.querySelector(".notice") === null) return;
  main.innerHTML = fresh.innerHTML;
  tick();
}

document.addEventListener("submit", (event) => {
  const button = event.target instanceof HTMLFormElement ? event.target.querySelector("button.danger") : null;
  if (button !== null && !confirm(`${button.getAttribute("aria-label") ?? button.textContent}?`))
    event.preventDefault();
});

tick();
setInterval(tick, 1_000);
setInterval(() => void lookAgain().catch(() => undefined), LOOK_AGAIN_MS);
