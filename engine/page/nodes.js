// Calls and tokens by node, replies that could not be read, the graph, and how to make the run again.

function usageSection(data) {
  const { steps, usage } = data;
  if (!steps.length) return null;
  const most = Math.max(1, ...steps.map((step) => step.new + step.cached + step.failed));
  const bar = (step) => el("span", { class: "bars", "aria-hidden": true }, ["new", "cached", "failed"].map((kind) =>
    step[kind] > 0 && el("span", { class: kind, style: `width:${(step[kind] / most) * 100}%` })));
  const counts = (step) => Object.entries(step.counts).map(([what, n]) => `${count(n)} ${what}`).join(", ");
  const columns = [["New", "new", count], ["Cached", "cached", count], ["Failed", "failed", count], ["Tokens", "tokens", count], ["Dollars", "usd", dollars], ["Seconds", "seconds", (value) => (missing(value) ? "–" : value.toFixed(1))]]
    .filter(([, key]) => steps.some((step) => !missing(step[key])));
  const row = (step, total) => el("tr", { class: total ? "total" : null }, el("th", { scope: "row" }, step.path), el("td", {}, total ? null : bar(step)),
    columns.map(([, key, show]) => el("td", { class: "number" }, missing(step[key]) ? "–" : show(step[key]))), el("td", {}, total ? null : counts(step)));
  return section("usage", ["Calls", "Calls by node"], usage.saved,
    el("p", { class: "legend" }, [["new", "new calls"], ["cached", "from the cache"], ["failed", "failed"]].map(([kind, label]) => [el("span", { class: `swatch ${kind}` }), `${label} `])),
    el("div", { class: "wide" }, el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Node"), el("th", { scope: "col" }, el("span", { class: "hidden" }, "Bars")), columns.map(([title]) => el("th", { scope: "col", class: "number" }, title)), el("th", { scope: "col" }, "Counts"))),
      el("tbody", {}, steps.map((step) => row(step, false))), el("tfoot", {}, row(usage, true)))));
}

function unreadableSection(data) {
  if (!data.unreadable.length) return null;
  return section("unreadable", ["Unreadable", "Replies that could not be read"], "Such a reply scores as wrong, or brings no prompt. Samples by node.",
    data.unreadable.map(({ path, total, samples }) => el("details", { open: data.unreadable.length < 4 },
      el("summary", {}, `${path}: ${count(total)}`), samples.map((one) => textBlock(one)))));
}

function graphSection(data) {
  const { graph } = data;
  if (!graph) return null;
  const shown = graph.svg ? drawing(graph.svg) : el("pre", { class: "text drawing", tabindex: 0 }, graph.text);
  return section("graph", "Graph", "The pipeline with what its nodes did in this run.", el("div", { class: "graph", tabindex: 0, role: "img", "aria-label": `Graph of ${data.run.pipeline}; the table of calls by node has the same counts` }, shown));
}

// The drawing is Graphviz's own SVG. It is parsed as XML, and only its shapes and texts are taken over.
function drawing(svg) {
  const allowed = new Set(["svg", "g", "path", "polygon", "polyline", "ellipse", "text", "title"]);
  const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  for (const node of [root, ...root.querySelectorAll("*")]) {
    if (!allowed.has(node.localName)) node.remove();
    else for (const { name } of [...node.attributes]) if (/^on|href/i.test(name)) node.removeAttribute(name);
  }
  return document.importNode(root, true);
}

function reproduceSection(data) {
  const { reproduce } = data;
  const line = (text) => el("div", { class: "command" }, textBlock(text), copyButton(() => text));
  const facts = [["Seed", data.run.seed], ["Models", data.run.models.map(({ role, name }) => `${role}: ${name}`).join(", ")], ["How it ended", reproduce.ended], ["Began", reproduce.began],
    ["promptwire", reproduce.version], ["Task's fingerprint", reproduce.fingerprint], ["Run folder", data.run.name], ["This page", `made by promptwire ${reproduce.page}`]].filter(([, value]) => !missing(value) && value !== "");
  return section("reproduce", "Reproduce", null,
    reproduce.command && [el("h3", {}, "The same run"), line(reproduce.command)],
    reproduce.bundle && [el("h3", {}, "Share it as one file"), line(reproduce.bundle)],
    el("dl", { class: "pairs" }, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))])),
    reproduce.files.length > 0 && el("details", {}, el("summary", {}, `${plural(reproduce.files.length, "file")} with SHA-256`),
      el("div", { class: "wide" }, el("table", {}, el("tbody", {}, reproduce.files.map(({ name, sha256 }) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, el("code", {}, sha256)))))))),
    el("p", {}, button("Download the data of this page as JSON", () => download(`${data.run.name}.json`, JSON.stringify(withoutMade(data)), "application/json"))));
}

const withoutMade = ({ children, ...data }) => data;
