// The workers that run the networks. The page asks; a new question of a channel takes the place of the old one.

const testText = (() => {
  const { streams, steps, following, begins, width } = page.text;
  return makeText("test", numbersOf("text", width === 2 ? Uint16Array : Uint8Array), streams, steps, following, begins);
})();
let ownText = makeText("own", new Uint8Array(0), 1, 0, []);

class Engine {
  constructor() {
    const program = new Blob([$("worker").textContent], { type: "text/javascript" });
    const address = URL.createObjectURL(program);
    this.worker = new Worker(address);
    URL.revokeObjectURL(address);
    this.known = new Set();
    this.questions = new Map();
    this.number = 0;
    this.worker.onmessage = ({ data }) => {
      const question = this.questions.get(data.channel);
      if (question?.number !== data.number) return; // of an earlier question
      if (data.error) throw new Error(data.error);
      question.reply(data);
    };
    this.worker.onerror = ({ message }) => {
      throw new Error(message);
    };
  }

  /** Give the worker a network, once. */
  know(name) {
    if (this.known.has(name)) return;
    this.known.add(name);
    const integers = numbersOf(`${name}/weights`, Int16Array), scales = numbersOf(`${name}/scales`, Float32Array);
    this.worker.postMessage({ kind: "network", name, description: models.get(name).network, integers, scales });
  }

  /** Give the worker a text, or what has become of it. */
  read({ source, ids, streams, steps, following }) {
    this.worker.postMessage({ kind: "text", source, text: { ids, streams, steps, following } });
  }

  ask(channel, kind, question, reply) {
    if (question.model) this.know(question.model);
    const number = ++this.number;
    this.questions.set(channel, { number, reply });
    this.worker.postMessage({ kind, channel, number, ...question });
  }

  /** Stop what a channel is doing. */
  cancel(channel) {
    this.questions.delete(channel);
    this.worker.postMessage({ kind: "cancel", channel });
  }
}

const engine = new Engine();
engine.read(testText);
engine.read(ownText);

/** What names a unit's values to the worker. */
function unitQuestion({ model, layer, quantity, unit }, text) {
  return { model, source: text.source, layer: layer - 1, activation: quantity, unit };
}

let drawnUnit = ""; // whose values the texts have

/** Make the values of the texts those of the unit in view; what they had stays until the answer comes. */
function takeIn(text, parts, unit) {
  if (unit !== drawnUnit) {
    for (const each of [testText, ownText]) each.values.fill(NaN);
    drawnUnit = unit;
  }
  for (const { first, values, ids, probabilities, surprise } of parts) {
    text.values.set(values, first);
    text.guesses.set(ids, first * text.kept);
    text.probabilities.set(probabilities, first * text.kept);
    text.surprise.set(surprise, first);
  }
}

function unitName({ model, layer, quantity, unit }) {
  return [model, layer, quantity, unit].join("/");
}

/** Ask for the values from `first` to `last`, those that are missing; `drawn` is called whenever some have come. */
function lookAt(channel, view, text, first, last, drawn) {
  const unit = unitName(view);
  if (unit === drawnUnit) {
    while (first < last && !Number.isNaN(text.values[first])) first++;
    while (first < last && !Number.isNaN(text.values[last - 1])) last--;
  }
  if (first >= last) return;
  engine.ask(channel, "look", { ...unitQuestion(view, text), first, last }, ({ parts }) => {
    if (unit !== unitName(view) || (text !== testText && text !== ownText)) return; // an answer from before a change
    takeIn(text, parts, unit);
    if (parts.length) drawn();
  });
}
