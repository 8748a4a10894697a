// The classes that figures show: what a mark says where it is pointed at, and a search box above. Titles of marks
// would be shown twice: they are taken out.
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const make = (name, attributes = {}, ...inside) => {
  const element = document.createElement(name);
  Object.assign(element, attributes);
  element.append(...inside);
  return element;
};
const tip = make("div", { className: "tip", hidden: true });
document.body.append(tip);

// How far a point is from a shape, in units of the drawing.
const SHAPES = {
  circle: [["cx", "cy", "r"], (cx, cy, r) => (x, y) => Math.max(0, Math.hypot(x - cx, y - cy) - r)],
  rect: [["x", "y", "width", "height"], (left, top, width, height) => (x, y) =>
    Math.hypot(x - clamp(x, left, left + width), y - clamp(y, top, top + height))],
  line: [["x1", "y1", "x2", "y2"], (x1, y1, x2, y2) => (x, y) => {
    const [dx, dy] = [x2 - x1, y2 - y1];
    const share = clamp(((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1), 0, 1);
    return Math.hypot(x - x1 - share * dx, y - y1 - share * dy);
  }],
};

function marksOf(svg) {
  return [...svg.querySelectorAll("g > title")].map(title => {
    const [name, ...values] = title.textContent.split("\n"), group = title.parentElement;
    title.remove();
    const shapes = [...group.children].filter(shape => SHAPES[shape.tagName]);
    const away = shapes.map(shape => {
      const [names, distance] = SHAPES[shape.tagName];
      return distance(...names.map(name => Number(shape.getAttribute(name))));
    });
    return { name, key: name.toLowerCase(), values, group, shapes, away };
  });
}

// Pixels of the screen in a unit of the drawing.
const scaleOf = svg => svg.getScreenCTM().a;

// Copies of marks in a layer over the drawing: rings around dots, frames around bars.
function lay(svg, layer, marks, labelled) {
  svg.querySelector(":scope > ." + layer)?.remove();
  if (!marks.length) return;
  const scale = scaleOf(svg), middle = svg.viewBox.baseVal.width / 2;
  const beyond = marks.length > 40 ? 1.5 : 4;
  const over = document.createElementNS(svg.namespaceURI, "g");
  over.setAttribute("class", layer);
  for (const { shapes, values } of marks) {
    for (const shape of shapes) {
      const copy = shape.cloneNode();
      ["fill", "stroke", "stroke-width"].forEach(name => copy.removeAttribute(name));
      if (copy.tagName === "circle") copy.setAttribute("r", Number(copy.getAttribute("r")) + beyond / scale);
      over.append(copy);
    }
    const last = shapes.at(-1);
    if (labelled && last.tagName === "circle") {
      const [x, y] = ["cx", "cy"].map(name => Number(last.getAttribute(name)));
      const text = document.createElementNS(svg.namespaceURI, "text"), left = x < middle ? 1 : -1;
      const attributes = { x: x + left * 12 / scale, y: y - 8 / scale, "font-size": 12 / scale, "stroke-width": 3 / scale };
      for (const [name, value] of Object.entries(attributes)) text.setAttribute(name, value);
      text.setAttribute("text-anchor", left > 0 ? "start" : "end");
      text.textContent = values.find(value => value.startsWith("AP")) ?? values[0];
      over.append(text);
    }
  }
  svg.append(over);
}

// Says of a mark what it is, beside the point of the screen.
function say(svg, mark, x, y) {
  lay(svg, "now", mark ? [mark] : []);
  tip.hidden = !mark;
  if (!mark) return;
  tip.replaceChildren(make("b", {}, mark.name), ...mark.values.map(value => make("div", {}, value)));
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = clamp(x + 14, 4, innerWidth - width - 4) + "px";
  tip.style.top = (y + 18 + height < innerHeight ? y + 18 : Math.max(4, y - height - 14)) + "px";
}

// By mouse, by finger, and by the arrow keys where the figure has the focus.
function pointable(svg, marks, chosen) {
  let at = -1;
  const quiet = () => say(svg);
  const nearest = (event, reach) => {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    let [best, least] = [undefined, reach / scaleOf(svg)];
    for (const mark of marks) {
      for (const away of mark.away) {
        const distance = away(x, y);
        // Of marks on one another, the one on top.
        if (distance <= least) [best, least] = [mark, distance];
      }
    }
    return best;
  };
  const point = (event, reach) => say(svg, nearest(event, reach), event.clientX, event.clientY);
  const touched = event => event.pointerType === "touch";
  svg.addEventListener("pointermove", event => touched(event) || point(event, 12));
  svg.addEventListener("pointerleave", event => touched(event) || quiet());
  svg.addEventListener("click", event => point(event, 24));
  document.addEventListener("pointerdown", event => svg.contains(event.target) || quiet());
  svg.setAttribute("tabindex", "0");
  const step = to => {
    const among = chosen().length ? chosen() : marks;
    at = (to + among.length) % among.length;
    const box = among[at].shapes.at(-1).getBoundingClientRect();
    say(svg, among[at], (box.left + box.right) / 2, (box.top + box.bottom) / 2);
  };
  svg.addEventListener("focus", () => svg.matches(":focus-visible") && step(Math.max(at, 0)));
  svg.addEventListener("blur", quiet);
  svg.addEventListener("keydown", event => {
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Escape") quiet();
    if (to === undefined) return;
    event.preventDefault();
    step(to);
  });
}
addEventListener("scroll", () => { tip.hidden = true }, { capture: true, passive: true });

// Above each figure: a search box, if it shows classes; and a button to enlarge it, if it is shrunk.
const searches = new Map();
for (const figure of document.querySelectorAll("figure")) {
  const svg = figure.querySelector("svg"), marks = marksOf(svg);
  const tools = make("p", { className: "find" }), larger = make("button", { type: "button" });
  let found = [];
  const show = wanted => {
    found = marks.filter(wanted);
    const names = new Set(found.map(mark => mark.name));
    marks.forEach(mark => mark.group.classList.toggle("hit", names.has(mark.name)));
    svg.classList.toggle("searched", names.size > 0);
    lay(svg, "hits", found, names.size === 1 && found.length <= 12);
    return names;
  };
  searches.set(figure, show);
  if (marks.length) pointable(svg, marks, () => found);
  // In a list of classes its own search box does this, too.
  if (marks.length && !figure.closest(".rows")) {
    const all = new Set(marks.map(mark => mark.name)), said = make("output");
    const list = make("datalist", { id: "classes-" + searches.size });
    const input = make("input", { type: "search", autocomplete: "off", placeholder: "name of a class" });
    input.setAttribute("list", list.id);
    input.addEventListener("focus", () => list.append(...[...all].sort().map(value => make("option", { value }))), { once: true });
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase().trim();
      const exact = marks.some(mark => mark.key === wanted);
      const names = show(mark => wanted && (exact ? mark.key === wanted : mark.key.includes(wanted)));
      said.textContent = wanted ? `${names.size} of ${all.size} classes` : "";
    });
    tools.append(make("label", {}, "Find a class ", input), " ", said, list);
  }
  larger.addEventListener("click", () => {
    figure.classList.toggle("large");
    fit();
  });
  const fit = () => {
    const large = figure.classList.contains("large");
    larger.textContent = large ? "Shrink" : "Enlarge";
    larger.hidden = !large && svg.getBoundingClientRect().width >= Number(svg.getAttribute("width")) - 1;
    tools.hidden = !marks.length && larger.hidden;
    lay(svg, "now", []);
    if (found.length) show(mark => found.includes(mark));
  };
  tools.append(" ", larger);
  figure.prepend(tools);
  addEventListener("resize", fit);
  fit();
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
  svg.querySelectorAll(".now, .hits").forEach(layer => layer.remove());
  svg.classList.remove("searched");
  svg.removeAttribute("tabindex");
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
  const drawing = list.querySelector("figure"), figure = drawing?.querySelector("svg");
  const names = new Map(rows.map(row => [row, row.cells[0].firstChild?.textContent ?? ""]));
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
  const find = list.querySelector(":scope > .find"), said = find.querySelector("output");
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
    if (!drawing) return;
    const shown = new Set(rows.filter(row => !row.hidden).map(row => names.get(row)));
    searches.get(drawing)(mark => wanted && shown.has(mark.name));
  };
  find.querySelector("input").addEventListener("input", search);
  find.hidden = false;
  search();
}
