// The numbers on the page.
"use strict";

const $ = (id) => document.getElementById(id);
const page = JSON.parse($("description").textContent);
const models = new Map(page.models.map((model) => [model.name, model]));
const decoded = new Map();

/** The bytes of a block, decoded once. */
function block(name) {
  if (!decoded.has(name)) {
    const characters = atob($(`block/${name}`).textContent), bytes = new Uint8Array(characters.length);
    for (let index = 0; index < bytes.length; index++) bytes[index] = characters.charCodeAt(index);
    decoded.set(name, bytes);
  }
  return decoded.get(name);
}

/** A block as numbers of a type. */
function numbersOf(name, type) {
  return new type(block(name).buffer);
}

/**
 * A text: ids in streams of equal length, one after the other, the id after each stream (undefined: none), and how many of the
 * first bytes of each stream belong to a letter before it.
 */
function makeText(source, ids, streams, steps, following, begins = []) {
  const text = { source, ids, streams, steps, following, begins, ...glyphsOf(ids, steps, begins) };
  text.values = new Float32Array(ids.length).fill(NaN); // of the unit in view, where they are known
  forget(text);
  return text;
}

/** Drop the predictions of a text, because another model is in view. */
function forget(text) {
  const kept = Math.min(MOST_LIKELY, page.text.symbols.length);
  text.guesses = new Uint16Array(text.ids.length * kept);
  text.probabilities = new Float32Array(text.ids.length * kept).fill(NaN);
  text.surprise = new Float32Array(text.ids.length).fill(NaN);
  text.kept = kept;
}

const MOST_LIKELY = 5; // as the worker keeps them

function streamOf(text, position) {
  return Math.floor(position / text.steps);
}

/** The id after a position in its stream; undefined if there is none. */
function following(text, position) {
  return (position + 1) % text.steps ? text.ids[position + 1] : text.following[streamOf(text, position)];
}

/** The most likely next characters after a position, the most likely first; none where they are not known yet. */
function predictionsAt(text, position) {
  const first = position * text.kept;
  if (Number.isNaN(text.probabilities[first])) return [];
  const ranks = Array.from({ length: text.kept }, (_, rank) => first + rank);
  return ranks.map((index) => ({ id: text.guesses[index], probability: text.probabilities[index] }));
}

// What the page knows of a unit over the whole test text.

function indexOf({ model, layer, quantity }) {
  const { activations } = models.get(model).network;
  return (layer - 1) * activations.length + activations.indexOf(quantity);
}

/** The smallest and the largest value of a unit. */
function rangeOf(view) {
  const { width } = models.get(view.model).network, ranges = numbersOf(`${view.model}/ranges`, Float32Array);
  const first = indexOf(view) * 2 * width + view.unit;
  return [ranges[first], ranges[first + width]];
}

/** The share of the characters in each of the equal parts of the range. */
function histogramOf(view) {
  const { width } = models.get(view.model).network, counts = numbersOf(`${view.model}/histograms`, Uint16Array);
  const first = (indexOf(view) * width + view.unit) * page.bins;
  return Array.from(counts.subarray(first, first + page.bins), (count) => count / 65535);
}

/** Where a state is highest and where it is lowest; nothing for other quantities. */
function placesOf(view) {
  const { width, states } = models.get(view.model).network, places = numbersOf(`${view.model}/places`, Int32Array);
  if (!states.includes(view.quantity)) return { highest: [], lowest: [] };
  const count = page.places, row = ((view.layer - 1) * states.length + states.indexOf(view.quantity)) * width + view.unit;
  const found = Array.from(places.subarray(row * 2 * count, (row + 1) * 2 * count));
  const there = (part) => part.filter((position) => position >= 0);
  return { highest: there(found.slice(0, count)), lowest: there(found.slice(count)) };
}
