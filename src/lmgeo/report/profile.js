"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { width: WIDTH, axis: AXIS, gap: GAP } = data.panel;
  const views = new Map();
  const config = {
    background: null,
    font: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'Liberation Sans', Arial, sans-serif",
    view: { stroke: "var(--line)" },
    axis: { labelColor: "var(--soft)", gridColor: "var(--grid)", labelFontSize: 10 },
  };

  // As many panels side by side as fit, as wide as they can be.
  function fitted(spec, width) {
    const columns = Math.max(1, Math.floor((width + GAP) / (WIDTH + AXIS + GAP)));
    const panel = Math.floor((width - (columns - 1) * GAP) / columns) - AXIS;
    return { ...spec, columns, background: null, padding: 0, spec: { ...spec.spec, width: Math.max(60, panel - 4) } };
  }

  async function draw(box) {
    const spec = fitted(data.specs[Number(box.dataset.chart)], box.clientWidth);
    views.get(box)?.finalize();
    views.set(box, await vegaEmbed(box, { ...spec, config }, { mode: "vega-lite", renderer: "svg", actions: false, logLevel: 1 })); // 1: errors; a panel may lack null references
  }

  function key() {
    const box = document.getElementById("key");
    if (!box) return;
    const svg = (k) => `<svg width="34" height="8" aria-hidden="true"><line x1="0" y1="4" x2="34" y2="4" stroke="${k.colour}" stroke-width="2" stroke-dasharray="${k.dash[1] ? k.dash.join(" ") : ""}"/></svg>`;
    box.innerHTML = data.key.map((k) => `<span>${svg(k)} <b>${k.name}</b></span>`).join("");
  }

  const boxes = [...document.querySelectorAll("[data-chart]")];
  key();
  boxes.forEach(draw);
  let seen = innerWidth;
  let timer = 0;
  addEventListener("resize", () => {
    if (innerWidth === seen) return;
    seen = innerWidth;
    clearTimeout(timer);
    timer = setTimeout(() => boxes.forEach(draw), 150);
  });
})();
