// The numbers on the page, their colours, and the characters.
"use strict";

const GATE_STEPS = 255, SIGNED_STEPS = 127; // of a quantity in one byte

const $ = (id) => document.getElementById(id);
const page = JSON.parse($("description").textContent);
const decoded = new Map();

/** The bytes of a block, decoded once. */
function block(name) {
  if (!decoded.has(name)) {
    const characters = atob($(`block/${name}`).textContent);
    const bytes = new Uint8Array(characters.length);
    for (let index = 0; index < bytes.length; index++) bytes[index] = characters.charCodeAt(index);
    decoded.set(name, bytes);
  }
  return decoded.get(name);
}

const text = block("text");
const models = new Map(page.models.map((model) => [model.name, model]));

/** The units of the quantity in view that are on the page, ascending. */
function unitsOf(view) {
  return models.get(view.model).layers[view.layer - 1][view.quantity];
}

/** The facts of the quantity in view: {meaning, gate, saturating}. */
function quantityOf(view) {
  return models.get(view.model).quantities[view.quantity];
}

function isGate(view) {
  return quantityOf(view).gate;
}

/** The stored values of the unit in view, one per character: 0 to 255 of a gate, otherwise -127 to 127. */
function storedValues(view) {
  const stored = block(`${view.model}/${view.layer}/${view.quantity}`);
  const type = isGate(view) ? Uint8Array : Int8Array;
  return new type(stored.buffer, unitsOf(view).indexOf(view.unit) * text.length, text.length);
}

/** A model's most likely next characters after a position: [{byte, probability}], the most likely first. */
function predictionsAt(model, position) {
  const stored = block(`${model}/predictions`), count = page.predictions, first = position * 2 * count;
  return Array.from({ length: count }, (_, rank) => ({
    byte: stored[first + rank],
    probability: stored[first + count + rank] / GATE_STEPS,
  }));
}

function streamOf(position) {
  return page.streams.findLast((stream) => stream.start <= position);
}

/** The position after the last one of a stream. */
function endOf(stream) {
  return page.streams.find((other) => other.start > stream.start)?.start ?? text.length;
}

/** The byte after a position in its stream. */
function following(position) {
  const stream = streamOf(position);
  return position + 1 < endOf(stream) ? text[position + 1] : stream.following;
}

// Colours.

function cssColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim().split(/\s+/).map(Number);
}

const LOW = cssColour("--low"), ZERO = cssColour("--zero"), HIGH = cssColour("--high"), LIKELY = cssColour("--likely");

/** The colour of a value from -1 to 1: linear from white at 0 to either end. */
function colour(value) {
  const end = value < 0 ? LOW : HIGH;
  return `rgb(${ZERO.map((zero, channel) => Math.round(zero + Math.abs(value) * (end[channel] - zero))).join(" ")})`;
}

const GATE_COLOURS = Array.from({ length: GATE_STEPS + 1 }, (_, step) => colour(step / GATE_STEPS));
const SIGNED_COLOURS = Array.from({ length: 2 * SIGNED_STEPS + 1 }, (_, step) => colour(step / SIGNED_STEPS - 1));

// Characters.

const SIGNS = { 9: "→", 10: "↵", 13: "CR", 32: "·" };
const KINDS = { 9: "tab", 10: "end", 32: "space" };

/** How a byte is written: printable ASCII as itself, white space and line ends by a sign, the rest in hexadecimal. */
function sign(byte) {
  if (byte in SIGNS) return SIGNS[byte];
  return byte > 32 && byte < 127 ? String.fromCharCode(byte) : byte.toString(16).toUpperCase().padStart(2, "0");
}

function element(name, className = "", content = "") {
  const created = document.createElement(name);
  if (className) created.className = className;
  created.textContent = content;
  return created;
}

/** One element per character. Its content is the character itself, whatever sign is drawn, so that copied text is the text. */
const spans = Array.from(text, (byte, position) => {
  const written = sign(byte), character = String.fromCharCode(byte);
  const kind = KINDS[byte] ?? (written === character ? "" : "byte");
  const span = element("span", `character ${kind}`, character);
  if (kind) span.dataset.sign = written;
  span.position = position;
  return span;
});

/** The bytes as a string, one UTF-16 unit per byte, with A to Z in lower case: the form that is searched. */
function searchable(bytes) {
  const string = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return string.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
