// One's own text: typed, pasted, or continued by the network.

const TAKEN = 400; // characters of a passage

/** How text is drawn, from the fields. */
function drawingChoice() {
  const value = (id, least, otherwise) => {
    const given = $(id).valueAsNumber;
    return Number.isFinite(given) ? Math.max(given, least) : otherwise;
  };
  return { temperature: value("temperature", 0, 0.7), top: Math.round(value("top", 0, 0)), seed: Math.round(value("seed", 0, 1)) };
}

/** Read the field: its text becomes the text in view, and the character before the caret the selected one. */
function readOwn() {
  // What the network still writes would take the place of what a person has just put there.
  engine.cancel("write");
  $("stop-drawing").disabled = true;
  const { ids, unknown } = idsOf($("own").value), type = symbols.length > 256 ? Uint16Array : Uint8Array;
  const before = idsOf($("own").value.slice(0, $("own").selectionStart)).ids.length;
  if (view.text === "own") view.at = Math.max(before - 1, 0);
  setOwn(type.from(ids));
  $("write-note").textContent = unknown.length
    ? `The network does not know ${unknown.slice(0, 8).map((letter) => `“${letter}”`).join(", ")}; left out.`
    : ids.length ? `${ids.length} characters.` : "";
}

function setOwn(ids) {
  const before = ownText;
  ownText = makeText("own", ids, 1, Math.max(ids.length, 1), []);
  let same = 0;
  while (same < Math.min(ids.length, before.ids.length) && ids[same] === before.ids[same]) same++;
  if (same) ownText.values.set(before.values.subarray(0, same - 1)); // the last one's prediction may have another next character
  if (same) ownText.guesses.set(before.guesses.subarray(0, (same - 1) * ownText.kept));
  if (same) ownText.probabilities.set(before.probabilities.subarray(0, (same - 1) * ownText.kept));
  if (same) ownText.surprise.set(before.surprise.subarray(0, same - 1));
  engine.read(ownText);
  if (stretch?.source === "own") stretch = null; // of the text before
  if (matches.source === "own") Object.assign(matches, { source: "", firsts: [], lasts: [] });
  view.at = Math.max(Math.min(view.at, ids.length - 1), 0);
  if (view.text === "own") {
    drawText();
    lookAtAll();
    drawPanel(false);
    scrollTo(view.at, true);
    writeAddress();
  }
}

/** Let the network continue the text in the field. */
function continueOwn() {
  if (!ownText.ids.length) {
    const at = testText.kinds.findIndex((kind) => kind === PLAIN || kind === LETTER);
    const letter = () => stringOf(testText.ids.subarray(...wholeLetters(testText, at, at + 1)));
    $("own").value = page.text.newline.length ? String.fromCodePoint(...page.text.newline) : at < 0 ? "" : letter();
    readOwn(); // something has to be read first
    if (!ownText.ids.length) return;
  }
  const before = ownText.ids, given = $("stop").value.replace(/\\n/g, "\n").replace(/\\t/g, "\t");
  const length = Math.min(Math.max($("length").valueAsNumber || 400, 1), 20_000);
  $("stop-drawing").disabled = false;
  const question = { model: view.model, source: "own", at: before.length - 1, length, stop: idsOf(given).ids, ...drawingChoice() };
  engine.ask("write", "sample", question, ({ ids, done }) => {
    const all = new before.constructor(before.length + ids.length);
    all.set(before);
    all.set(ids, before.length);
    $("own").value = stringOf(all).replace(/\r\n/g, "\n");
    $("own").scrollTop = $("own").scrollHeight;
    setDrawn(all, before.length, done);
  });
}

function setDrawn(ids, from, done) {
  // The worker draws first: colours come when it is done, or where it waits.
  if (done) {
    setOwn(ids);
    $("stop-drawing").disabled = true;
    $("write-note").textContent = `${ids.length - from} characters drawn after ${from}.`;
  } else {
    $("write-note").textContent = `${ids.length - from} characters drawn …`;
  }
}

/** Take the text before the selected character of the test text as one's own. */
function takePassage() {
  const start = streamOf(testText, lastAt) * testText.steps, from = Math.max(start, lastAt - TAKEN);
  $("own").value = stringOf(testText.ids.subarray(...wholeLetters(testText, from, lastAt + 1))).replace(/\r\n/g, "\n");
  readOwn();
}
let lastAt = 0; // the selected character of the test text
