// Puts the page of a run together.

function openFromAddress(data) {
  const id = /^#candidate=([0-9a-f]+)$/.exec(location.hash)?.[1];
  const at = id ? data.candidates.findIndex((candidate) => candidate.id === id) : -1;
  if (at >= 0) openCandidate(data, at);
}

startPage((data) => {
  data.children = childrenOf(data.candidates);
  const { run } = data;
  const intro = el("div", { class: "intro" }, el("h1", {}, run.pipeline, " on ", run.task),
    el("p", { class: "lead" }, [run.models.map(({ name }) => name).filter((name, at, all) => all.indexOf(name) === at).join(", "), `seed ${run.seed}`, run.began].filter(Boolean).join(" · ")));
  const sections = [verdictSection, promptSection, metricsSection, examplesSection, progressSection, lineageSection, candidatesSection, requestsSection, usageSection, unreadableSection, graphSection, reproduceSection];
  return { parts: [intro, ...sections.map((make) => make(data))], open: () => openFromAddress(data) };
});
