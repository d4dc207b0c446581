// From the initial prompt to the best one: prompt after prompt, with changes and critiques. The whole tree on demand.

function lineageSection(data) {
  const chain = data.lineage;
  if (chain.length < 2) return null;
  return section("lineage", ["Lineage", "Lineage of the best prompt"],
    `${plural(chain.length - 1, "step")} from an initial prompt. With several parents, the one with the highest score is followed.`,
    el("ol", { class: "lineage" }, chain.map((at, number) => ancestor(data, at, chain[number - 1]))),
    treeOf(data));
}

function ancestor(data, at, before) {
  const candidate = data.candidates[at];
  const others = candidate.parents.filter((one) => one !== before);
  const by = missing(before) || missing(candidate.score) || missing(data.candidates[before].score) ? null : candidate.score - data.candidates[before].score;
  return el("li", {}, el("div", { class: "ancestor" },
    el("p", { class: "line" }, el("strong", {}, missing(before) ? "Initial prompt" : candidate.round ? `Round ${candidate.round}` : candidate.step), " ",
      candidateLink(data, at), " ", by !== null && el("span", { class: `tag ${by > 0 ? "fixed" : by < 0 ? "broken" : "same"}` }, gain(by)),
      candidate.step && el("span", { class: "help" }, ` by ${candidate.step}, on ${plural(candidate.n, "example")}`)),
    candidate.critiques.length > 0 && el("details", { open: true }, el("summary", {}, candidate.critiques.length > 1 ? `${candidate.critiques.length} critiques led to it` : "The critique that led to it"),
      candidate.critiques.map((one) => textBlock(one, { class: "text critique" }))),
    missing(before) ? textBlock(candidate.text) : diffBlock(data.candidates[before].text, candidate.text),
    others.length > 0 && !missing(before) && el("p", { class: "help" }, "Other parents: ", others.map((one) => [candidateLink(data, one), " "])),
    askedOf(data, at)));
}

// The tree of all candidates; the children of a prompt are made when it is opened.
function treeOf(data) {
  const roots = data.candidates.map((_, at) => at).filter((at) => !data.candidates[at].parents.length);
  const holder = el("ul", { class: "tree" });
  return el("details", { class: "whole", ontoggle: () => { if (!holder.childElementCount) grow(data, holder, roots); } },
    el("summary", {}, `The whole tree: ${plural(data.candidates.length, "candidate")}`), holder);
}

const GROWN = 100;

function grow(data, holder, positions) {
  const sorted = [...positions].sort((one, other) => compare(data.candidates[one].score, data.candidates[other].score, -1));
  const add = (from) => {
    holder.append(...sorted.slice(from, from + GROWN).map((at) => leaf(data, at)));
    const left = sorted.length - from - GROWN;
    if (left > 0) {
      const more = el("li", {}, button(`Show ${Math.min(left, GROWN)} more of ${count(left)}`, () => { more.remove(); add(from + GROWN); }));
      holder.append(more);
    }
  };
  add(0);
}

function leaf(data, at) {
  const children = data.children[at].filter((one) => one !== at);
  const line = [candidateLink(data, at), ` ${oneLine(data.candidates[at].text, 120)}`];
  if (!children.length) return el("li", { class: data.lineage.includes(at) ? "leaf onpath" : "leaf" }, line);
  const holder = el("ul");
  return el("li", { class: data.lineage.includes(at) ? "onpath" : null }, el("details", { ontoggle: () => { if (!holder.childElementCount) grow(data, holder, children); } },
    el("summary", {}, `${count(children.length)} ▸ `, line), holder));
}
