// Fields that help: long choices can be searched, code can be copied.
const MANY = 50;

export function enhance(root) {
  for (const select of root.querySelectorAll("select[data-choices]")) searchable(select);
  for (const button of root.querySelectorAll("[data-copy]")) copying(button);
}

function searchable(select) {
  if (select.options.length < MANY) return;
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = "Type to search";
  search.setAttribute("aria-label", `Search: ${select.labels[0]?.firstChild.textContent.trim() ?? ""}`);
  let waiting, asked = 0;
  search.addEventListener("input", (event) => {
    event.stopPropagation();
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const mine = ++asked;
      const response = await fetch(`${select.dataset.choices}?q=${encodeURIComponent(search.value)}`);
      if (mine !== asked || !response.ok) return;
      const kept = [...select.options].filter((option) => option.value === "" || option.selected);
      const known = new Set(kept.map((option) => option.value));
      const found = (await response.json()).filter((each) => !known.has(each.value));
      select.replaceChildren(...kept, ...found.map((each) => new Option(each.label, each.value)));
      if (search.value && found.length) select.value = found[0].value;
    }, 200);
  });
  select.before(search);
}

function copying(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
    const word = button.lastChild;
    const before = word.textContent;
    word.textContent = "Copied";
    setTimeout(() => (word.textContent = before), 1500);
  });
}
