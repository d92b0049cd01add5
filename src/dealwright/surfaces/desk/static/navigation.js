// Links and forms of the desk, followed by fetching the same addresses and putting the new page's main part in place.
const PART = { "x-desk-part": "1" };
const OURS = (url) => url.origin === location.origin && !/^\/(api|docs|static|assets|v1)(\/|$)/.test(url.pathname);
let enhance = () => {};
let latest = 0;

export function start(enhancing) {
  enhance = enhancing;
  history.replaceState({ desk: true }, "");
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("input", onInput);
  document.addEventListener("change", onChange);
  document.addEventListener("keydown", onKey);
  window.addEventListener("popstate", () => load(location.href, { push: false }));
  settle(document.getElementById("main"));
}

export const parse = (text) => new DOMParser().parseFromString(text, "text/html");

export async function fetched(url, options = {}) {
  const response = await fetch(url, { ...options, headers: { ...PART, ...options.headers }, credentials: "same-origin" });
  const kind = response.headers.get("content-type") || "";
  return { response, page: kind.startsWith("text/html") ? parse(await response.text()) : null };
}

export async function load(url, { push = true } = {}) {
  const mine = ++latest;
  const { response, page } = await attempt(url);
  if (mine !== latest) return;
  if (!page || !isPart(page)) return void location.assign(url);
  show(page, response, push);
  if (!new URL(response.url).hash) scrollTo(0, 0);
}

export async function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  const target = new URL(submitter?.formAction && submitter.hasAttribute("formaction") ? submitter.formAction : form.action);
  submitter?.setAttribute("aria-busy", "true");
  const mine = ++latest;
  try {
    const { response, page } = await attempt(target, { method: "POST", body });
    if (mine !== latest) return;
    if (!page || !isPart(page)) return void location.assign(response.redirected ? response.url : location.href);
    const question = page.querySelector("[data-ask]");
    if (question) return ask(question);
    const samePlace = new URL(response.url).pathname === location.pathname;
    show(page, response, response.redirected && !samePlace);
    if (response.redirected && !samePlace) scrollTo(0, 0);
  } finally {
    submitter?.removeAttribute("aria-busy");
  }
}

async function attempt(url, options) {
  try {
    return await fetched(url, options);
  } catch {
    say("The server cannot be reached. What you typed is still here.");
    throw new Error("unreachable");
  }
}

const isPart = (page) => page.getElementById("main") && !page.body.classList.contains("outside");

function show(page, response, push) {
  document.getElementById("ask")?.close();
  document.getElementById("nav")?.hidePopover?.();
  const main = page.getElementById("main");
  if (push) history.pushState({ desk: true }, "", response.url);
  document.title = `${page.title} · ${document.querySelector(".side .brand span:last-child")?.textContent ?? ""}`;
  document.getElementById("main").replaceWith(main);
  mark();
  enhance(main);
  settle(main);
}

// Where the keyboard goes on: to what is wrong, to where the link points, or to the new page's beginning.
function settle(main) {
  const wrong = main.querySelector("[aria-invalid='true']") ?? main.querySelector("#problem");
  const aim = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  if (wrong) {
    if (!wrong.matches("input, select, textarea")) wrong.tabIndex = -1;
    wrong.focus();
  } else if (main.querySelector("[autofocus]")) {
    main.querySelector("[autofocus]").focus();
  } else if (latest) {
    main.focus({ preventScroll: true });
    aim?.scrollIntoView({ block: "nearest" });
  }
  const toast = main.querySelector(".toast");
  if (toast) {
    tell(toast.textContent.trim());
    setTimeout(() => toast.remove(), 6000);
  }
}

function mark() {
  for (const link of document.querySelectorAll(".side li a")) {
    const path = link.getAttribute("href");
    const here = location.pathname === path || (path !== "/" && location.pathname.startsWith(path + "/"));
    link.toggleAttribute("aria-current", here);
    if (here) link.setAttribute("aria-current", "page");
  }
}

export function tell(text) {
  const region = document.getElementById("said");
  if (region) region.textContent = text;
}

export function say(text) {
  document.querySelector(".toast")?.remove();
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.textContent = text;
  document.getElementById("main").prepend(toast);
  tell(text);
  setTimeout(() => toast.remove(), 6000);
}

function ask(question) {
  const dialog = document.getElementById("ask");
  const box = document.createElement("div");
  question.querySelector("h1")?.replaceWith(heading(question.querySelector("h1").textContent));
  box.append(question);
  dialog.replaceChildren(box);
  dialog.showModal();
  question.querySelector("[data-close]")?.focus();
}

function heading(text) {
  const made = document.createElement("h2");
  made.textContent = text;
  return made;
}

function onClick(event) {
  const close = event.target.closest("dialog [data-close]");
  if (close) {
    event.preventDefault();
    return void close.closest("dialog").close();
  }
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  if (link.target || link.hasAttribute("download") || "full" in link.dataset || !OURS(url)) return;
  if (url.hash && url.pathname === location.pathname && url.search === location.search) return;
  event.preventDefault();
  load(url.href);
}

function onSubmit(event) {
  const form = event.target;
  const full = "full" in form.dataset || "palette" in form.dataset || form.method === "dialog";
  if (event.defaultPrevented || full || !OURS(new URL(form.action))) return;
  event.preventDefault();
  if (form.method === "post") send(form, event.submitter);
  else if ("filter" in form.dataset) filter(form);
  else load(addressOf(form));
}

function addressOf(form) {
  const url = new URL(form.action);
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  url.search = new URLSearchParams(fields);
  return url.href;
}

// A filter changes the list below it and leaves the keyboard where it is.
let waiting;
function onInput(event) {
  const form = event.target.closest("form[data-filter]");
  if (!form) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => filter(form), 250);
}

async function filter(form) {
  clearTimeout(waiting);
  const mine = ++latest;
  const url = addressOf(form);
  const { response, page } = await attempt(url);
  if (mine !== latest || !page) return;
  if (!isPart(page)) return void location.assign(url);
  const list = page.getElementById("list");
  if (!response.ok || !list) return void show(page, response, false);
  history.replaceState({ desk: true }, "", url);
  document.getElementById("list").replaceWith(list);
  const pages = document.querySelector("nav.pages");
  pages?.replaceWith(page.querySelector("nav.pages") ?? "");
  tell(page.querySelector("nav.pages span")?.textContent ?? "Updated");
}

function onChange(event) {
  const form = event.target.closest("form[data-auto]");
  if (form?.reportValidity()) send(form);
}

function onKey(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.closest("form")?.requestSubmit();
}
