// Anytime curves: the best selection score against what was spent.

function chartOf(data, name, task, axis) {
  const spec = structuredClone(data.charts[name]);
  spec.datasets = data.series[task][axis];
  spec.layer = spec.layer.filter((layer) => spec.datasets[layer.data.name].length);  // Vega warns of empty data
  const narrow = document.documentElement.clientWidth < 700;
  if (name === "curves") {
    spec.encoding.x.title = AXES[axis];
    if (narrow) spec.encoding.color.legend.columns = 1;
  } else if (narrow) spec.encoding.y.axis.labelLimit = 110;
  return { spec, marks: Object.values(spec.datasets).reduce((sum, rows) => sum + rows.length, 0) };
}

function curvesSection(data) {
  const { table, axes } = data;
  const tasks = table.tasks.filter((task) => table.curves.some((curve) => curve.task === task));
  if (!tasks.length || !axes.length) return null;
  let task = tasks[0], axis = axes[0];
  const picture = canDraw() ? chart("Best selection score so far of each optimizer; the same as a table below", () => chartOf(data, "curves", task, axis)) : null;
  const body = el("tbody");
  const fill = () => body.replaceChildren(...table.curves.filter((curve) => curve.task === task).map(curveLine));
  fill();
  const lines = el("details", { open: !picture }, el("summary", {}, "The curves as a table"), el("div", { class: "wide", tabindex: 0 }, el("table", { "aria-label": "Best selection score so far" },
    el("thead", {}, el("tr", {}, ["Optimizer", "Seed", "Best selection score after so many calls", "Calls", "Tokens", "Dollars", "Held-out score"].map((title, at) => el("th", { scope: "col", class: at > 2 ? "number" : null }, title)))), body)));
  return section("curves", ["Best so far", "Best so far against what was spent"],
    "The line is the best selection score so far, as the mean over seeds; the band goes from the lowest seed to the highest. A prompt stands where its first score was known, at its score over all examples that the search used. A search that has ended keeps its score. Diamonds are held-out scores of the returned prompts, one for each seed: only these can be compared between optimizers, since each selects on examples of its own. Calls are those with an empty cache; tokens, dollars and seconds are of new calls, so they are lower where the shared cache held replies.",
    el("div", { class: "tools" },
      tasks.length > 1 && choices("curve-task", "Task", tasks.map((one) => [one, one]), task, (one) => { task = one; fill(); picture?.redraw(); }),
      picture && axes.length > 1 && choices("axis", "Horizontal axis", axes.map((one) => [one, AXES[one]]), axis, (one) => { axis = one; picture.redraw(); }),
      el("span", { class: "grow" }), button("Download CSV", () => download("curves.csv", curvesCsv(table.curves), "text/csv"))),
    picture?.holder ?? el("p", { class: "note" }, NO_CHARTS), lines);
}

function curveLine({ row, seed, points, end, heldout }) {
  const steps = points.map((point) => `${score(point.score)} (${count(point.calls)})`).join(" → ");
  return el("tr", {}, el("th", { scope: "row" }, row), el("td", {}, String(seed)), el("td", {}, steps), el("td", { class: "number" }, count(end.calls)),
    el("td", { class: "number" }, count(end.tokens)), el("td", { class: "number" }, dollars(end.usd)), el("td", { class: "number" }, score(heldout)));
}

function curvesCsv(curves) {
  const spent = ["score", "examples", "calls", "tokens", "usd", "seconds"];
  const line = (curve, point, heldout) => [curve.row, curve.task, curve.seed, ...spent.map((name) => point[name]), heldout];
  return toCsv(["row", "task", "seed", ...spent, "heldout"], curves.flatMap((curve) => [...curve.points.map((point) => line(curve, point, null)), line(curve, curve.end, curve.heldout)]));
}
