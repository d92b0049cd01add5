// Parts of a page that stay current: when something happens to their kind of record, they are fetched again.
import { fetched } from "./navigation.js";

const STREAM = "/api/v1/activity-stream";
const kinds = new Set();
let waiting;

export function start() {
  const stream = new EventSource(STREAM);
  stream.addEventListener("open", () => state(true));
  stream.addEventListener("error", () => state(false));
  stream.addEventListener("activity", (event) => {
    const happened = JSON.parse(event.data);
    kinds.add(happened.entity_type);
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 400);
  });
  window.addEventListener("pagehide", () => stream.close());
}

function state(open) {
  document.getElementById("live-state")?.toggleAttribute("hidden", !open);
}

const concerned = (part) => part.dataset.live.split(" ").some((kind) => kind === "*" || kinds.has(kind));

// What somebody is typing into, or has opened, is left alone.
const busy = (part) =>
  part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, summary, button")
  || part.querySelector("details[open], .dragged");

async function refresh() {
  const parts = [...document.querySelectorAll("[data-live]")].filter((part) => concerned(part) && !busy(part));
  kinds.clear();
  if (!parts.length || document.hidden) return;
  const where = location.href;
  const { response, page } = await fetched(where).catch(() => ({}));
  if (!response?.ok || !page || location.href !== where) return;
  for (const part of parts) {
    const fresh = page.getElementById(part.id);
    if (fresh && part.isConnected && !busy(part)) part.replaceWith(fresh);
  }
}
