// r, z = sigma(sums); candidate = tanh(sums of r.h'); h = (1 - z).h' + z.candidate.
RECURRENCES.gru = ({ sums, W_hidden, width, before, now, held }) => {
  addProduct(sums, W_hidden, before.h, 0, 2 * width);
  for (let unit = 0; unit < width; unit++) {
    now.r[unit] = sigmoid(sums[unit]);
    now.z[unit] = sigmoid(sums[width + unit]);
    now.h[unit] = now.r[unit] * before.h[unit]; // what the candidate reads of the past
  }
  addProduct(sums, W_hidden, now.h, 2 * width, width);
  for (let unit = 0; unit < width; unit++) {
    now.candidate[unit] = Math.tanh(sums[2 * width + unit]);
    now.h[unit] = before.h[unit] + now.z[unit] * (now.candidate[unit] - before.h[unit]);
  }
  held?.("h");
};
