// z = sigma(sums), candidate = sums; h = (1 - z).h' + z.candidate. Nothing else reads h'.
RECURRENCES.mingru = ({ sums, width, before, now, held }) => {
  for (let unit = 0; unit < width; unit++) {
    now.z[unit] = sigmoid(sums[unit]);
    now.candidate[unit] = sums[width + unit];
    now.h[unit] = before.h[unit] + now.z[unit] * (now.candidate[unit] - before.h[unit]);
  }
  held?.("h");
};
