// Dragging a deal to another lane does what its Move buttons do.
import { say, send } from "./navigation.js";

let dragged = null;

export function start() {
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.(".ticket[draggable]");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.id);
    dragged.classList.add("dragged");
    for (const lane of document.querySelectorAll(".lane")) {
      if (!lane.contains(dragged)) lane.dataset.over = mayGo(lane) ? "" : "no";
    }
  });
  document.addEventListener("dragover", (event) => {
    const lane = dragged && event.target.closest?.(".lane");
    for (const other of document.querySelectorAll('.lane[data-over="yes"]')) if (other !== lane) other.dataset.over = "";
    if (!lane || !mayGo(lane)) return;
    event.preventDefault();
    lane.dataset.over = "yes";
  });
  document.addEventListener("drop", (event) => {
    const lane = dragged && event.target.closest?.(".lane");
    if (!lane || lane.contains(dragged)) return;
    event.preventDefault();
    const button = [...dragged.querySelectorAll("form")].find((form) => form.elements.status?.value === lane.dataset.status);
    if (button) send(button);
    else say("This deal cannot go there from where it is.");
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
    for (const lane of document.querySelectorAll(".lane[data-over]")) delete lane.dataset.over;
  });
}

const mayGo = (lane) => dragged.dataset.moves.split(" ").includes(lane.dataset.status);
