// Puts the page together. Hotkeys: / searches the candidates, Escape closes, arrows move between rows.

let before = null;

function showDetail(title, content, move) {
  const dialog = byId("detail");
  const close = button("Close", () => dialog.close(), { class: "close" });
  dialog.replaceChildren(el("div", { class: "frame" },
    el("header", {}, el("h2", { id: "detail-title", tabindex: -1 }, title),
      move && button("‹ Previous", () => move(-1)), move && button("Next ›", () => move(1)), close),
    el("div", { class: "content" }, content.flat(Infinity).filter(Boolean))));
  if (!dialog.open) {
    before = document.activeElement;
    dialog.showModal();
  }
  dialog.querySelector(".content").scrollTop = 0;
  byId("detail-title").focus({ preventScroll: true });
}

function setUpDialog() {
  const dialog = byId("detail");
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    if (location.hash.startsWith("#candidate=")) history.replaceState(null, "", location.pathname + location.search);
    before?.focus?.({ preventScroll: true });
    before = null;
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, textarea, select, dialog")) return;
    event.preventDefault();
    document.querySelector("#candidates input[type=search]")?.focus();
  });
}

function setUpTheme() {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  byId("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    drawn.forEach((redraw) => redraw());
  });
  dark.addEventListener("change", () => drawn.forEach((redraw) => redraw()));
  addEventListener("beforeprint", () => {
    root.dataset.printed = root.dataset.theme ?? "";
    root.dataset.theme = "light";
  });
  addEventListener("afterprint", () => {
    if (root.dataset.printed) root.dataset.theme = root.dataset.printed;
    else delete root.dataset.theme;
  });
}

function openFromAddress(data) {
  const id = /^#candidate=([0-9a-f]+)$/.exec(location.hash)?.[1];
  const at = id ? data.candidates.findIndex((candidate) => candidate.id === id) : -1;
  if (at >= 0) openCandidate(data, at);
}

async function start() {
  const page = byId("page");
  const data = await readData();
  data.children = childrenOf(data.candidates);
  const { run } = data;
  const intro = el("div", { class: "intro" }, el("h1", {}, run.pipeline, " on ", run.task),
    el("p", { class: "lead" }, [run.models.map(({ name }) => name).filter((name, at, all) => all.indexOf(name) === at).join(", "), `seed ${run.seed}`, run.began].filter(Boolean).join(" · ")));
  const sections = [verdictSection, promptSection, metricsSection, examplesSection, progressSection, lineageSection, candidatesSection, requestsSection, usageSection, unreadableSection, graphSection, reproduceSection];
  page.replaceChildren(intro, ...sections.map((make) => make(data)).filter(Boolean));
  setUpDialog();
  setUpTheme();
  openFromAddress(data);
  addEventListener("hashchange", () => openFromAddress(data));
  document.documentElement.dataset.ready = "true";
}

start().catch((error) => {
  byId("page").replaceChildren(el("p", { class: "note warning" }, `The data of this page can't be read: ${error.message}. A browser of 2023 or newer is needed.`));
  throw error;
});
