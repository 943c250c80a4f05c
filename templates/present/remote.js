/**
 * A phone as remote: two large buttons, the notes, the clock.
 */

import { follow, minutes, plan, turn } from "./talk.js";

const part = (id) => document.getElementById(id);
let shown = "";

document.querySelectorAll("[data-turn]").forEach((button) => {
  button.addEventListener("click", () => {
    navigator.vibrate?.(15);
    turn(button.dataset.turn);
  });
});

follow("remote", (talk, now) => {
  part("where").dataset.state = now ? (now.windows.deck ? "ready" : "") : "gone";
  if (!now) {
    part("where").textContent = "no connection";
    return;
  }
  const { slide } = now.stage;
  const about = talk.slides[slide - 1];
  part("where").textContent = now.windows.deck ? `${slide} of ${talk.slides.length}` : "no deck is open";
  part("clock").textContent = minutes(now.seconds ?? 0);
  const { text, late } = plan(talk.slides, slide, now.seconds);
  part("planned").textContent = text;
  part("clock").toggleAttribute("data-late", late);
  const notes = `${about?.title ?? ""}\n\n${about?.notes ?? ""}`.trim();
  if (notes === shown) return;
  shown = part("notes").textContent = notes;
  part("notes").scrollTop = 0;
});
