// Best so far against what the run had spent.

function progressSection(data) {
  const { points, best } = data.progress;
  if (!best.length) return null;
  const axes = Object.keys(AXES).filter((axis) => points.every((point) => !missing(point[axis])) && points.some((point) => point[axis] > 0));
  let axis = axes[0];
  const spec = () => {
    const made = structuredClone(data.charts.progress);
    made.encoding.x.field = axis;
    made.encoding.x.title = AXES[axis];
    made.datasets = { points, best, chosen: points.filter(({ at }) => at === data.best?.at), line: [...best, { ...best.at(-1), [axis]: points.at(-1)[axis] }] };
    made.layer = made.layer.filter((layer) => made.datasets[layer.data.name].length);  // Vega warns of empty data
    return { spec: made, marks: points.length };
  };
  const picture = data.charts.progress && canDraw() ? chart("Scores of candidates and the best so far; the same as a table below", spec, (at) => openCandidate(data, at)) : null;
  const rows = () => best.map((point) => el("tr", {}, axes.map((one) => el("td", { class: "number" }, one === "usd" ? dollars(point[one]) : one === "seconds" ? seconds(point[one]) : count(point[one]))),
    el("td", { class: "number" }, score(point.score)), el("td", { class: "number" }, count(point.n)), el("td", {}, candidateLink(data, point.at), ` ${oneLine(data.candidates[point.at].text, 90)}`)));
  const table = el("details", { open: !picture }, el("summary", {}, "The line as a table"), el("div", { class: "wide" }, el("table", {},
    el("thead", {}, el("tr", {}, axes.map((one) => el("th", { scope: "col", class: "number" }, AXES[one])), el("th", { scope: "col", class: "number" }, "Score"), el("th", { scope: "col", class: "number" }, "Examples"), el("th", { scope: "col" }, "Best so far"))),
    el("tbody", {}, rows()))));
  return section("progress", "Best so far", "Each dot is a candidate, where its first score was known, at its score over all examples of the search; a larger dot was scored on more examples. The line is the best one so far, among candidates with at least half of the usual number of examples. The diamond is the prompt that the search chose.",
    picture && axes.length > 1 && el("div", { class: "tools" }, choices("axis", "Horizontal axis", axes.map((one) => [one, AXES[one]]), axis, (one) => { axis = one; picture.redraw(); })),
    picture ? picture.holder : el("p", { class: "note" }, NO_CHARTS),
    table);
}
