// Search: words, with capitals as small letters, or /a regular expression/. Matches do not reach over the ends of streams.

const MOST_MATCHES = 100_000;
const matches = { source: "", firsts: [], lasts: [], words: "" };
const searched = new WeakMap(); // by text: its streams as strings

/**
 * Each stream of a text as a string, a code unit a position: bytes as Latin-1, code points beyond 65,535 as one sign. In another
 * encoding than UTF-8 it has the letters, and `places` says at which position each code unit is.
 */
function searchable(text) {
  if (!searched.has(text)) {
    const characters = symbols.map((symbol) => String.fromCharCode(symbol < 65_536 ? symbol : 0xfffd));
    const streams = Array.from({ length: text.streams }, (_, stream) => {
      const end = Math.min((stream + 1) * text.steps, text.ids.length);
      if (spelling) return lettersAndPlaces(text, beginOf(stream, text.steps, text.begins), end);
      return { string: Array.from(text.ids.subarray(stream * text.steps, end), (id) => characters[id]).join("") };
    });
    searched.set(text, streams);
  }
  return searched.get(text);
}

function lettersAndPlaces(text, start, end) {
  const places = [];
  let string = "";
  for (const { position, letter = "\ufffd" } of lettersIn(text.ids, start, end)) {
    string += letter;
    for (let unit = 0; unit < letter.length; unit++) places.push(position);
  }
  return { string, places: [...places, end] };
}

/** What is written in the field as a regular expression, in which ^ and $ are of lines; null when it is none. */
function expressionOf(query) {
  const written = /^\/(.+)\/([ims]*)$/s.exec(query), asBytes = (words) => {
    return isBytes && !spelling ? Array.from(new TextEncoder().encode(words), (byte) => String.fromCharCode(byte)).join("") : words;
  };
  try {
    if (written) return new RegExp(asBytes(written[1]), [...new Set(`gm${written[2]}`)].join(""));
  } catch {
    return null;
  }
  // Only A to Z, as the bytes of other letters have no case.
  const plain = asBytes(query).replace(/[.*+?^${}()|[\]\\/]/g, "\\$&").replace(/\r?\n/g, "\\r?\\n");
  return new RegExp(plain.replace(/[A-Za-z]/g, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`), "g");
}

function search() {
  const query = $("search").value, text = textOf(view), expression = query && expressionOf(query);
  Object.assign(matches, { source: text.source, firsts: [], lasts: [], words: query });
  if (expression) {
    searchable(text).forEach(({ string, places }, stream) => {
      const place = (index) => (places ? places[index] : stream * text.steps + index);
      expression.lastIndex = 0;
      for (let found; matches.firsts.length < MOST_MATCHES && (found = expression.exec(string)); ) {
        if (found[0]) {
          matches.firsts.push(place(found.index));
          matches.lasts.push(place(found.index + found[0].length));
        } else {
          expression.lastIndex++;
        }
      }
    });
  }
  if (matches.firsts.length) {
    goToMatch(Math.max(0, matches.firsts.findIndex((position) => position >= view.at)));
    return;
  }
  drawColours();
  drawOverview();
  if (expression === null) say(`${query} is no regular expression.`);
  else say(query ? `No “${query}” in this text.` : describeUnit());
}

/** The matches that reach into a part of the text. */
function matchesFrom(first, last) {
  const found = [];
  let low = 0, high = matches.firsts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (matches.lasts[middle] <= first) low = middle + 1;
    else high = middle;
  }
  for (; low < matches.firsts.length && matches.firsts[low] < last; low++) found.push([matches.firsts[low], matches.lasts[low]]);
  return found;
}

function goToMatch(index) {
  show({ at: matches.firsts[index] }, true);
  say(`Match ${(index + 1).toLocaleString("en")} of ${matches.firsts.length.toLocaleString("en")} of “${matches.words}”.`);
}

/** The next match after the selected character, or the previous one before it, wrapping around. */
function stepMatch(step) {
  if (matches.source !== view.text) return search(); // of the text that was in view before
  if (!matches.firsts.length) return undefined;
  const next = step > 0
    ? matches.firsts.findIndex((position) => position > view.at)
    : matches.firsts.findLastIndex((position) => position < view.at);
  return goToMatch(next >= 0 ? next : step > 0 ? 0 : matches.firsts.length - 1);
}
