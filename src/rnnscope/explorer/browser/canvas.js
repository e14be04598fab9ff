// What is painted under the rows: the colours, signs, marks and predictions of the rows that exist.

const PREDICTION = 14; // px, the height of a prediction
const MOST_ROWS_PAINTED = 400;
let marks = false; // a line above or below, beside the colour

/** The boxes of the positions of a row, as [left, width] in px: by columns, or measured where letters flow by their own rules. */
function boxesOf(row) {
  if (row.boxes) return row.boxes;
  const { text, first, last } = row, columns = columnsOf(text, first, last), wide = layout.columnWidth;
  row.boxes = row.measure?.() ?? Array.from({ length: last - first }, (_, index) => {
    return [columns[index] * wide, (columns[index + 1] - columns[index]) * wide];
  });
  return row.boxes;
}

/** An end of a box in whole pixels: no seams between boxes. */
function snap(x) {
  const ratio = devicePixelRatio || 1;
  return Math.round(x * ratio) / ratio;
}

/** Paint all rows that exist. */
function drawColours() {
  const text = textOf(view), canvas = $("colours"), rows = layout.drawn;
  if (!rows.length) {
    canvas.height = 0;
    return;
  }
  const ratio = devicePixelRatio || 1, top = rows[0].index * layout.rowHeight;
  const width = layout.width, height = Math.min(rows.length, MOST_ROWS_PAINTED) * layout.rowHeight;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px`, top: `${top}px` });
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.textBaseline = "middle";
  context.textAlign = "center";
  const { share } = scaleOf(view);
  for (const row of rows) drawRow(context, text, row, row.index * layout.rowHeight - top, share);
}

function drawRow(context, text, row, top, share) {
  const { first, last } = row, boxes = boxesOf(row), { cellTop, cellHeight } = layout;
  const y = top + cellTop, unknown = palette.unknown;
  let runColour = null, runLeft = 0, runRight = 0;
  const flush = () => {
    if (runColour === null) return;
    context.fillStyle = runColour;
    context.fillRect(snap(runLeft), y, snap(runRight) - snap(runLeft), cellHeight);
  };
  for (let position = first; position < last; position++) {
    const [left, width] = boxes[position - first], value = text.values[position];
    const fill = Number.isNaN(value) ? unknown : colour(share(value));
    if (fill !== runColour || Math.abs(left - runRight) > 0.01) {
      flush();
      [runColour, runLeft] = [fill, left];
    }
    runRight = left + width;
  }
  flush();
  if (marks) drawMarks(context, text, row, y, share);
  drawSigns(context, text, row, y + cellHeight / 2);
  if (pinned) drawPinned(context, text, row, y + cellHeight + 1);
  if (view.next) drawGuesses(context, text, row, top + layout.lineHeight);
  drawSelected(context, text, row, y);
}

/** A line at the top of what is high and at the bottom of what is low, as thick as it is far. */
function drawMarks(context, text, row, y, share) {
  context.fillStyle = palette.ink;
  row.boxes.forEach(([left, width], index) => {
    const value = share(text.values[row.first + index]);
    if (Number.isNaN(value) || Math.abs(value) < 0.125) return;
    const thick = Math.min(Math.ceil(Math.abs(value) * 4), 4) * 0.9;
    context.fillRect(snap(left), value > 0 ? y : y + layout.cellHeight - thick, snap(left + width) - snap(left), thick);
  });
}

function drawSigns(context, text, row, y) {
  context.fillStyle = palette.signs;
  for (let position = row.first; position < row.last; position++) {
    if (text.kinds[position] !== SIGN) continue;
    const [left, width] = row.boxes[position - row.first], sign = signOf(text.ids[position]);
    if (sign.length > 1) {
      context.font = `${sign.length > 2 ? 7 : 9}px ${layout.family}`;
      context.fillText(sign, left + width / 2, y + 1, width);
    } else {
      context.font = layout.font;
      context.fillText(sign, sign === "→" ? left + layout.columnWidth / 2 : left + width / 2, y);
    }
  }
}

/** The most likely next characters, one below the other, as dark as they are likely; the actual one is underlined. */
function drawGuesses(context, text, row, top) {
  context.fillStyle = palette.paper;
  for (let position = row.first; position < row.last; position++) {
    const [left, width] = row.boxes[position - row.first], actual = following(text, position);
    predictionsAt(text, position).forEach(({ id, probability }, rank) => {
      const y = top + rank * PREDICTION, sign = signOf(id);
      context.fillStyle = rgb(palette.likely, Math.round(probability * 100) / 100);
      context.fillRect(left, y, width, PREDICTION);
      context.fillStyle = palette.ink;
      context.font = `${id === actual ? "bold " : ""}${sign.length > 1 ? 7 : 11}px ${layout.family}`;
      context.fillText(sign, left + width / 2, y + PREDICTION / 2, width);
      if (id === actual) context.fillRect(left + 1, y + PREDICTION - 2, width - 2, 2);
    });
  }
}

/** The selected character, the selected stretch and the matches of the search. */
function drawSelected(context, text, row, y) {
  const { cellHeight } = layout;
  const boxed = (first, last, draw) => {
    for (let position = Math.max(first, row.first); position < Math.min(last, row.last); position++) {
      draw(...row.boxes[position - row.first]);
    }
  };
  context.fillStyle = palette.ink;
  if (matches.source === text.source) {
    for (const [first, last] of matchesFrom(row.first, row.last)) {
      boxed(first, last, (left, width) => context.fillRect(left, y + cellHeight - 3, width, 3));
    }
  }
  if (stretch && stretch.source === text.source) {
    context.fillStyle = palette.accent;
    boxed(stretch.first, stretch.last, (left, width) => {
      context.fillRect(left, y - 2, width, 2);
      context.fillRect(left, y + cellHeight, width, 2);
    });
  }
  if (view.at >= row.first && view.at < row.last) {
    const [left, width] = row.boxes[view.at - row.first];
    context.strokeStyle = palette.ink;
    context.lineWidth = 2;
    context.strokeRect(left, y, width, cellHeight);
  }
}

/** A second unit, as a band under the first. */
function drawPinned(context, text, row, y) {
  if (pinned.source !== text.source) return;
  row.boxes.forEach(([left, width], index) => {
    context.fillStyle = colour(pinned.share(pinned.values[row.first + index] ?? NaN));
    context.fillRect(snap(left), y, snap(left + width) - snap(left), layout.bandHeight);
  });
}
