// i, f, o = sigma(sums), g = tanh(sums); c = f.c' + i.g; h = o.tanh(c).
RECURRENCES.lstm = ({ sums, W_hidden, width, before, now, held }) => {
  addProduct(sums, W_hidden, before.h, 0, sums.length);
  for (let unit = 0; unit < width; unit++) {
    now.i[unit] = sigmoid(sums[unit]);
    now.f[unit] = sigmoid(sums[width + unit]);
    now.o[unit] = sigmoid(sums[2 * width + unit]);
    now.g[unit] = Math.tanh(sums[3 * width + unit]);
    now.c[unit] = now.f[unit] * before.c[unit] + now.i[unit] * now.g[unit];
  }
  held?.("c");
  for (let unit = 0; unit < width; unit++) now.h[unit] = now.o[unit] * Math.tanh(now.c[unit]);
  held?.("h");
};
