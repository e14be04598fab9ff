// How the symbols of the vocabulary are written, each a byte or a code point.

const SIGNS = { 9: "→", 10: "↵", 13: "←", 32: "·" };
const PLAIN = 0, SIGN = 1, LETTER = 2, REST = 3; // a character of the row's text; a sign; a letter in a cell; more of its bytes
const isBytes = page.text.kind === "bytes";
const symbols = page.text.symbols;
const idOf = new Map(symbols.map((symbol, id) => [symbol, id]));

// Of bytes that are not UTF-8 the page has those of every letter of the text; none are the beginning of another's.
const spelling = page.text.spelling && new Map(Object.entries(page.text.spelling));
const asKey = (bytes) => String.fromCharCode(...bytes);
const letterOfBytes = new Map([...(spelling ?? [])].map(([letter, bytes]) => [asKey(bytes), letter]));
const lengths = Array.from(letterOfBytes.keys(), (bytes) => bytes.length);
const [shortest, longest] = [lengths.reduce((one, other) => Math.min(one, other), 4), Math.max(1, ...lengths)];

/** Scripts whose letters are twice as wide as others. */
const WIDE = [
  [0x1100, 0x115f], [0x2e80, 0xa4cf], [0xac00, 0xd7a3], [0xf900, 0xfaff], [0xfe30, 0xfe6f], [0xff00, 0xff60],
  [0xffe0, 0xffe6], [0x1f300, 0x1faff], [0x20000, 0x3fffd],
];
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

function isWide(code) {
  return WIDE.some(([first, last]) => code >= first && code <= last);
}

function hexadecimal(code) {
  return code.toString(16).toUpperCase().padStart(2, "0");
}

/** The code point that a symbol writes by itself; undefined for a byte that is a part of letters. */
function codeOf(id) {
  const symbol = symbols[id], isLetter = !isBytes || symbol < 127;
  if (!spelling || shortest > 1) return isLetter ? symbol : undefined; // in UTF-16 too a byte is read as ASCII
  return letterOfBytes.get(asKey([symbol]))?.codePointAt(0);
}

/** How one symbol is written by itself: a letter as itself, white space and line ends by a sign, the rest in hexadecimal. */
function signOf(id) {
  const code = codeOf(id);
  if (code in SIGNS) return SIGNS[code];
  if (code === undefined || code < 32 || UNPRINTABLE.test(String.fromCodePoint(code))) return hexadecimal(symbols[id]);
  const letter = String.fromCodePoint(code);
  return /\p{M}/u.test(letter) ? `\u25cc${letter}` : letter;
}

/** The letters from `start` to `end` in another encoding than UTF-8; `letter` is undefined for bytes that write none. */
function* lettersIn(ids, start, end) {
  for (let position = start; position < end; ) {
    let bytes = "", letter;
    while (letter === undefined && bytes.length < longest && position + bytes.length < end) {
      bytes += String.fromCharCode(symbols[ids[position + bytes.length]]);
      letter = letterOfBytes.get(bytes);
    }
    const length = letter === undefined ? Math.min(shortest, end - position) : bytes.length;
    yield { position, length, letter };
    position += length;
  }
}

/** Where the letters of a stream begin that begin in it. */
function beginOf(stream, steps, begins) {
  return stream * steps + (begins[stream] ?? 0);
}

