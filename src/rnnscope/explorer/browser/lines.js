// Gates and states of a unit as lines over the text in the window.

const LINES = { labels: 58, character: 8, band: 34, letters: 16, most: 4000 }; // px; characters at most
let lined = { key: "", text: null, first: 0 }; // what the lines on the page are of
let linesAsked = lined; // what the network was last asked for

/** The part of the text whose rows are in the window. */
function visiblePart() {
  const [top, end] = rowsInWindow(0), { firsts, lasts } = layout.rows;
  return end > top ? [firsts[top], Math.min(lasts[end - 1], firsts[top] + LINES.most)] : [0, 0];
}

function drawLines() {
  const text = textOf(view), [first, last] = visiblePart(), { model, layer, unit } = view;
  const key = [unitName(view), first, last].join("/");
  if (key === linesAsked.key && text === linesAsked.text) return markLines();
  const asked = { key, text, first };
  linesAsked = asked;
  if (last <= first) return $("lines-plot").replaceChildren();
  const question = { model, source: text.source, first, last, layer: layer - 1, unit };
  return engine.ask("unit", "trace", question, ({ lines }) => {
    if (asked !== linesAsked) return;
    const pane = element("div", "lines-pane");
    pane.tabIndex = 0;
    pane.setAttribute("role", "group");
    pane.setAttribute("aria-label", "Lines over the text in the window");
    pane.append(linesPicture(text, first, last, lines));
    $("lines-plot").replaceChildren(labelsPicture(), pane);
    lined = asked;
    markLines();
  });
}

/** Show where the selected character is. */
function markLines() {
  const pane = $("lines-plot").querySelector(".lines-pane"), mark = pane?.querySelector(".at");
  if (!mark) return;
  const x = (view.at - lined.first) * LINES.character;
  mark.setAttribute("x", x);
  pane.scrollLeft = x - pane.clientWidth / 2;
}

/** Where a value of a quantity is in its band: a gate from 0, others from -1, to 1. */
function heightInBand({ gate }, index, value) {
  const low = gate ? 0 : -1;
  return index * LINES.band + 3 + ((1 - value) / (1 - low)) * (LINES.band - 6);
}

function emptyPlot(width, bands, label) {
  const height = bands * LINES.band + LINES.letters;
  return svgElement("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", class: "plot", "aria-label": label });
}

/** The names of the quantities and the ends of their bands. */
function labelsPicture() {
  const entries = Object.entries(quantitiesInView()), picture = emptyPlot(LINES.labels, entries.length, "The quantities");
  entries.forEach(([name, quantity], index) => {
    const words = quantity.saturating ? `tanh(${name})` : name, end = { x: LINES.labels - 3, "text-anchor": "end" };
    for (const value of [quantity.gate ? 0 : -1, 1]) {
      const y = heightInBand(quantity, index, value) + (value === 1 ? 7 : 0);
      picture.append(svgElement("text", { ...end, y }, number(value, 0)));
    }
    picture.append(svgElement("text", { x: 0, y: (index + 0.5) * LINES.band + 3, class: "name" }, words.replace("candidate", "cand.")));
  });
  return picture;
}

function quantitiesInView() {
  return models.get(view.model).quantities;
}

/** A band for each quantity with its line, over the characters. */
function linesPicture(text, first, last, lines) {
  const entries = Object.entries(quantitiesInView()), wide = LINES.character, width = (last - first) * wide;
  const picture = emptyPlot(width, entries.length, `Gates and states of unit ${view.unit} over ${last - first} characters`);
  const height = entries.length * LINES.band + LINES.letters, x = (index) => (index + 0.5) * wide;
  picture.append(svgElement("rect", { x: 0, y: 0, width: wide, height, class: "at" }));
  entries.forEach(([name, quantity], index) => {
    const y = (value) => heightInBand(quantity, index, quantity.saturating ? Math.tanh(value) : value);
    const points = Array.from(lines[name], (value, step) => `${x(step)},${y(value).toFixed(1)}`);
    picture.append(svgElement("line", { x1: 0, x2: width, y1: y(0), y2: y(0), class: "rule" }));
    picture.append(svgElement("polyline", { points: points.join(" "), class: name === view.quantity ? "trace current" : "trace" }));
  });
  // One element for all letters: each has its place in the list of places.
  const letters = Array.from({ length: last - first }, (_, index) => letterOnLine(text, first + index));
  const places = letters.map((_, index) => x(index)).join(" ");
  picture.append(svgElement("text", { x: places, y: height - 4, class: "letter" }, letters.join("")));
  return picture;
}

/** What stands for a position: always one unit of a string, since places are counted in these. */
function letterOnLine(text, position) {
  if (text.kinds[position] === REST) return "\u00a0";
  const letter = text.letters.get(position) ?? signOf(text.ids[position]);
  return letter.length === 1 ? letter : "□";
}

$("lines-plot").addEventListener("click", ({ target, clientX }) => {
  const pane = target.closest(".lines-pane");
  if (!pane) return;
  const index = Math.floor((clientX - pane.firstChild.getBoundingClientRect().left) / LINES.character);
  show({ at: lined.first + index });
});
let liningUp;
$("text").addEventListener("scroll", () => {
  if (view.panel !== "unit") return;
  clearTimeout(liningUp);
  liningUp = setTimeout(drawLines, 150);
}, { passive: true });
