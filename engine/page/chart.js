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
    legend: { labelColor: colour("soft"), titleColor: colour("soft") },
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

const NO_CHARTS = "The chart needs Vega-Lite: pip install 'promptwire[page]', then make the page again.";

const canDraw = () => typeof vegaEmbed !== "undefined";
