// Puts the page of a comparison together.

startPage((data) => {
  const { table } = data;
  const facts = [plural(table.rows.length - 1, "optimizer"), plural(table.tasks.length, "task"), table.seeds.length === 1 ? `seed ${table.seeds[0]}` : plural(table.seeds.length, "seed"), table.metric];
  const intro = el("div", { class: "intro" }, el("h1", {}, "Comparison on ", table.tasks.join(", ")), el("p", { class: "lead" }, facts.filter(Boolean).join(" · ")));
  const sections = [findingsSection, scoresSection, curvesSection, promptsSection, pairsSection, recordSection, costSection, cellsSection, settingsSection];
  const saved = button("Download the data of this page as JSON", () => download("comparison.json", JSON.stringify(data), "application/json"));
  return { parts: [intro, ...sections.map((make) => make(data)), el("p", { class: "tools" }, saved)], open: () => {} };
});
