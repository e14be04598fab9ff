// A network on a text. Any place is reached from the nearest kept state; a stream at worst is read from its beginning.

const PIECE_WORK = 16e6; // products of weights in a piece: some 15 ms, after which the worker looks for messages
const RECORDS_BYTES = 160e6; // of activations that are kept; the least recently used go first

/** A text: {ids, streams, steps, following}: streams of equal length, one after the other, each read from a zero state. */
class Reader {
  constructor(network, text) {
    this.network = network;
    const products = network.weights.reduce((sum, layer) => sum + (layer.input?.length ?? 0) + layer.hidden.length, 1);
    const steps = 2 ** Math.round(Math.log2(PIECE_WORK / products));
    this.pieceSteps = Math.min(Math.max(steps, 16), 256);
    this.records = new Map(); // by piece, the least recently used first
    this.states = new Map(); // before the first character of a piece, by piece
    this.setText(text);
  }

  /** Read another text; what is kept of the same beginning stays. */
  setText(text) {
    const before = this.text;
    this.text = text;
    this.pieces = Math.ceil(text.steps / this.pieceSteps); // of a stream
    if (!before) return;
    let same = 0;
    while (same < Math.min(before.ids.length, text.ids.length) && before.ids[same] === text.ids[same]) same++;
    const changed = Math.floor(Math.max(same - 1, 0) / this.pieceSteps); // the surprise at a character needs the next one
    for (const piece of [...this.records.keys()]) if (piece >= changed) this.records.delete(piece);
    for (const piece of [...this.states.keys()]) if (piece > changed) this.states.delete(piece);
  }

  pieceOf(position) {
    const stream = Math.floor(position / this.text.steps);
    return stream * this.pieces + Math.floor((position - stream * this.text.steps) / this.pieceSteps);
  }

  /** The first position of a piece, and the one after its last. */
  bounds(piece) {
    const stream = Math.floor(piece / this.pieces), start = stream * this.text.steps;
    const first = start + (piece % this.pieces) * this.pieceSteps;
    return [first, Math.min(first + this.pieceSteps, start + this.text.steps)];
  }

  /** The id after a position in its stream; undefined if there is none. */
  following(position) {
    const { ids, steps, following } = this.text;
    return (position + 1) % steps ? ids[position + 1] : following[Math.floor(position / steps)];
  }

  stateBefore(piece) {
    return piece % this.pieces ? this.states.get(piece) : this.network.zeroState();
  }

  /** Read up to a piece, one piece at a time; the value of the generator is its record. */
  *read(piece) {
    while (!this.records.has(piece)) {
      let next = piece;
      while (!this.stateBefore(next)) next--;
      this.readOne(next);
      yield;
    }
    const record = this.records.get(piece);
    this.records.delete(piece);
    this.records.set(piece, record); // now the most recently used
    return record;
  }

  readOne(piece) {
    const { network, text } = this, [first, last] = this.bounds(piece), steps = last - first;
    const state = network.copyOf(this.stateBefore(piece));
    const kept = Math.min(MOST_LIKELY, network.vocabulary);
    const record = {
      numbers: new Float32Array(steps * network.size),
      ids: new Uint16Array(steps * kept),
      probabilities: new Float32Array(steps * kept),
      surprise: new Float32Array(steps).fill(NaN), // nats, of the character that came
    };
    for (let step = 0; step < steps; step++) {
      network.step(text.ids[first + step], state, record.numbers, step * network.size);
      const probabilities = network.probabilities(), best = mostLikely(probabilities, kept);
      record.ids.set(best, step * kept);
      record.probabilities.set(best.map((id) => probabilities[id]), step * kept);
      const following = this.following(first + step);
      if (following !== undefined) record.surprise[step] = -Math.log(probabilities[following]);
    }
    if ((piece + 1) % this.pieces) this.states.set(piece + 1, state);
    this.records.set(piece, record);
    const most = Math.max(Math.floor(RECORDS_BYTES / (4 * this.pieceSteps * network.size)), 4);
    while (this.records.size > most) this.records.delete(this.records.keys().next().value);
  }

  /** The values of one unit over a record. */
  unitValues(record, layer, activation, unit) {
    const { size } = this.network, offset = this.network.offset(layer, activation) + unit;
    return Float32Array.from({ length: record.numbers.length / size }, (_, step) => record.numbers[step * size + offset]);
  }

  /** The state after a position, and the logits of the network are those of what follows it. */
  *stateAfter(position) {
    const piece = this.pieceOf(position), [first] = this.bounds(piece);
    yield* this.read(piece);
    const state = this.network.copyOf(this.stateBefore(piece)), unused = new Float32Array(this.network.size);
    for (let at = first; at <= position; at++) this.network.step(this.text.ids[at], state, unused, 0);
    return state;
  }
}
