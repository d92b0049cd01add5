// The desk works without this script; with it, pages change in place, stay current, and answer to the keyboard.
import { start as navigation } from "./navigation.js";
import { start as live } from "./live.js";
import { start as palette } from "./palette.js";
import { start as board } from "./board.js";
import { enhance } from "./fields.js";

document.documentElement.classList.add("enhanced");
enhance(document);
if (document.body.classList.contains("desk")) {
  navigation(enhance);
  palette();
  board();
  live();
}
