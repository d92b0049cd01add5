// Two comforts on top of pages that read without it: a filter over the navigation, and buttons that copy examples.

const field = document.querySelector("#q");
const contents = document.querySelector("#contents");
const found = document.querySelector("#found");
const groups = [...contents.querySelectorAll("details")].map((details) => ({
  details,
  open: details.open,
  entries: [...details.querySelectorAll("li")],
}));

function filter() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { details, open, entries } of groups) {
    let shown = 0;
    for (const entry of entries) {
      const fits = words.every((word) => entry.dataset.words.includes(word));
      entry.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    details.hidden = shown === 0;
    details.open = words.length ? shown > 0 : open;
    count += shown;
  }
  contents.classList.toggle("filtered", words.length > 0);
  found.textContent = words.length ? `${count} ${count === 1 ? "operation" : "operations"}` : "";
}

field.addEventListener("input", filter);
field.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    field.value = "";
    filter();
  }
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});

for (const figure of document.querySelectorAll("figure.example")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const code = figure.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      // Browsers keep the clipboard from pages that came without TLS: leave the text selected instead.
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1600);
  });
  figure.querySelector("figcaption").append(button);
}

const current = contents.querySelector("details[open]");
if (current && contents.scrollHeight > contents.clientHeight) {
  contents.scrollTop = current.offsetTop - contents.offsetTop - contents.clientHeight / 4;
}
