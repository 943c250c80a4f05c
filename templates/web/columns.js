/**
 * Columns of bars up and down from zero, in rows above one another; the largest bars have their values beside them.
 *
 * The arrow keys go from column to column; the one with the focus or the pointer tells what it holds.
 */

import { make, moveFocus } from "./parts.js";

const NUMBERS_IN_A_ROW = 7; // that have room beside each other

/** `--rows` are the rows' heights, the names' 26px last where there are some. */
export const COLUMNS_LOOK = `
.columns { display: grid; padding-inline: 1em; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); font-size: 20px; }
.column { display: grid; grid-template-rows: var(--rows); border-radius: 4px; cursor: default; }
.column:hover { background: var(--surface); }
.column:focus-visible { outline-offset: -2px; }
.column .cell { position: relative; min-width: 0; background: linear-gradient(var(--line), var(--line)) 0 var(--zero) / 100% 1.5px no-repeat; }
.column .cell + .cell { margin-top: 8px; }
.cell i { position: absolute; top: var(--top); height: max(1px, var(--size)); left: var(--from); right: var(--to); border-radius: 2px; background: var(--colour); }
.cell u { position: absolute; left: var(--middle); translate: -50% 0; text-decoration: none; font-weight: 600; white-space: nowrap; font-variant-numeric: tabular-nums; line-height: 1.1; text-shadow: 0 0 4px var(--tg-background, Canvas), 0 0 4px var(--tg-background, Canvas); pointer-events: none; }
.cell u[data-up] { bottom: calc(100% - var(--top) + 2px); }
.cell u[data-down] { top: calc(var(--top) + var(--size) + 2px); }
.column > span { display: grid; justify-content: center; grid-template-columns: 0; color: var(--muted); text-align: center; white-space: nowrap; line-height: 26px; }
`;

export class Columns {
  /** `label` says what they are; `tell(words)` is called with the words of a column that is looked at. */
  constructor(label, tell) {
    this.element = make("div", "", { role: "grid", "aria-label": label });
    this.row = make("div", "columns", { role: "row" });
    for (const name of ["pointerover", "focusin"]) {
      this.row.addEventListener(name, ({ target }) => {
        const told = target.closest(".column")?.getAttribute("aria-label");
        if (told) tell(told);
      });
    }
    this.row.addEventListener("keydown", (event) => moveFocus(event, [...this.row.children], this.row.children.length));
    this.element.append(this.row);
  }

  /**
   * Shows columns `{ told, name, bars }`: their words, what stands below, and for each row its bars `{ value, colour }`.
   * Of each row `rows` says how many bars have `numbers`, and which part of its height is `spare` for them at both ends.
   */
  show(columns, rows) {
    const looks = rows.map(({ numbers, spare }, row) => {
      const bars = columns.map((column) => column.bars[row]);
      return { scale: scaleOf(bars.flat().map((bar) => bar.value), spare), named: largestApart(bars, numbers) };
    });
    this.row.replaceChildren(...columns.map((column) => makeColumn(column, looks)));
    this.row.firstChild.tabIndex = 0;
  }
}

/** A number with its sign and two decimals. */
export function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

/** What has a value, the largest first, whichever its sign. */
export function sortBySize(parts) {
  return parts.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value));
}

/** The largest bars of a row whose numbers have room beside each other. */
function largestApart(bars, numbers) {
  const at = new Map(bars.flatMap((column, i) => column.map((bar) => [bar, i])));
  const found = [];
  for (const bar of sortBySize([...at.keys()])) {
    const near = found.some((other) => Math.abs(at.get(other) - at.get(bar)) < bars.length / NUMBERS_IN_A_ROW);
    if (!near && found.length < numbers) found.push(bar);
  }
  return new Set(found);
}

/** Where zero and other values are, in % from the top. */
function scaleOf(values, spare) {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = (high - low || 1) / (1 - 2 * spare);
  return (value) => 100 * spare + (100 * (high - value)) / room;
}

function makeColumn({ told, name, bars }, looks) {
  const column = make("div", "column", { role: "gridcell", tabindex: -1, "aria-label": told });
  column.append(...bars.map((those, row) => makeColumnCell(those, looks[row])));
  if (name !== undefined) column.append(make("span", "", {}, name));
  return column;
}

function makeColumnCell(bars, { scale, named }) {
  const cell = make("div", "cell");
  cell.style.setProperty("--zero", `${scale(0)}%`);
  const side = bars.length > 1 ? 12 : 6;
  const width = (100 - 2 * side) / bars.length;
  bars.forEach(({ value, colour }, i) => {
    const [top, bottom] = [scale(Math.max(0, value)), scale(Math.min(0, value))];
    const [from, to] = [side + i * width, side + (bars.length - 1 - i) * width];
    const place = `--top: ${top}%; --size: ${bottom - top}%; --from: ${from}%; --to: ${to}%; --middle: ${(100 + from - to) / 2}%`;
    cell.append(make("i", "", { style: `${place}; --colour: ${colour}` }));
    if (named.has(bars[i])) cell.append(make("u", "", { style: place, [value < 0 ? "data-down" : "data-up"]: "" }, signed(value)));
  });
  return cell;
}
