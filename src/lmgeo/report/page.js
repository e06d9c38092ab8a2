"use strict";
(() => {
  const NARROW = 560;
  // Middle tones, readable on white and on near-black alike: a colour scale cannot hold CSS variables.
  const SEQUENCE = ["#4f6fe0", "#9a52cf", "#e0518a", "#f2923c"];
  const PALETTE = Array.from({ length: 10 }, (_, i) => `var(--c${i + 1})`);

  const theme = (narrow) => ({
    background: null,
    font: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'Liberation Sans', Arial, sans-serif",
    view: { stroke: null },
    axis: {
      labelColor: "var(--soft)", titleColor: "var(--ink)", domainColor: "var(--line)", tickColor: "var(--line)",
      gridColor: "var(--grid)", labelFontSize: narrow ? 11 : 12, titleFontSize: narrow ? 12 : 13, titleFontWeight: 600, titlePadding: 8,
      labelPadding: 5,
    },
    legend: { labelColor: "var(--ink)", titleColor: "var(--soft)", labelFontSize: 12, titleFontSize: 12, titleFontWeight: 600, labelLimit: 220, titleLimit: 220 },
    range: { category: PALETTE, ramp: SEQUENCE },
  });

  const minus = (x, digits = 2) => (x === null || x === undefined ? "–" : x.toFixed(digits).replace("-", "−"));
  const between = (low, high) => (low === null || high === null ? "" : ` (95 % interval ${minus(low)} to ${minus(high)})`);

  function rankingSpec(data, kind, width) {
    const narrow = width < NARROW;
    const values = data.ranking
      .map((r) => ({ measure: r.measure, n: r.n, r: r[kind][0], low: r[kind][1], high: r[kind][2], q: r.q, sure: r.sure }))
      .filter((r) => r.r !== null)
      .sort((a, b) => Math.abs(b.r) - Math.abs(a.r));
    const names = values.map((v) => v.measure);
    const y = {
      field: "measure", type: "nominal", sort: names, title: null,
      axis: narrow ? null : { labelLimit: 320, ticks: false, domain: false, labelColor: "var(--ink)", labelPadding: 10 },
    };
    const tooltip = [
      { field: "measure", title: "measure" }, { field: "r", title: kind, format: ".3f" }, { field: "low", title: "low", format: ".3f" },
      { field: "high", title: "high", format: ".3f" }, { field: "q", title: "q", format: ".2g" }, { field: "n", title: "models" },
    ];
    const x = { field: "r", type: "quantitative", scale: { domain: [-1, 1] }, title: `${kind === "pearson" ? "Pearson" : "Spearman"} correlation`, axis: { values: [-1, -0.5, 0, 0.5, 1], orient: "top", domain: false, ticks: false, grid: true } };
    const dy = narrow ? 6 : 0;
    const layer = [
      { data: { values: [{}] }, mark: { type: "rule", color: "var(--soft)", strokeWidth: 1, opacity: 0.7 }, encoding: { x: { datum: 0 } } },
      { mark: { type: "rule", strokeWidth: 3, opacity: 0.4, color: "var(--accent)", yOffset: dy, strokeCap: "round" }, encoding: { y, x: { field: "low", type: "quantitative", title: x.title, axis: x.axis, scale: x.scale }, x2: { field: "high" }, tooltip } },
      { mark: { type: "point", size: 85, filled: true, strokeWidth: 2, stroke: "var(--accent)", yOffset: dy, opacity: 1 }, encoding: { y, x, tooltip, fill: { condition: { test: "datum.sure", value: "var(--accent)" }, value: "var(--card)" } } },
    ];
    if (narrow) {
      const label = { type: "text", align: "left", baseline: "middle", yOffset: -9, fontSize: 11.5, limit: width - 10, x: 0 };
      const encoding = { y, text: { field: "measure" } };
      layer.push({ mark: { ...label, color: "var(--card)", stroke: "var(--card)", strokeWidth: 5, strokeJoin: "round" }, encoding }); // clears the lines behind
      layer.push({ mark: { ...label, color: "var(--ink)" }, encoding });
    }
    return { data: { values }, height: Math.max(1, values.length) * (narrow ? 38 : 25), layer };
  }

  // Round values that stand apart on a square-root scale.
  function marks(far, narrow) {
    const round = [0, 0.05, 0.2, 0.5, 1].map((share) => Number((share * far).toPrecision(1)));
    return far === 100 && !narrow ? [0, 1, 5, 10, 20, 30, 50, 70, 100] : [...new Set(round)].filter((v) => v <= far);
  }

  function colourOf(colour, narrow) {
    if (!colour) return { value: "var(--c1)" };
    const distinct = [...new Set(colour.values.filter((v) => v !== null))];
    if (!colour.numeric) return { field: "c", type: "nominal", title: colour.name, scale: { range: PALETTE }, legend: { orient: "top", columns: narrow ? 2 : 5, symbolType: "circle" } };
    const many = Math.min(...distinct) >= 0 && Math.max(...distinct) > 10 ? "sqrt" : "linear";
    return { field: "c", type: "quantitative", title: colour.name === "alpha" ? "noise α (percent)" : colour.name, scale: { type: many, range: SEQUENCE }, legend: { orient: "top", gradientLength: narrow ? 180 : 260, gradientThickness: 10, ...(many === "sqrt" ? { values: marks(Math.max(...distinct), true).filter((v) => v >= Math.min(...distinct)) } : { tickCount: 5 }) } };
  }

  function scatterSpec(data, measure, colourName, width) {
    const narrow = width < NARROW;
    const s = data.scatter;
    const colour = s.colours.find((c) => c.name === colourName);
    const values = [];
    s.models.forEach((model, i) => {
      const x = s.measures[measure][i];
      if (x !== null) values.push({ model, x, y: s.target[i], c: colour ? colour.values[i] : null });
    });
    const tooltip = [{ field: "model", title: "model" }, { field: "x", title: measure, format: ".5~g" }, { field: "y", title: data.target, format: ".4f" }];
    if (colour) tooltip.push({ field: "c", title: colour.name });
    const x = { field: "x", type: "quantitative", scale: { zero: false, nice: true }, title: measure, axis: { tickCount: narrow ? 4 : 8 } };
    const y = { field: "y", type: "quantitative", scale: { zero: false, nice: true }, title: data.target, axis: { tickCount: 6 } };
    const layer = [];
    const line = s.lines[measure];
    if (line && values.length > 1) {
      const xs = values.map((v) => v.x);
      const ends = [Math.min(...xs), Math.max(...xs)].map((v) => ({ x: v, y: line[0] + line[1] * v }));
      layer.push({ data: { values: ends }, mark: { type: "line", color: "var(--soft)", strokeWidth: 1.5, strokeDash: [5, 4] }, encoding: { x, y } });
    }
    const size = values.length > 400 ? 28 : 64;
    layer.push({ mark: { type: "circle", size, opacity: 0.8, stroke: "var(--card)", strokeWidth: 0.6 }, encoding: { x, y, color: colourOf(colour, narrow), tooltip } });
    return { data: { values }, height: narrow ? 300 : 400, layer };
  }

  function curvesSpec(data, group, width) {
    const narrow = width < NARROW;
    const c = data.curves;
    const mine = (rows) => rows.filter((r) => r.group === group);
    const far = Math.max(...c.means.map((m) => m.x));
    const scale = { type: c.axis === "alpha" && far > 10 ? "sqrt" : "linear", nice: false, padding: 8 };
    const ticks = c.axis === "alpha" && far > 10 ? { values: marks(far, narrow) } : { tickCount: narrow ? 4 : 8 };
    const x = { field: "x", type: "quantitative", scale, title: c.title, axis: ticks };
    const y = { type: "quantitative", scale: { zero: false }, title: "score", axis: { tickCount: 6 } };
    const color = { field: "score", type: "nominal", title: null, sort: c.scores, scale: { domain: c.scores, range: PALETTE }, legend: c.scores.length > 1 ? { orient: "top", columns: narrow ? 2 : 4, symbolType: "stroke", symbolStrokeWidth: 3, symbolOpacity: 1 } : null };
    const means = mine(c.means);
    const layer = [];
    if (c.intervals) layer.push({ data: { values: means.filter((m) => m.low !== null) }, mark: { type: "area", opacity: 0.11, line: false }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color } });
    layer.push({ data: { values: means }, mark: { type: "line", strokeWidth: 2.2, strokeJoin: "round" }, encoding: { x, y: { ...y, field: "mean" }, color } });
    layer.push({ data: { values: mine(c.points) }, mark: { type: "circle", size: 34, opacity: 0.75 }, encoding: { x, y: { ...y, field: "y" }, color, tooltip: [{ field: "model", title: "model" }, { field: "score", title: "score" }, { field: "x", title: c.title, format: "~g" }, { field: "y", title: "value", format: ".4f" }] } });
    return { height: narrow ? 280 : 360, layer };
  }

  function option(select, value, text) {
    const o = document.createElement("option");
    o.value = value;
    o.textContent = text;
    select.append(o);
  }

  class Part {
    constructor(root) {
      this.root = root;
      this.data = JSON.parse(root.querySelector("script.data").textContent);
      this.views = {};
      this.turn = {};
      this.selects = Object.fromEntries([...root.querySelectorAll("select")].map((s) => [s.dataset.role, s]));
      this.fill();
      for (const [role, chart] of [["kind", "ranking"], ["measure", "scatter"], ["colour", "scatter"], ["group", "curves"]])
        this.selects[role]?.addEventListener("change", () => this.draw(chart));
      root.querySelectorAll(".save").forEach((b) => b.addEventListener("click", () => this.save(b.dataset.save)));
      root.querySelectorAll("table.sortable").forEach(sortable);
      this.drawAll();
    }

    fill() {
      const { measure, colour, group } = this.selects;
      if (measure) this.data.ranking.filter((r) => r.measure in this.data.scatter.measures).forEach((r) => option(measure, r.measure, `${r.measure}  (${minus(r.pearson[0])})`));
      if (colour) {
        this.data.scatter.colours.forEach((c) => option(colour, c.name, c.name === "alpha" ? "α" : c.name));
        option(colour, "", "none");
      }
      if (group) this.data.curves.groups.forEach((g) => option(group, g, g || "–"));
    }

    drawAll() {
      ["ranking", "scatter", "curves"].forEach((chart) => this.draw(chart));
    }

    spec(chart, width) {
      const value = (role) => this.selects[role]?.value;
      if (chart === "ranking") return rankingSpec(this.data, value("kind"), width);
      if (chart === "scatter") return scatterSpec(this.data, value("measure"), value("colour"), width);
      return curvesSpec(this.data, value("group") ?? this.data.curves.groups[0], width);
    }

    async draw(chart) {
      const box = this.root.querySelector(`[data-chart="${chart}"]`);
      if (!box) return;
      const width = Math.max(240, box.clientWidth);
      const turn = (this.turn[chart] = (this.turn[chart] ?? 0) + 1);
      const spec = { ...this.spec(chart, width), width, autosize: { type: "fit-x", contains: "padding" }, config: theme(width < NARROW) };
      const holder = document.createElement("div");
      box.append(holder);
      const embedded = await vegaEmbed(holder, spec, { mode: "vega-lite", renderer: "svg", actions: false });
      if (turn !== this.turn[chart]) { embedded.finalize(); holder.remove(); return; } // a later choice overtook this one
      this.views[chart]?.finalize();
      this.views[chart] = embedded;
      box.replaceChildren(holder);
      if (chart === "scatter") this.say();
    }

    say() {
      const name = this.selects.measure.value;
      const r = this.data.ranking.find((entry) => entry.measure === name);
      this.root.querySelector('[data-role="figures"]').textContent =
        `Pearson ${minus(r.pearson[0])}${between(r.pearson[1], r.pearson[2])}, Spearman ${minus(r.spearman[0])}${between(r.spearman[1], r.spearman[2])}, ${r.n} models. The dashed line is the least-squares fit.`;
    }

    async save(chart) {
      const style = getComputedStyle(document.documentElement);
      const raw = await this.views[chart].view.toSVG();
      const text = raw.replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      link.download = `${chart}.svg`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }
  }

  function sortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const numeric = head.classList.contains("num");
      const now = head.getAttribute("aria-sort");
      const down = now ? now === "ascending" : numeric; // numbers start with the highest
      const key = (row) => row.cells[column].dataset.key || row.cells[column].textContent;
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === "" || y === "") return (x === "") - (y === ""); // empty cells last, either way
        const order = numeric ? Number(x) - Number(y) : x.localeCompare(y, "en", { numeric: true });
        return down ? -order : order;
      });
      heads.forEach((h) => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      body.append(...rows);
    }));
  }

  const parts = [...document.querySelectorAll(".part")].map((root) => new Part(root));
  let seen = innerWidth;
  let timer = 0;
  addEventListener("resize", () => {
    if (innerWidth === seen) return;
    seen = innerWidth;
    clearTimeout(timer);
    timer = setTimeout(() => parts.forEach((part) => part.drawAll()), 150);
  });
})();
