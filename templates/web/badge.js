/**
 * The badge that says where what is shown comes from.
 */

export const BADGE_LOOK = `
.badge { display: flex; align-items: baseline; gap: 0.45em; margin: 0 0 0.15em; color: var(--muted); font-size: 20px; line-height: 1.4; }
.badge::before { content: ""; flex: none; width: 0.55em; height: 0.55em; border: 2px solid currentColor; border-radius: 50%; }
.badge span { text-wrap: balance; }
.badge[data-state="live"]::before { border-color: var(--tg-good, #2fbf95); background: var(--tg-good, #2fbf95); }
.badge[data-state="page"]::before { border-color: var(--tg-good, #2fbf95); background: linear-gradient(90deg, var(--tg-good, #2fbf95) 50%, transparent 50%); }
`;

/** An empty badge. */
export function makeBadge() {
  const badge = document.createElement("p");
  badge.className = "badge";
  badge.append(document.createElement("span"));
  return badge;
}

/** Says `text`; `state` is "live", "page" or "recorded". */
export function setBadge(badge, state, text) {
  badge.dataset.state = state;
  badge.firstChild.textContent = text;
}
