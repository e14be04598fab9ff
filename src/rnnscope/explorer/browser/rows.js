// The rows of a text: lines, and long lines in parts. All are equally high, so that the place of each is known without drawing.

const TAB = 4; // columns

/** The columns that a position takes when its row has `column` columns already. */
function columnsAt(text, position, column) {
  return text.widths[position] || TAB - (column % TAB);
}

/**
 * Lay out a text in rows of at most `columns` columns: of each row the first position and the one after its last. Rows of
 * equal first and last are the marks at the beginnings of streams.
 */
function layOut(text, columns) {
  const firsts = [], lasts = [], marked = text.source === "test";
  for (let stream = 0; stream < text.streams; stream++) {
    const start = stream * text.steps, end = Math.min(start + text.steps, text.ids.length);
    if (marked) {
      firsts.push(start);
      lasts.push(start);
    }
    let first = start, column = 0, breakAfter = -1;
    const close = (last) => {
      firsts.push(first);
      lasts.push(last);
      first = last;
      breakAfter = -1;
    };
    for (let position = start; position < end; position++) {
      const code = text.white[position], width = columnsAt(text, position, column);
      if (column + width > columns && code !== 10 && position > first && text.kinds[position] !== REST) {
        // At a space where there is one in the second half of the row, otherwise right here.
        const last = breakAfter > first + columns / 2 ? breakAfter : position;
        close(last);
        position = last;
        column = columnsAt(text, last, 0);
        if (text.white[last] === 32) breakAfter = last + 1;
        continue;
      }
      column += width;
      if (code === 32 || code === 9) breakAfter = position + 1;
      if (code === 10) {
        close(position + 1);
        column = 0;
      }
    }
    if (first < end || end === start) close(end);
  }
  return { firsts: Int32Array.from(firsts), lasts: Int32Array.from(lasts) };
}

/** The row of a position. */
function rowOf({ firsts, lasts }, position) {
  let low = 0, high = firsts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (firsts[middle] <= position) low = middle;
    else high = middle - 1;
  }
  return lasts[low] > position || low === firsts.length - 1 ? low : Math.min(low + 1, firsts.length - 1);
}

/** The column at which each position of a row begins, and where the last one ends. */
function columnsOf(text, first, last) {
  const columns = new Float32Array(last - first + 1);
  let column = 0;
  for (let position = first; position < last; position++) {
    columns[position - first] = column;
    column += columnsAt(text, position, column);
  }
  columns[last - first] = column;
  return columns;
}
