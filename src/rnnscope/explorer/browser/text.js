// The text: a pane in which only the rows near the window exist.

const OVERSCAN = 0.5; // windows of rows above and below
const CELL = { cellTop: 2, cellHeight: 22, lineHeight: 26 };
const STRIP_CHARACTERS = 5000; // at most, of the stream, on the strip

const layout = { rows: { firsts: new Int32Array(0), lasts: new Int32Array(0) }, drawn: [], columns: 0, bandHeight: 0, source: "", ...CELL };
let layoutOf = ""; // text, columns and height for which the rows are laid out

/** What stays where it is when rows change: the selected character if it is in the window, otherwise the first row. */
function anchorOf() {
  const { rows, rowHeight, source } = layout, [top, end] = source === view.text ? rowsInWindow(0) : [0, 0];
  if (end <= top) return null;
  const row = rowOf(rows, view.at), index = row >= top && row < end ? row : top;
  return { position: index === row ? view.at : rows.firsts[index], above: index * rowHeight - $("text").scrollTop };
}

/** Measure the font and lay out the text in view for the width of the pane. */
function layOutText() {
  const text = textOf(view), pane = $("text"), style = getComputedStyle(pane), anchor = anchorOf();
  const ruler = element("span", "ruler", "0".repeat(100));
  $("lines").append(ruler);
  layout.columnWidth = ruler.getBoundingClientRect().width / 100 || 8;
  ruler.remove();
  layout.width = Math.max(pane.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight), 40);
  layout.columns = Math.max(Math.floor(layout.width / layout.columnWidth), 12);
  layout.family = style.fontFamily;
  layout.font = `${style.fontSize} ${style.fontFamily}`;
  layout.bandHeight = pinned ? 7 : 0;
  layout.rowHeight = layout.lineHeight + (pinned ? 8 : 0) + (view.next ? PREDICTION * text.kept + 4 : 0);
  const key = [text.source, text.ids.length, layout.columns].join(" ");
  if (key !== layoutOf) layout.rows = layOut(text, layout.columns);
  layoutOf = key;
  const total = layout.rows.firsts.length * layout.rowHeight;
  $("space").style.height = `${total}px`;
  layout.source = text.source;
  layout.drawn = [];
  $("lines").replaceChildren();
  if (anchor) pane.scrollTop = rowOf(layout.rows, anchor.position) * layout.rowHeight - anchor.above;
  drawRows();
}

/** The text in view is another one, or has changed. */
function drawText() {
  layoutOf = "";
  const isOwn = view.text === "own";
  $("write").hidden = !isOwn;
  $("streams").hidden = isOwn || testText.streams < 2;
  layOutText();
}

/** The rows in the window, from the first to after the last, with some above and below. */
function rowsInWindow(overscan) {
  const pane = $("text"), { rowHeight, rows } = layout, window = pane.clientHeight, more = overscan * window;
  const first = Math.floor((pane.scrollTop - more) / rowHeight), last = Math.ceil((pane.scrollTop + window + more) / rowHeight);
  return [Math.max(first, 0), Math.min(last, rows.firsts.length)];
}

/** Make the rows that the window needs, drop the others, and paint. */
function drawRows() {
  const [needed, end] = rowsInWindow(0), have = layout.drawn;
  if (have.length && have[0].index <= needed && have.at(-1).index >= end - 1) return;
  const [first, last] = rowsInWindow(OVERSCAN), kept = new Map(have.map((row) => [row.index, row]));
  layout.drawn = Array.from({ length: last - first }, (_, offset) => kept.get(first + offset) ?? makeRow(first + offset));
  for (const row of have) if (row.index < first || row.index >= last) row.node.remove();
  const lines = $("lines");
  layout.drawn.forEach((row, offset) => {
    if (lines.children[offset] !== row.node) lines.insertBefore(row.node, lines.children[offset] ?? null);
  });
  drawColours();
  lookAtDrawn();
}

