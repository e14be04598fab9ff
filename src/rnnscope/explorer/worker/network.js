// A network that runs one character at a time: weights in 16 bits with a scale for each row, read into single precision.
"use strict";

const MOST_LIKELY = 5; // next characters that are kept of every step

/** The equations of the cells, by name: cell_<name>.js adds each. */
const RECURRENCES = {};

function sigmoid(value) {
  return 1 / (1 + Math.exp(-value));
}

/** sums[row] += W[row] . x for `rows` rows from the row `first` on; W is row after row, each as long as x. */
function addProduct(sums, W, x, first, rows) {
  const columns = x.length, last = first + rows;
  let row = first;
  for (; row + 4 <= last; row += 4) {
    let one = 0, two = 0, three = 0, four = 0;
    let index = row * columns;
    const second = columns, third = 2 * columns, fourth = 3 * columns;
    for (let column = 0; column < columns; column++, index++) {
      const value = x[column];
      one += W[index] * value;
      two += W[index + second] * value;
      three += W[index + third] * value;
      four += W[index + fourth] * value;
    }
    sums[row] += one;
    sums[row + 1] += two;
    sums[row + 2] += three;
    sums[row + 3] += four;
  }
  for (; row < last; row++) {
    let sum = 0;
    for (let column = 0, index = row * columns; column < columns; column++, index++) sum += W[index] * x[column];
    sums[row] += sum;
  }
}

/** The weights of the affine maps of the first layer as a row a character, with the bias: W x for a one-hot x is a column. */
function lookUpTable(W, bias, characters) {
  const rows = bias.length, table = new Float32Array(characters * rows);
  for (let row = 0; row < rows; row++) {
    for (let character = 0; character < characters; character++) {
      table[character * rows + row] = W[row * characters + character] + bias[row];
    }
  }
  return table;
}

/**
 * A stacked network. Its description: {block, cell, layers, width, vocabulary, gates, hiddenInput, hiddenBias, activations, states}, the
 * last two lists of names. The parameters are, of every layer, W_input, W_hidden and bias, then those of the softmax layer: matrices as
 * integers with a scale for every `block` weights of a row among `scales`, vectors among `scales`.
 */
class Network {
  constructor(description, integers, scales) {
    Object.assign(this, description);
    const { layers, width, vocabulary, gates, block } = description;
    let weight = 0, scale = 0;
    const vector = (size) => scales.slice(scale, (scale += size));
    const matrix = (rows, columns) => {
      const values = new Float32Array(rows * columns), blocks = Math.ceil(columns / block), factors = vector(rows * blocks);
      for (let row = 0, index = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++, index++) {
          values[index] = integers[weight + index] * factors[row * blocks + Math.floor(column / block)];
        }
      }
      weight += values.length;
      return values;
    };
    this.weights = Array.from({ length: layers }, (_, depth) => {
      const input = matrix(gates * width, depth ? width : vocabulary);
      const hidden = matrix(description.hiddenInput ? gates * width : 0, width), bias = vector(gates * width);
      const hiddenBias = vector(description.hiddenBias * width); // of products with the previous state that have their own
      return depth ? { input, hidden, bias, hiddenBias } : { table: lookUpTable(input, bias, vocabulary), hidden, hiddenBias };
    });
    this.softmax = { weight: matrix(vocabulary, width), bias: vector(vocabulary) };
    this.run = RECURRENCES[description.cell];
    this.sums = new Float32Array(gates * width);
    this.size = layers * this.activations.length * width; // numbers of one step
    this.logits = new Float32Array(vocabulary);
  }

  /** Where the values of an activation of a layer (from 0 on) begin among the numbers of a step. */
  offset(layer, activation) {
    return (layer * this.activations.length + this.activations.indexOf(activation)) * this.width;
  }

  /** The state before the first character: of every layer, zeros for every state of its cell. */
  zeroState() {
    const zeros = () => Object.fromEntries(this.states.map((name) => [name, new Float32Array(this.width)]));
    return Array.from({ length: this.layers }, zeros);
  }

  copyOf(state) {
    return state.map((layer) => Object.fromEntries(Object.entries(layer).map(([name, values]) => [name, values.slice()])));
  }

  /**
   * Read one character. All activations are written to `record` from `at` on, the state is brought forward, and `logits` are
   * those of the next character. `hold(layer, name, values)` may change the values of a state when they are computed.
   */
  step(character, state, record, at, hold) {
    const { sums, width } = this;
    let below = null;
    for (let depth = 0; depth < this.layers; depth++) {
      const weights = this.weights[depth], now = {};
      let place = at + depth * this.activations.length * width;
      for (const name of this.activations) now[name] = record.subarray(place, (place += width));
      if (depth) {
        sums.set(weights.bias);
        addProduct(sums, weights.input, below, 0, sums.length);
      } else {
        sums.set(weights.table.subarray(character * sums.length, (character + 1) * sums.length));
      }
      const held = hold ? (name) => hold(depth, name, now[name]) : undefined;
      this.run({ sums, W_hidden: weights.hidden, hiddenBias: weights.hiddenBias, width, before: state[depth], now, held });
      for (const name of this.states) state[depth][name].set(now[name]);
      below = now.h;
    }
    this.logits.set(this.softmax.bias);
    addProduct(this.logits, this.softmax.weight, below, 0, this.vocabulary);
  }

  /** The probabilities of the next character, from the logits. */
  probabilities(temperature = 1) {
    const largest = this.logits.reduce((one, other) => Math.max(one, other));
    const odds = Float64Array.from(this.logits, (logit) => Math.exp((logit - largest) / temperature));
    const sum = odds.reduce((one, other) => one + other);
    return odds.map((value) => value / sum);
  }
}

/** The most likely characters, the most likely first, of equally likely ones the lower id first. */
function mostLikely(probabilities, count) {
  const best = [];
  for (let id = 0; id < probabilities.length; id++) {
    if (best.length === count && probabilities[id] <= probabilities[best[count - 1]]) continue;
    let place = best.length;
    while (place && probabilities[id] > probabilities[best[place - 1]]) place--;
    best.splice(place, 0, id);
    if (best.length > count) best.pop();
  }
  return best;
}
