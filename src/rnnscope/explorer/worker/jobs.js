// What the page asks for, each a generator that yields whenever a message may be looked for. `post` sends a part of the answer.

/** Values of a unit over the pieces of a stretch, with the predictions there: those at hand at once, the others one by one. */
function* look({ model, source, first, last, layer, activation, unit }, post) {
  const reader = readerOf(model, source);
  const part = (piece, record) => {
    const { ids, probabilities, surprise } = record, [begin] = reader.bounds(piece);
    return { first: begin, values: reader.unitValues(record, layer, activation, unit), ids, probabilities, surprise };
  };
  const from = reader.pieceOf(first), wanted = Array.from({ length: reader.pieceOf(last - 1) + 1 - from }, (_, index) => from + index);
  const atHand = wanted.filter((piece) => reader.records.has(piece));
  if (atHand.length) post({ parts: atHand.map((piece) => part(piece, reader.records.get(piece))) });
  for (const piece of wanted) {
    if (atHand.includes(piece)) continue;
    post({ parts: [part(piece, yield* reader.read(piece))] });
  }
  post({ parts: [], done: true });
}

/** Every activation of a unit over a stretch. */
function* trace({ model, source, first, last, layer, unit }, post) {
  const reader = readerOf(model, source), { activations, size } = reader.network;
  const lines = Object.fromEntries(activations.map((name) => [name, new Float32Array(last - first)]));
  for (let at = first; at < last; ) {
    const piece = reader.pieceOf(at), [start, end] = reader.bounds(piece), record = yield* reader.read(piece);
    for (; at < Math.min(end, last); at++) {
      for (const name of activations) {
        lines[name][at - first] = record.numbers[(at - start) * size + reader.network.offset(layer, name) + unit];
      }
    }
  }
  post({ first, lines, done: true });
}

/** Random numbers from 0 to 1 by a seed: mulberry32, public domain, as Tommy Ettinger wrote it. */
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Draw an id: from the `top` most likely ones (0: all), the odds sharpened by a temperature below 1; at 0 the most likely. */
function draw(network, { temperature, top }, random) {
  if (!temperature) return mostLikely(network.probabilities(), 1)[0];
  const probabilities = network.probabilities(temperature);
  const among = top ? mostLikely(probabilities, top) : [...probabilities.keys()];
  let rest = random() * among.reduce((sum, id) => sum + probabilities[id], 0);
  for (const id of among) {
    rest -= probabilities[id];
    if (rest < 0) return id;
  }
  return among.at(-1);
}

/** Whether the last ids are those of `stop`. */
function endsWith(ids, stop) {
  return stop.length > 0 && stop.every((id, index) => ids[ids.length - stop.length + index] === id);
}

/** Text that the network draws after a position, until it has drawn `stop` or `length` characters. */
function* sample({ model, source, at, length, stop, seed, ...choice }, post) {
  const { network } = readerOf(model, source), state = yield* readerOf(model, source).stateAfter(at);
  const random = randomNumbers(seed), drawn = [], unused = new Float32Array(network.size);
  const logits = network.logits.slice();
  while (drawn.length < length && !endsWith(drawn, stop)) {
    network.logits.set(logits);
    const id = draw(network, choice, random);
    drawn.push(id);
    network.step(id, state, unused, 0);
    logits.set(network.logits); // another job may use the network while this one waits
    if (drawn.length % 16 === 0) {
      post({ ids: [...drawn] });
      yield;
    }
  }
  post({ ids: drawn, done: true });
}

/**
 * The same continuation with one state of one unit held from a position on, and without: the probabilities right after it, the
 * loss over the text that follows, and text drawn with the same random numbers. `shift` adds to the state, otherwise it is set.
 */
function* hold({ model, source, at, layer, activation, unit, value, shift, ahead, length, seed, ...choice }, post) {
  const reader = readerOf(model, source), { network } = reader, unused = new Float32Array(network.size);
  const change = (depth, name, values) => {
    if (depth === layer && name === activation) values[unit] = shift ? values[unit] + value : value;
  };
  const answer = {};
  for (const [name, held] of [["free", undefined], ["held", change]]) {
    const before = at % reader.text.steps ? yield* reader.stateAfter(at - 1) : network.zeroState();
    network.step(reader.text.ids[at], before, unused, 0, held);
    const state = network.copyOf(before), probabilities = Array.from(network.probabilities());
    let logits = network.logits.slice(), loss = 0, count = 0;
    for (let next = at; count < ahead && reader.following(next) !== undefined; next++) {
      network.logits.set(logits);
      loss -= Math.log(network.probabilities()[reader.following(next)]);
      count++;
      if ((next + 1) % reader.text.steps === 0) break;
      network.step(reader.text.ids[next + 1], state, unused, 0, held);
      logits = network.logits.slice();
      if (count % 16 === 0) yield;
    }
    const random = randomNumbers(seed), ids = [], drawing = before;
    // The first one is drawn after the character at `at`, as above.
    network.logits.set(probabilities.map(Math.log));
    logits = network.logits.slice();
    while (ids.length < length) {
      network.logits.set(logits);
      const id = draw(network, choice, random);
      ids.push(id);
      network.step(id, drawing, unused, 0, held);
      logits = network.logits.slice();
      if (ids.length % 16 === 0) yield;
    }
    answer[name] = { probabilities, loss: count ? loss / count : NaN, count, ids };
  }
  post({ ...answer, done: true });
}
