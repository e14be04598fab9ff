// Units that go along with a stretch of text, and the places of the whole text where some units do the same.

const RANDOM_STRETCHES = 400;
const OUTSIDE = 3; // characters outside a stretch among which a unit has to be off: a quote may begin at its mark or after it

/** What is looked at of a value: its tanh where it has no bounds. */
function displayed(network, name, value) {
  return network.saturating.includes(name) ? Math.tanh(value) : value;
}

/** 1 or -1 where a value is beyond the threshold on either side, otherwise 0. */
function side(value, threshold) {
  return value > threshold ? 1 : value < -threshold ? -1 : 0;
}

/** The sides of every unit of every state over some positions: of each unit one Int8Array. */
function* sidesOf(reader, first, last, threshold) {
  const { network } = reader, units = [];
  for (let layer = 0; layer < network.layers; layer++) {
    for (const name of network.states) {
      for (let unit = 0; unit < network.width; unit++) units.push({ layer, name, unit, sides: new Int8Array(last - first) });
    }
  }
  for (let at = first; at < last; ) {
    const piece = reader.pieceOf(at), [start, end] = reader.bounds(piece), record = yield* reader.read(piece);
    const stop = Math.min(end, last);
    for (const { layer, name, unit, sides } of units) {
      const offset = network.offset(layer, name) + unit;
      for (let position = at; position < stop; position++) {
        const value = record.numbers[(position - start) * network.size + offset];
        sides[position - first] = side(displayed(network, name, value), threshold);
      }
    }
    at = stop;
    yield;
  }
  return units;
}

/**
 * The side on which a unit is at every place from `from` to `to`, and off just outside on both ends; 0 if on none. The first and
 * the last of more than three places may be marks, such as quotation marks: they count as outside too.
 */
function holdsOver(sides, from, to) {
  const edge = to - from > 3 ? 1 : 0, on = sides[from + edge], isOff = (place) => sides[place] !== on;
  if (!on) return 0;
  for (let place = from + edge; place < to - edge; place++) if (isOff(place)) return 0;
  const far = Array.from({ length: OUTSIDE + edge }, (_, step) => step - edge);
  return far.some((step) => isOff(from - 1 - step)) && far.some((step) => isOff(to + step)) ? on : 0;
}

/**
 * The units that are on throughout a stretch and off just outside it. The chance level: how often each does the same at a
 * random stretch of this length of the same stream, and how many units do; NaN where there is no room for another one.
 */
function* stretch({ model, source, first, last, threshold, seed }, post) {
  const reader = readerOf(model, source), { steps } = reader.text, start = Math.floor(first / steps) * steps;
  const from = Math.max(start, first - 2000), to = Math.min(start + steps, last + 2000), length = last - first;
  const units = yield* sidesOf(reader, from, to, threshold);
  const random = randomNumbers(seed), counts = new Array(RANDOM_STRETCHES).fill(0);
  const room = to - from - length - 1;
  const places = room > 1 ? counts.map(() => 1 + Math.floor(random() * room)) : [];
  const found = [];
  for (const { layer, name, unit, sides } of units) {
    let chance = 0;
    places.forEach((place, index) => {
      if (!holdsOver(sides, place, place + length)) return;
      chance++;
      counts[index]++;
    });
    const sign = holdsOver(sides, first - from, last - from);
    if (sign) found.push({ layer, activation: name, unit, sign, chance: places.length ? chance / places.length : NaN });
  }
  yield;
  counts.sort((one, other) => one - other);
  found.sort((one, other) => one.chance - other.chance);
  const mean = places.length ? counts.reduce((sum, count) => sum + count, 0) / places.length : NaN;
  post({ found, mean, high: counts[Math.floor(0.95 * RANDOM_STRETCHES)], characters: to - from, done: true });
}

/** All places in some streams where some units are on, each on its side, for at least `least` characters. */
function* find({ model, source, units, threshold, least, streams }, post) {
  const reader = readerOf(model, source), { network, text } = reader, numbers = new Float32Array(network.size);
  const wanted = units.map(({ layer, activation, unit, sign }) => ({
    offset: network.offset(layer, activation) + unit,
    activation,
    sign,
  }));
  const isOn = ({ offset, activation, sign }) => side(displayed(network, activation, numbers[offset]), threshold) === sign;
  for (const stream of streams) {
    const state = network.zeroState(), start = stream * text.steps, places = [];
    let since = -1;
    for (let at = start; at <= start + text.steps; at++) {
      const inside = at < start + text.steps;
      if (inside) network.step(text.ids[at], state, numbers, 0);
      const on = inside && wanted.every(isOn);
      if (on && since < 0) since = at;
      if (!on && since >= 0) {
        if (at - since >= least) places.push([since, at]);
        since = -1;
      }
      if (at % 16 === 0) yield;
    }
    post({ stream, places });
  }
  post({ done: true });
}
