// Keeps the page up to date without loading it again: what has changed is put in piece by piece, so
// that a player goes on playing and an open list stays open.
"use strict";

const EVERY_MS = 1000;
const PATIENCE_MS = 10000;
/** What the server last wrote into each cell. */
const written = new Map();
let etag = "";
let isAsking = false;

for (const cell of document.querySelectorAll("[data-cell]")) written.set(cell.id, cell.innerHTML);

function putInCell(fresh) {
  const cell = document.getElementById(fresh.id);
  const html = fresh.innerHTML;
  if (!cell || written.get(fresh.id) === html) return;
  const open = [...cell.querySelectorAll("details[open]")].map((details) => details.id);
  cell.replaceChildren(...fresh.childNodes);
  written.set(fresh.id, html);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
}

/** Brings the children of a list into the server's order; those that stay are not touched. */
function putInList(fresh) {
  const list = document.getElementById(fresh.id);
  const wanted = [...fresh.children].map((child) => child.id);
  for (const child of [...list.children]) if (!wanted.includes(child.id)) child.remove();
  wanted.forEach((id, place) => {
    const known = document.getElementById(id);
    const there = list.children[place] ?? null;
    if (known === there && known) return;
    if (known) {
      list.insertBefore(known, there);
      return;
    }
    const added = list.insertBefore(document.importNode(fresh.querySelector(`#${CSS.escape(id)}`), true), there);
    for (const cell of added.querySelectorAll("[data-cell]")) written.set(cell.id, cell.innerHTML);
  });
}

function putIn(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const list of fresh.querySelectorAll("[data-list]")) putInList(list);
  for (const cell of fresh.querySelectorAll("[data-cell]")) putInCell(cell);
  setClock(fresh.getElementById("clock"));
}

/** Asks for the page, or sends a form and then asks. */
async function ask(form) {
  isAsking = true;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    if (form) {
      const answer = await fetch(form.action, { method: "POST", body: form.fields, signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const notice = page.getElementById("notice");
      document.getElementById("notice").replaceChildren(...(notice?.childNodes ?? []));
      etag = "";
    }
    const address = new URL(location.href);
    address.searchParams.delete("notice");
    const headers = { "If-None-Match": etag };
    const answer = await fetch(address, { cache: "no-store", headers, signal });
    document.body.classList.remove("lost");
    if (answer.status === 304) return;
    etag = answer.headers.get("etag") ?? "";
    putIn(await answer.text());
  } catch {
    document.body.classList.add("lost");
    etag = "";
  } finally {
    isAsking = false;
  }
}

setInterval(() => {
  if (!document.hidden && !isAsking) ask();
}, EVERY_MS);

document.addEventListener("submit", (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.dataset.ask && !confirm(form.dataset.ask)) return;
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  ask({ action: form.getAttribute("action"), fields });
});

/** The server's time as it was last told, and when. */
let clock = { now: 0, speed: 0, since: 0 };

function setClock(time) {
  clock = { now: +time.dataset.now, speed: +time.dataset.speed, since: performance.now() };
  tick();
}

function tick() {
  const date = new Date(clock.now + (performance.now() - clock.since) * clock.speed);
  // A clock that is fast enough leaves the years that a date can have.
  if (Number.isNaN(date.getTime())) return;
  document.getElementById("clock").textContent = date.toISOString().slice(0, 19).replace("T", " ");
}

setClock(document.getElementById("clock"));
setInterval(tick, 100);
