// Table that holds only the rows in view, so that it stays quick with many thousands of rows.

const ROW = 34;
const PRINTED = 200;

class VirtualTable {
  // Each column: {key, title, value(row) for sorting, cell(row) to show, kind: "number" | "plain", width}.
  constructor({ label, columns, rows, open, sort, height = 420, wide = null }) {
    Object.assign(this, { columns, all: rows, open, sort, rows, active: 0, label, height });
    this.body = el("tbody");
    this.heads = columns.map((column) => this.head(column));
    this.table = el("table", { class: "virtual", "aria-label": label, style: wide ? `min-width:${wide}` : null }, el("colgroup", {}, columns.map(({ width }) => el("col", { style: width ? `width:${width}` : null }))),
      el("thead", {}, el("tr", {}, this.heads)), this.body);
    this.box = el("div", { class: "rows", tabindex: -1 }, this.table);
    this.box.addEventListener("scroll", () => this.draw(), { passive: true });
    this.body.addEventListener("keydown", (event) => this.key(event));
    addEventListener("beforeprint", () => this.draw(true));
    addEventListener("afterprint", () => this.draw());
    this.arrange();
  }

  head(column) {
    const press = button(column.title, () => {
      const same = this.sort?.key === column.key;
      const first = column.kind === "number" ? -1 : 1;
      this.sort = { key: column.key, direction: same ? -this.sort.direction : first };
      this.arrange();
    });
    return el("th", { scope: "col", class: column.kind, "data-key": column.key }, column.value ? press : column.title);
  }

  // Show only the rows for which `keep` is true.
  filter(keep) {
    this.rows = this.all.filter(keep);
    this.active = 0;
    this.box.scrollTop = 0;
    this.arrange();
  }

  arrange() {
    const column = this.columns.find(({ key }) => key === this.sort?.key);
    if (column) {
      const values = new Map(this.rows.map((row) => [row, column.value(row)]));
      const { direction } = this.sort;
      this.rows = [...this.rows].sort((one, other) => compare(values.get(one), values.get(other), direction));
    }
    for (const head of this.heads) {
      const sorted = head.dataset.key === this.sort?.key;
      if (sorted) head.setAttribute("aria-sort", this.sort.direction > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
    this.table.setAttribute("aria-rowcount", this.rows.length + 1);
    this.box.style.maxHeight = `${this.height}px`;
    this.draw();
  }

  draw(printing = false) {
    const seen = this.box.clientHeight || this.height;
    const first = printing ? 0 : Math.max(0, Math.floor(this.box.scrollTop / ROW) - 8);
    const last = Math.min(this.rows.length, printing ? PRINTED : first + Math.ceil(seen / ROW) + 16);
    const focused = this.body.contains(document.activeElement);
    const gap = (rows) => (rows > 0 && !printing ? el("tr", { class: "gap", "aria-hidden": true, style: `height:${rows * ROW}px` }) : null);
    const shown = this.rows.slice(first, last).map((row, at) => this.row(row, first + at));
    this.body.replaceChildren(...[gap(first), ...shown, gap(this.rows.length - last)].filter(Boolean));
    if (!this.rows.length) this.body.append(el("tr", {}, el("td", { colspan: this.columns.length }, "No row fits.")));
    if (printing && this.rows.length > last) {
      this.body.append(el("tr", {}, el("td", { colspan: this.columns.length }, `${count(this.rows.length - last)} more rows are in the page.`)));
    }
    if (focused) this.body.querySelector("tr[tabindex='0']")?.focus({ preventScroll: true });
  }

  row(row, position) {
    const cells = this.columns.map((column) => {
      const shown = column.cell(row);
      return el("td", { class: column.kind, title: typeof shown === "string" && shown.length > 20 ? shown : null }, shown);
    });
    return el("tr", { tabindex: position === this.active ? 0 : -1, "aria-rowindex": position + 2, "data-at": position,
      onclick: () => this.choose(position) }, cells);
  }

  choose(position) {
    this.active = position;
    this.draw();
    this.open(this.rows[position], this);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW) - 2);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in moves) {
      event.preventDefault();
      this.move(moves[event.key]);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.choose(this.active);
    }
  }

  // Move the active row by `step`; returns the row it then is at.
  move(step) {
    this.active = Math.max(0, Math.min(this.rows.length - 1, this.active + step));
    const top = this.active * ROW, seen = this.box.clientHeight - 2 * ROW;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top > this.box.scrollTop + seen) this.box.scrollTop = top - seen;
    this.draw();
    this.body.querySelector("tr[tabindex='0']")?.focus({ preventScroll: true });
    return this.rows[this.active];
  }
}

// Missing values come last in either direction.
function compare(one, other, direction) {
  if (missing(one) || missing(other)) return missing(one) - missing(other);
  if (typeof one === "number" && typeof other === "number") return (one - other) * direction;
  return (one < other ? -1 : one > other ? 1 : 0) * direction;
}
