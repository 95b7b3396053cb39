"use strict";
(() => {
  // What is folded away on the screen is printed.
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => (details.open = true)));

  // Tables: a click on a column's title sorts by it.
  for (const table of document.querySelectorAll("table.sortable")) {
    const titles = [...table.tHead.rows[0].cells];
    titles.forEach((title, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...title.childNodes);
      title.append(button);
      title.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const numeric = title.classList.contains("n") || title.classList.contains("wide");
        const before = title.getAttribute("aria-sort");
        const descending = before === "none" ? numeric : before === "ascending";
        const value = (row) => {
          const cell = row.cells[column];
          const text = cell.dataset.sort ?? cell.textContent.trim();
          return numeric ? (text === "" ? -Infinity : Number(text)) : text;
        };
        const compare = (a, b) => (numeric ? a - b : a.localeCompare(b));
        const rows = [...table.tBodies[0].rows].map((row) => [value(row), row]);
        rows.sort(([a], [b]) => {
          const order = a === b ? 0 : compare(a, b);
          return descending ? -order : order;
        });
        table.tBodies[0].append(...rows.map(([, row]) => row));
        titles.forEach((other) => other.setAttribute("aria-sort", "none"));
        title.setAttribute("aria-sort", descending ? "descending" : "ascending");
      });
    });
  }

  // Comments: search, filters, order, pages.
  const source = document.getElementById("data");
  if (!source) return;
  const PAGE = 25;
  const { tasks, comments } = JSON.parse(source.textContent);
  const byId = (id) => document.getElementById(id);
  const form = byId("explorer");
  const filters = [...form.querySelectorAll("select[data-task]")];
  const marks = byId("marks");
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const text = (comment) => comment.pieces.map((piece) => (typeof piece === "string" ? piece : piece[0])).join("");
  const percent = (p) => (p > 0 && p < 0.001 ? "<0.1" : (100 * p).toFixed(p < 0.0995 ? 1 : 0)) + "%";
  // Worked out when it is first asked for: a page may hold a hundred thousand comments.
  const searchable = (comment) => (comment.plain ??= plain([text(comment), comment.place, comment.id].join(" ")));
  const keys = {
    row: (c) => c.row,
    time: (c) => c.seconds ?? Infinity,
    length: (c) => -(c.length ??= text(c).length),
    sure: (c, task) => -c.verdicts[task].confidence,
    unsure: (c, task) => c.verdicts[task].confidence,
    score: (c, task) => c.verdicts[task].score ?? Infinity,
  };
  let page = 0;

  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };

  const piece = (part, task) => {
    if (typeof part === "string") return part;
    const strength = task === "" ? 0 : part[1][Number(task)];
    if (!strength) return part[0];
    return element("mark", (strength > 0 ? "for s" : "against s") + Math.abs(strength), part[0]);
  };

  const item = (comment, task) => {
    const said = element("p", "said", ...comment.pieces.map((part) => piece(part, task)));
    said.dir = "auto";
    if (comment.cut) said.append(" ", element("span", "note", "(cut off here)"));
    const meta = element("p", "meta");
    comment.verdicts.forEach((verdict, place) => {
      const labels = verdict.labels.map((label) => tasks[place].labels[label]).join(", ") || "no label";
      meta.append(element("span", "", tasks[place].name + ": ", element("bdi", "", labels), " (" + percent(verdict.confidence) + ")"), " ");
    });
    if (comment.place) meta.append(element("bdi", "", comment.place));
    return element("li", "", said, meta);
  };

  const show = () => {
    const words = plain(byId("search").value).split(/\s+/).filter(Boolean);
    const wanted = filters.map((filter) => filter.value);
    const fits = (comment) =>
      words.every((word) => searchable(comment).includes(word)) &&
      wanted.every((label, task) => {
        if (label === "") return true;
        const labels = comment.verdicts[task].labels;
        return label === "-1" ? labels.length === 0 : labels.includes(Number(label));
      });
    const [key, task] = byId("sort").value.split("-");
    const found = comments.filter(fits);
    found.sort((a, b) => {
      const [x, y] = [keys[key](a, task), keys[key](b, task)];
      return x === y ? a.row - b.row : x < y ? -1 : 1;
    });
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    page = Math.min(page, pages - 1);
    const marked = marks ? marks.value : "";
    byId("list").replaceChildren(...found.slice(page * PAGE, (page + 1) * PAGE).map((comment) => item(comment, marked)));
    byId("found").textContent = found.length + (found.length === 1 ? " comment" : " comments");
    byId("page").textContent = "Page " + (page + 1) + " of " + pages;
    byId("previous").disabled = page === 0;
    byId("next").disabled = page === pages - 1;
    byId("pager").hidden = pages === 1;
  };
  const again = () => {
    page = 0;
    show();
  };
  const turn = (step) => {
    page += step;
    show();
    byId("comments-title").scrollIntoView();
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", again);
  byId("previous").addEventListener("click", () => turn(-1));
  byId("next").addEventListener("click", () => turn(1));
  form.hidden = false;
  show();
})();
