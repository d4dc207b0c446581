// Charts: Vega-Lite specifications of the data, drawn in the colours of the page.

const CANVAS_ABOVE = 3000;
const drawn = new Set();

function chartColours() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    background: null, font: style.fontFamily || "sans-serif",
    view: { stroke: null },
    axis: { labelColor: colour("soft"), titleColor: colour("soft"), gridColor: colour("line"), domainColor: colour("line"), tickColor: colour("line"), labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500 },
    style: { dot: { color: colour("dot") }, best: { color: colour("accent") }, top: { color: colour("accent") }, chosen: { color: colour("good") } },
  };
}

async function draw(holder, spec, marks, onpick) {
  const width = Math.max(240, holder.clientWidth || 600) - 24;
  const { view } = await vegaEmbed(holder, { ...spec, width }, {
    mode: "vega-lite", renderer: marks > CANVAS_ABOVE ? "canvas" : "svg", config: chartColours(), actions: false,
    defaultStyle: false, loader: { load: noLoad, sanitize: noLoad }, tooltip: (handler, event, item, value) => showTip(event, value),
  });
  if (onpick) view.addEventListener("click", (event, item) => { if (!missing(item?.datum?.at)) onpick(item.datum.at); });
  return view;
}

const noLoad = () => Promise.reject(new Error("a chart loads nothing"));

function showTip(event, value) {
  const tip = byId("tip");
  tip.hidden = missing(value) || value === "";
  if (tip.hidden) return;
  const facts = typeof value === "object" ? Object.entries(value) : [["", value]];
  tip.replaceChildren(...facts.map(([name, text]) => el("div", {}, name && el("b", {}, `${name} `), oneLine(String(text), 240))));
  const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 12, room))}px`;
  tip.style.top = `${event.clientY + 16}px`;
}

// A chart that is drawn again when its width or the theme changes.
function chart(label, make, onpick) {
  const holder = el("div", { class: "chart", role: "group", "aria-label": label });
  let view = null, turn = 0;
  const redraw = async () => {
    const mine = (turn += 1);
    const { spec, marks } = make();
    const fresh = el("div");
    holder.append(fresh);
    fresh.style.width = "100%";
    const next = await draw(fresh, spec, marks, onpick);
    if (mine !== turn) {
      next?.finalize();
      fresh.remove();
      return;
    }
    view?.finalize();
    view = next;
    holder.replaceChildren(fresh);
  };
  drawn.add(redraw);
  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (Math.abs(contentRect.width - width) < 4) return;
    width = contentRect.width;
    redraw();
  }).observe(holder);
  return { holder, redraw };
}

const AXES = { calls: "Calls", tokens: "Tokens", usd: "Dollars", seconds: "Seconds" };

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
  const picture = data.charts.progress && typeof vegaEmbed !== "undefined" ? chart("Scores of candidates and the best so far; the same as a table below", spec, (at) => openCandidate(data, at)) : null;
  const rows = () => best.map((point) => el("tr", {}, axes.map((one) => el("td", { class: "number" }, one === "usd" ? dollars(point[one]) : one === "seconds" ? seconds(point[one]) : count(point[one]))),
    el("td", { class: "number" }, score(point.score)), el("td", { class: "number" }, count(point.n)), el("td", {}, candidateLink(data, point.at), ` ${oneLine(data.candidates[point.at].text, 90)}`)));
  const table = el("details", { open: !picture }, el("summary", {}, "The line as a table"), el("div", { class: "wide" }, el("table", {},
    el("thead", {}, el("tr", {}, axes.map((one) => el("th", { scope: "col", class: "number" }, AXES[one])), el("th", { scope: "col", class: "number" }, "Score"), el("th", { scope: "col", class: "number" }, "Examples"), el("th", { scope: "col" }, "Best so far"))),
    el("tbody", {}, rows()))));
  return section("progress", "Best so far", "Each dot is a candidate, where its first score was known, at its score over all examples of the search; a larger dot was scored on more examples. The line is the best one so far, among candidates with at least half of the usual number of examples. The diamond is the prompt that the search chose.",
    picture && axes.length > 1 && el("div", { class: "tools" }, choices("axis", "Horizontal axis", axes.map((one) => [one, AXES[one]]), axis, (one) => { axis = one; picture.redraw(); })),
    picture ? picture.holder : el("p", { class: "note" }, "The chart needs Vega-Lite: pip install 'promptwire[page]', then make the page again."),
    table);
}