/** A row: its node with the text as words, and where its characters are. */
function makeRow(index) {
  const text = textOf(view), first = layout.rows.firsts[index], last = layout.rows.lasts[index];
  const node = element("div", "line"), row = { index, first, last, text, node };
  node.style.top = `${index * layout.rowHeight}px`;
  if (first === last) {
    node.className = "reset";
    node.textContent = text.ids.length ? `Stream ${streamOf(text, first)}: the network starts from a zero state.` : "";
    return row;
  }
  const columns = columnsOf(text, first, last), glyphs = [];
  let plain = "";
  const flush = () => {
    if (plain) node.append(plain);
    plain = "";
  };
  for (let position = first; position < last; position++) {
    const kind = text.kinds[position];
    if (kind === REST) continue;
    const letter = kind === SIGN ? blankOf(text, position, columns, first) : (text.letters.get(position) ?? letterOf(text, position));
    glyphs.push([position, letter]);
    if (kind !== LETTER) {
      plain += letter;
      continue;
    }
    flush();
    const end = restOf(text, position, last), cell = element("span", "cell", letter);
    cell.style.width = `${(columns[end - first] - columns[position - first]) * layout.columnWidth}px`;
    node.append(cell);
  }
  flush();
  if (RIGHT_TO_LEFT.test(node.textContent)) row.measure = () => flow(row, glyphs);
  return row;
}

function letterOf(text, position) {
  return String.fromCodePoint(symbols[text.ids[position]]);
}

/** What stands in the row's text where a sign is painted: a space for each column, nothing for the end of the line. */
function blankOf(text, position, columns, first) {
  const index = position - first;
  return text.white[position] === 10 ? "" : " ".repeat(columns[index + 1] - columns[index]);
}

/** The position after the last byte of the letter at a position. */
function restOf(text, position, last) {
  let end = position + 1;
  while (end < last && text.kinds[end] === REST) end++;
  return end;
}

/** A row of a script from right to left: its letters flow as they do, and their boxes are measured. */
function flow(row, glyphs) {
  const { node, text, first, last } = row, range = document.createRange(), boxes = new Array(last - first);
  node.dir = "auto";
  node.textContent = glyphs.map(([, letter]) => letter).join("");
  const left = $("lines").getBoundingClientRect().left, inner = node.firstChild;
  let offset = 0;
  for (const [position, letter] of glyphs) {
    range.setStart(inner, offset);
    range.setEnd(inner, (offset += letter.length));
    const box = range.getBoundingClientRect(), end = restOf(text, position, last), share = box.width / (end - position);
    for (let each = position; each < end; each++) boxes[each - first] = [box.left - left + (each - position) * share, share];
    if (!letter) boxes[position - first] = [layout.width - layout.columnWidth, layout.columnWidth];
  }
  return boxes;
}

/** Ask for the values that the drawn rows need. */
function lookAtDrawn() {
  const rows = layout.drawn.filter(({ first, last }) => last > first);
  if (!rows.length) return;
  lookAt("view", view, textOf(view), rows[0].first, rows.at(-1).last, soon(drawValues));
  if (pinned) lookAtPinned(rows[0].first, rows.at(-1).last);
}

function drawValues() {
  drawColours();
  drawHere();
}

/** Draw at the next frame, once, however often it is asked for until then. */
function soon(draw) {
  return () => {
    if (waiting.has(draw)) return;
    waiting.add(draw);
    requestAnimationFrame(() => {
      waiting.delete(draw);
      draw();
    });
  };
}
const waiting = new Set();

/** The part of the stream that the strip shows. */
function stripOf(text) {
  const start = streamOf(text, view.at) * text.steps, end = Math.min(start + text.steps, text.ids.length);
  if (end - start <= STRIP_CHARACTERS) return [start, end];
  const part = start + Math.floor((view.at - start) / STRIP_CHARACTERS) * STRIP_CHARACTERS;
  return [part, Math.min(part + STRIP_CHARACTERS, end)];
}

/** Ask for everything that shows values of the unit. */
function lookAtAll() {
  lookAtDrawn();
  lookAtStrip();
}

function lookAtStrip() {
  lookAt("stream", view, textOf(view), ...stripOf(textOf(view)), soon(drawOverview));
}

