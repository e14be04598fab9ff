// r, z = sigma(sums); candidate = tanh(sums + r.(W_hidden h' + hiddenBias)); h = (1 - z).h' + z.candidate, as torch.nn.GRU.
RECURRENCES["gru-after"] = ({ sums, W_hidden, hiddenBias, width, before, now, held }) => {
  now.candidate.set(sums.subarray(2 * width)); // what the input adds to the candidate
  sums.set(hiddenBias, 2 * width);
  addProduct(sums, W_hidden, before.h, 0, 3 * width);
  for (let unit = 0; unit < width; unit++) {
    now.r[unit] = sigmoid(sums[unit]);
    now.z[unit] = sigmoid(sums[width + unit]);
    now.candidate[unit] = Math.tanh(now.candidate[unit] + now.r[unit] * sums[2 * width + unit]);
    now.h[unit] = before.h[unit] + now.z[unit] * (now.candidate[unit] - before.h[unit]);
  }
  held?.("h");
};
