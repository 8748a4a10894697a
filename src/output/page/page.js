// A figure that is shrunk to a narrow screen shows itself in full size when it is clicked.
for (const figure of document.querySelectorAll("figure")) {
  figure.addEventListener("click", () => figure.classList.toggle("large"));
}

// Sorts a table by the column whose head is clicked: numbers by their full value, what is missing last.
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.parentElement, column = head.cellIndex;
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = head.closest("table").tBodies[0];
    const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
    const compare = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === "" || y === "") return (x === "") - (y === "");
      const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
      return down ? -order : order;
    };
    // What a row opened to goes where it goes.
    const rows = [...body.rows].filter(row => !row.classList.contains("card")).sort(compare);
    body.append(...rows.flatMap(row => row.card ? [row, row.card] : [row]));
  });
}

// Marks the place of a class in a copy of the figure: AP, and what was to be expected with its interval.
function marked(figure, at) {
  const svg = figure.cloneNode(true), [x, y, low, value, high] = at.split(" ").map(Number);
  const add = (name, attributes) => {
    const shape = document.createElementNS(svg.namespaceURI, name);
    shape.setAttribute("class", "mark");
    for (const [key, number] of Object.entries(attributes)) shape.setAttribute(key, number);
    svg.append(shape);
  };
  const line = (x1, y1, x2, y2) => add("line", { x1, y1, x2, y2 });
  if (high !== undefined) {
    line(x, low, x, high);
    for (const end of [low, value, high]) line(x - 60, end, x + 60, end);
  }
  add("circle", { cx: x, cy: y, r: 60 });
  return svg;
}

// A list of classes: a search box above it, and each row opens to what is known of its class.
for (const list of document.querySelectorAll(".rows")) {
  const body = list.querySelector("tbody"), rows = [...body.rows];
  const figure = list.querySelector("figure svg");
  const open = (row, button, template) => {
    button.setAttribute("aria-expanded", !row.card);
    if (row.card) {
      row.card.remove();
      delete row.card;
      return;
    }
    row.card = document.createElement("tr");
    row.card.className = "card";
    const cell = row.card.insertCell(), inside = document.createElement("div");
    cell.colSpan = row.cells.length;
    inside.append(template.content.cloneNode(true));
    if (figure && row.dataset.at) inside.prepend(marked(figure, row.dataset.at));
    cell.append(inside);
    row.after(row.card);
  };
  for (const row of rows) {
    const template = row.querySelector("template");
    if (!template) continue;
    const button = document.createElement("button");
    button.setAttribute("aria-expanded", "false");
    button.append(...[...row.cells[0].childNodes].filter(node => node !== template));
    row.cells[0].prepend(button);
    button.addEventListener("click", () => open(row, button, template));
  }
  const find = list.querySelector(".find"), said = find.querySelector("output");
  const texts = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));
  const search = () => {
    const wanted = find.querySelector("input").value.toLowerCase().trim();
    let found = 0;
    for (const row of rows) {
      row.hidden = !texts.get(row).includes(wanted);
      if (row.card) row.card.hidden = row.hidden;
      found += !row.hidden;
    }
    said.textContent = wanted ? `${found} of ${rows.length}` : `${rows.length} classes`;
  };
  find.querySelector("input").addEventListener("input", search);
  find.hidden = false;
  search();
}
