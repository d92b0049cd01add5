// Ctrl-K or Cmd-K: search and jump from every page.
import { load } from "./navigation.js";

let dialog, input, list, chosen = 0, asked = 0, waiting;

export function start() {
  dialog = document.getElementById("palette");
  input = document.getElementById("palette-q");
  list = document.getElementById("palette-list");
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      open();
    }
  });
  for (const form of document.querySelectorAll("form[data-palette]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      open(form.elements.q.value);
    });
    form.elements.q.addEventListener("mousedown", (event) => {
      event.preventDefault();
      open();
    });
  }
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 120);
  });
  input.addEventListener("keydown", onKey);
  list.addEventListener("click", () => dialog.close());
}

function open(text = "") {
  if (dialog.open) return;
  input.value = text;
  list.replaceChildren();
  dialog.showModal();
  input.focus();
  look();
}

async function look() {
  const mine = ++asked;
  const response = await fetch(`/palette.json?q=${encodeURIComponent(input.value)}`).catch(() => null);
  if (mine !== asked || !response?.ok) return;
  show(await response.json());
}

function show(found) {
  list.replaceChildren(...found.map(entry));
  if (!found.length) {
    const none = document.createElement("li");
    none.className = "none";
    none.textContent = "Nothing found";
    list.append(none);
  }
  choose(0);
}

function entry({ href, label, kind }, index) {
  const item = document.createElement("li");
  item.role = "option";
  item.id = `palette-${index}`;
  const link = document.createElement("a");
  link.href = href;
  link.tabIndex = -1;
  const small = document.createElement("small");
  small.textContent = kind;
  link.append(label, small);
  item.append(link);
  return item;
}

function choose(index) {
  const items = [...list.querySelectorAll("[role=option]")];
  chosen = items.length ? (index + items.length) % items.length : 0;
  items.forEach((item, at) => item.setAttribute("aria-selected", at === chosen));
  input.setAttribute("aria-activedescendant", items.length ? items[chosen].id : "");
  items[chosen]?.scrollIntoView({ block: "nearest" });
}

function onKey(event) {
  if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen - 1);
  else if (event.key === "Enter") {
    const link = list.querySelectorAll("[role=option] a")[chosen];
    dialog.close();
    if (link) load(link.href);
  } else return;
  event.preventDefault();
}
