// The worker: it keeps networks and texts, and runs jobs in slices. A new job of a channel takes the place of the old one.

const SLICE = 15; // milliseconds between two looks for messages
const ORDER = ["view", "here", "unit", "write", "hold", "stretch", "stream", "pinned", "find"]; // channels, the most urgent first

const JOBS = { look, trace, sample, hold, stretch, find };
const networks = new Map(), texts = new Map(), readers = new Map(), jobs = new Map();
const pause = new MessageChannel();
let isWaiting = false;

function readerOf(model, source) {
  const key = `${source}/${model}`;
  if (!readers.has(key)) readers.set(key, new Reader(networks.get(model), texts.get(source)));
  return readers.get(key);
}

/** Run the most urgent job for a slice, then let messages in. */
function work() {
  isWaiting = false;
  const channel = ORDER.find((name) => jobs.has(name));
  if (!channel) return;
  const job = jobs.get(channel), end = performance.now() + SLICE;
  try {
    while (performance.now() < end) {
      if (!job.steps.next().done) continue;
      if (jobs.get(channel) === job) jobs.delete(channel);
      break;
    }
  } catch (error) {
    jobs.delete(channel);
    postMessage({ channel, number: job.number, error: String(error) });
  }
  wait();
}

function wait() {
  if (isWaiting || !jobs.size) return;
  isWaiting = true;
  pause.port2.postMessage(null);
}

pause.port1.onmessage = work;
onmessage = ({ data }) => {
  const { kind, channel, number } = data;
  if (kind === "network") {
    networks.set(data.name, new Network(data.description, data.integers, data.scales));
  } else if (kind === "text") {
    texts.set(data.source, data.text);
    for (const [key, reader] of readers) if (key.startsWith(`${data.source}/`)) reader.setText(data.text);
  } else if (kind === "cancel") {
    jobs.delete(channel);
  } else {
    const post = (answer) => postMessage({ channel, number, ...answer });
    jobs.set(channel, { number, steps: JOBS[kind](data, post) });
    wait();
  }
};