/** The number of bytes of a letter of UTF-8 that begins at a position, and its code point; undefined if none does. */
function decodeLetter(ids, position, end) {
  const lead = symbols[ids[position]];
  const length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (!length || lead > 0xf4 || position + length > end) return undefined;
  let code = lead & (0x7f >> length);
  for (let index = 1; index < length; index++) {
    const byte = symbols[ids[position + index]];
    if ((byte & 0xc0) !== 0x80) return undefined;
    code = (code << 6) | (byte & 0x3f);
  }
  const isOverlong = (length === 3 && code < 0x800) || (length === 4 && code < 0x10000);
  if (isOverlong || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
  return { length, letter: String.fromCodePoint(code) };
}

/**
 * Of every position how it is drawn (`kinds`), how many columns it takes (`widths`; of a tab 0) and which white space ends there
 * (`white`, 0 for none), and the letters in cells.
 */
function glyphsOf(ids, steps, begins) {
  if (spelling) return glyphsOfLetters(ids, steps, begins);
  const kinds = new Uint8Array(ids.length), widths = new Uint8Array(ids.length).fill(1), letters = new Map();
  const white = new Uint8Array(ids.length);
  for (let position = 0; position < ids.length; position++) {
    const code = symbols[ids[position]];
    if (code > 32 && code < 127) continue;
    if (code in SIGNS || code < 127) {
      kinds[position] = SIGN;
      if (code in SIGNS) white[position] = code;
      if (code === 9) widths[position] = 0;
      continue;
    }
    const end = (Math.floor(position / steps) + 1) * steps;
    const found = isBytes ? decodeLetter(ids, position, Math.min(end, ids.length)) : { length: 1, letter: String.fromCodePoint(code) };
    if (!found || UNPRINTABLE.test(found.letter)) {
      kinds[position] = SIGN;
      if (code > 0xff) widths[position] = 2;
      continue;
    }
    if (found.length === 1 && code < 0x530 && !/\p{M}/u.test(found.letter)) {
      letters.set(position, found.letter); // a letter that fonts of equal widths have
      continue;
    }
    kinds.fill(REST, position, position + found.length);
    kinds[position] = LETTER;
    if (found.length === 1 && isWide(code)) widths[position] = 2;
    letters.set(position, /^\p{M}/u.test(found.letter) ? `\u25cc${found.letter}` : found.letter);
    position += found.length - 1;
  }
  return { kinds, widths, letters, white };
}

/** The same of a text in another encoding than UTF-8. White space of several bytes is drawn in a cell, by its sign. */
function glyphsOfLetters(ids, steps, begins) {
  const kinds = new Uint8Array(ids.length).fill(SIGN), widths = new Uint8Array(ids.length).fill(1), letters = new Map();
  const white = new Uint8Array(ids.length);
  for (let stream = 0; stream * steps < ids.length; stream++) {
    const end = Math.min((stream + 1) * steps, ids.length);
    for (const { position, length, letter } of lettersIn(ids, beginOf(stream, steps, begins), end)) {
      const code = letter?.codePointAt(0), sign = SIGNS[code], isMark = letter && /^\p{M}/u.test(letter);
      if (sign) white[position + length - 1] = code;
      if (sign && length === 1) {
        if (code === 9) widths[position] = 0;
      } else if (sign || (letter && !UNPRINTABLE.test(letter))) {
        kinds.fill(REST, position, position + length);
        kinds[position] = length === 1 && code < 0x530 && !isMark ? PLAIN : LETTER;
        letters.set(position, sign ?? (isMark ? `\u25cc${letter}` : letter));
      }
    }
  }
  return { kinds, widths, letters, white };
}

/** A part of a text as far as its letters reach. */
function wholeLetters(text, first, last) {
  while (text.kinds[first] === REST) first--;
  while (text.kinds[last] === REST) last++;
  return [first, last];
}

/** The text of some ids as a string, for the clipboard, lists and search. */
function stringOf(ids) {
  if (!isBytes) return Array.from(ids, (id) => String.fromCodePoint(symbols[id])).join("");
  if (spelling) return Array.from(lettersIn(ids, 0, ids.length), ({ letter }) => letter ?? "\ufffd").join("");
  return new TextDecoder().decode(Uint8Array.from(ids, (id) => symbols[id]));
}

/** The same with a sign for every line end, tab and carriage return: one line. */
function oneLine(ids) {
  return stringOf(ids).replace(/\r?\n/g, "↵").replace(/\t/g, "→").replace(/[\p{C}]/gu, "□");
}

/** The symbols that write a letter, as far as the page knows them. */
function symbolsOf(letter) {
  if (spelling) return spelling.get(letter) ?? [undefined];
  return isBytes ? [...new TextEncoder().encode(letter)] : [letter.codePointAt(0)];
}

/** The ids of a string, line ends as the text of the network has them; and the characters that the network does not know. */
function idsOf(string) {
  const newline = String.fromCodePoint(...page.text.newline), ids = [], unknown = new Set();
  const written = newline === "\r\n" ? string.replace(/\r?\n/g, "\r\n") : string.replace(/\r\n/g, "\n");
  for (const letter of written) {
    const found = symbolsOf(letter).map((code) => idOf.get(code));
    if (found.includes(undefined)) unknown.add(letter);
    else ids.push(...found);
  }
  return { ids, unknown: [...unknown] };
}

function element(name, className = "", content = "") {
  const created = document.createElement(name);
  if (className) created.className = className;
  created.textContent = content;
  return created;
}
