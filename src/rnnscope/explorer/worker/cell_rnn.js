// h = tanh(sums).
RECURRENCES.rnn = ({ sums, W_hidden, width, before, now, held }) => {
  addProduct(sums, W_hidden, before.h, 0, sums.length);
  for (let unit = 0; unit < width; unit++) now.h[unit] = Math.tanh(sums[unit]);
  held?.("h");
};