/** Bring the row of a position into the window: into its middle, or as little as is needed. */
function scrollTo(position, nearest = false) {
  const pane = $("text"), top = rowOf(layout.rows, position) * layout.rowHeight, bottom = top + layout.rowHeight;
  const { scrollTop, clientHeight } = pane;
  if (nearest) {
    if (top < scrollTop) pane.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) pane.scrollTop = bottom - clientHeight;
  } else {
    pane.scrollTop = Math.max(top - clientHeight / 3, 0);
  }
  drawRows();
}

/** The position at a place of the window; undefined where no character is. */
function positionAt(x, y) {
  const box = $("lines").getBoundingClientRect(), index = Math.floor((y - box.top) / layout.rowHeight);
  const row = layout.drawn.find((each) => each.index === index);
  if (!row || row.first === row.last) return undefined;
  const offset = boxesOf(row).findIndex(([left, width]) => x - box.left >= left && x - box.left < left + width);
  return offset < 0 ? undefined : row.first + offset;
}

/** The strip: on each pixel the mean of its characters, the matches, the window and the selected character. */
function drawOverview() {
  const text = textOf(view), canvas = $("overview"), context = canvas.getContext("2d"), [first, last] = stripOf(text);
  const ratio = devicePixelRatio || 1, width = Math.max(Math.round(canvas.clientWidth * ratio), 1);
  const height = Math.max(Math.round(canvas.clientHeight * ratio), 1), length = Math.max(last - first, 1);
  [canvas.width, canvas.height] = [width, height];
  const { share } = scaleOf(view), place = (position) => ((position - first) * width) / length;
  for (let x = 0; x < width; x++) {
    const from = first + Math.floor((x * length) / width), to = Math.max(from + 1, first + Math.floor(((x + 1) * length) / width));
    let sum = 0;
    for (let position = from; position < to; position++) sum += share(text.values[position] ?? NaN);
    context.fillStyle = colour(sum / (to - from));
    context.fillRect(x, 0, 1, height);
  }
  context.fillStyle = palette.ink;
  if (matches.source === text.source) {
    for (const [match] of matchesFrom(first, last)) context.fillRect(place(match), height - 6 * ratio, 2 * ratio, 6 * ratio);
  }
  const [top, end] = rowsInWindow(0), { firsts, lasts } = layout.rows;
  if (end > top) {
    const left = place(Math.max(firsts[top], first)), right = place(Math.min(lasts[end - 1], last));
    if (right > left) {
      context.fillRect(left, 0, right - left, 2 * ratio);
      context.fillRect(left, height - 2 * ratio, right - left, 2 * ratio);
    }
  }
  context.fillRect(place(view.at) - ratio, 0, 3 * ratio, height);
  $("stream").value = streamOf(text, view.at);
}

/** Models, layers, quantities and texts to choose from. */
function drawChoices() {
  const { network, quantities } = models.get(view.model);
  $("model").value = view.model;
  const depths = Array.from({ length: network.layers }, (_, index) => new Option(`${index + 1} of ${network.layers}`, index + 1));
  $("layer").replaceChildren(...depths);
  $("layer").value = view.layer;
  $("quantity").replaceChildren(...Object.entries(quantities).map(([key, { meaning }]) => new Option(`${key}: ${meaning}`, key)));
  $("quantity").value = view.quantity;
  const { gate, saturating } = quantityOf(view);
  const fixed = gate ? "0 to 1" : saturating ? "−1 to 1, as tanh" : "−1 to 1";
  const own = saturating ? `own range, ${view.quantity} itself` : "own range";
  $("scale").replaceChildren(new Option(fixed, "fixed"), new Option(own, "own"));
  $("source").value = view.text;
  $("unit").max = network.width - 1;
  $("units").textContent = `0 to ${network.width - 1}`;
  $("stream").max = testText.streams - 1;
  $("stream-count").textContent = `of ${testText.streams}`;
  $("loss").textContent = lossWords(view.model);
}

/** The unit in view, its scale and what the ends of the colours are. */
function drawScale() {
  const { ends, name } = scaleOf(view);
  $("unit").value = view.unit;
  $("scale").value = view.scale;
  $("gradient").className = quantityOf(view).gate ? "gate" : "signed";
  [$("low").textContent, $("high").textContent] = ends.map(briefly);
  $("legend").setAttribute("aria-label", `The scale of ${name}: from ${briefly(ends[0])} to ${briefly(ends[1])}`);
}
