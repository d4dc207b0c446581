// What both pages have: dialog, theme, and the way in. Hotkeys: / goes to the search, Escape closes.

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
    if (location.hash.includes("=")) history.replaceState(null, "", location.pathname + location.search);
    before?.focus?.({ preventScroll: true });
    before = null;
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, textarea, select, dialog")) return;
    event.preventDefault();
    document.querySelector("section input[type=search].first")?.focus();
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

// Reads the data and puts the page together: `build` returns its parts and what an address with `#name=value` opens.
function startPage(build) {
  begin(build).catch((error) => {
    byId("page").replaceChildren(el("p", { class: "note warning" }, `The data of this page can't be read: ${error.message}. A browser of 2023 or newer is needed.`));
    throw error;
  });
}

async function begin(build) {
  const { parts, open } = build(await readData());
  byId("page").replaceChildren(...parts.filter(Boolean));
  setUpDialog();
  setUpTheme();
  open();
  addEventListener("hashchange", open);
  document.documentElement.dataset.ready = "true";
}
