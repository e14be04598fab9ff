// f, i = sigma(sums), candidate = sums; h = f/(f + i).h' + i/(f + i).candidate. Nothing else reads h'.
RECURRENCES.minlstm = ({ sums, width, before, now, held }) => {
  for (let unit = 0; unit < width; unit++) {
    now.f[unit] = sigmoid(sums[unit]);
    now.i[unit] = sigmoid(sums[width + unit]);
    now.candidate[unit] = sums[2 * width + unit];
    const share = now.i[unit] / (now.f[unit] + now.i[unit]);
    now.h[unit] = before.h[unit] + share * (now.candidate[unit] - before.h[unit]);
  }
  held?.("h");
};
