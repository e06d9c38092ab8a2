"use strict";
// Correlations of what is drawn, for pairs and groups that the analysis did not estimate; without intervals.

function pearsonOf(xs, ys) {
  const n = xs.length;
  if (n < 3) return null;
  const mean = (v) => v.reduce((a, b) => a + b, 0) / n;
  const [mx, my] = [mean(xs), mean(ys)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [a, b] = [xs[i] - mx, ys[i] - my];
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  return xx > 1e-24 * mx * mx && yy > 1e-24 * my * my && xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null;
}

// Average ranks.
function ranksOf(values) {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = new Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]] === values[order[from]]) to++;
    for (let k = from; k <= to; k++) ranks[order[k]] = (from + to) / 2;
    from = to + 1;
  }
  return ranks;
}

const spearmanOf = (xs, ys) => (xs.length < 3 ? null : pearsonOf(ranksOf(xs), ranksOf(ys)));
