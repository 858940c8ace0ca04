// The picture: where the states stand, the ways between them as they are now, and how one moves about in it.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const draw = (name, attributes = {}, ...children) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

class View {
  constructor(svg, table, layout, choose) {
    Object.assign(this, { svg, table, layout, choose });
    this.at = { x: 0, y: 0, k: 1 };
    this.nodes = new Map();
    const head = (id) => draw("marker", { id, viewBox: "0 0 8 8", refX: 6.5, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, draw("path", { d: "M0 .8 7.4 4 0 7.2z" }));
    this.stage = draw("g");
    this.svg.append(draw("defs", {}, head("head"), head("head-way"), head("head-fail")), this.stage);
    this.arrows = draw("g", { class: "arrows" });
    this.words = draw("g", { class: "words", "aria-hidden": "true" });
    this.states = draw("g", { class: "states" });
    this.stage.append(this.arrows, this.words, this.states);
    this.place();
    this.listen();
    new ResizeObserver(() => this.resized()).observe(svg);
  }

  // The middle of each state: in a ring that is as wide or tall as the page, or as it was laid out.
  place() {
    const { middle, around, places } = this.layout;
    const wide = this.svg.clientWidth >= this.svg.clientHeight;
    this.wide = wide;
    this.places = new Map(Object.entries(places || {}).map(([state, [x, y]]) => [state, { x, y }]));
    if (around) {
      const shape = this.svg.clientHeight / (this.svg.clientWidth || 1);
      const [rx, ry] = wide ? [430, Math.min(360, Math.max(230, 400 * shape))] : [165, Math.min(420, Math.max(250, 200 * shape))];
      const grow = Math.max(1, around.length / 12);
      this.radius = [rx * grow, ry * grow];
      this.places.set(middle, { x: 0, y: 0 });
      around.forEach((state, number) => {
        const turn = ((number + 0.5) / around.length) * 2 * Math.PI - Math.PI / 2;
        const across = Math.sign(Math.cos(turn)) * Math.abs(Math.cos(turn)) ** (wide ? 1 : 0.5); // a tall ring has room at its sides
        this.places.set(state, { x: rx * grow * across, y: ry * grow * Math.sin(turn) });
      });
    }
    for (const [state, place] of this.places) Object.assign(place, state in this.table.states ? { w: state.length * 9.4 + 30, h: 36 } : { w: 16, h: 16 });
    this.drawStates();
  }

  drawStates() {
    this.states.replaceChildren();
    this.nodes.clear();
    for (const [state, { x, y, w, h }] of this.places) {
      if (!(state in this.table.states)) {
        this.states.append(draw("circle", { class: "start", cx: x, cy: y, r: w / 2 }));
        continue;
      }
      const box = draw("rect", { x: x - w / 2, y: y - h / 2, width: w, height: h, rx: this.table.states[state].end ? 4 : 14 });
      const name = draw("text", { x, y: y + 1 });
      name.textContent = state;
      const node = draw("g", { class: `state${this.table.states[state].end ? " end" : ""}`, tabindex: -1, role: "button", "data-state": state }, box, name);
      this.nodes.set(state, node);
      this.states.append(node);
    }
    this.focusable(this.layout.middle || this.table.usual.state);
  }

  focusable(state) {
    for (const [name, node] of this.nodes) node.setAttribute("tabindex", name === state ? 0 : -1);
  }

  // Draws the ways: { source, target, labels, kind, strong, faint }; `here` is what is chosen, `on` what a way goes over.
  show(ways, here, counts, on = new Set()) {
    this.arrows.replaceChildren();
    this.words.replaceChildren();
    for (const way of [...ways].sort((one, other) => one.strong - other.strong)) this.arrow(way);
    for (const [state, node] of this.nodes) {
      node.classList.toggle("here", state === here);
      node.classList.toggle("on", on.has(state));
      node.setAttribute("aria-pressed", state === here);
      node.setAttribute("aria-label", `${state}, ${counts.get(state)} may be done`);
    }
    if (this.nodes.has(here)) this.focusable(here);
  }

  arrow({ source, target, labels, kind, strong, faint }) {
    const [from, to] = [this.places.get(source), this.places.get(target)];
    if (!from || !to || source === target) return;
    const bend = this.bend(source, target, from, to);
    const [start, end] = [edgeOf(from, bend, 0), edgeOf(to, bend, 5)];
    const path = draw("path", { class: `way ${kind}${strong ? " strong" : ""}${faint ? " faint" : ""}`, d: `M${start.x} ${start.y}Q${bend.x} ${bend.y} ${end.x} ${end.y}` });
    const title = draw("title");
    title.textContent = `${source} → ${target}: ${labels.join(", ")}`;
    path.append(title);
    this.arrows.append(path);
    if (faint || !labels.length) return;
    const t = this.layout.middle === target ? 0.55 : this.layout.middle === source ? 0.62 : 0.5;
    const x = (1 - t) ** 2 * start.x + 2 * t * (1 - t) * bend.x + t * t * end.x;
    const y = (1 - t) ** 2 * start.y + 2 * t * (1 - t) * bend.y + t * t * end.y;
    const lines = labels.length > 2 ? [labels[0], `${labels[1]} +${labels.length - 2}`] : labels;
    const words = draw("text", { class: `${kind}${strong ? " strong" : ""}` });
    lines.forEach((line, number) => {
      const part = draw("tspan", { x, y: y + (number - (lines.length - 1) / 2) * 13 });
      part.textContent = line;
      words.append(part);
    });
    this.words.append(words);
  }

  // The point that a way bends to: its own side of the straight line, and around the middle.
  bend(source, target, from, to) {
    const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const far = Math.hypot(dx, dy) || 1;
    const side = Math.min(44, far * 0.13);
    if (!this.layout.around || [source, target].includes(this.layout.middle)) return { x: x - (dy / far) * side, y: y + (dx / far) * side };
    const away = Math.hypot(x, y) || 1;
    const { around } = this.layout;
    const apart = Math.abs(around.indexOf(source) - around.indexOf(target));
    const sign = source < target ? 1 : -1;
    const beside = Math.min(apart, around.length - apart) === 1;
    const outside = Math.hypot(x / this.radius[0], y / this.radius[1]) > 0.45; // not over the middle, so around those between
    const out = beside ? 30 + 18 * sign : outside ? -(this.wide ? 0.25 : 0.75) * away : Math.max(0, 150 - away) * 1.4;
    const turn = away > 30 ? [x / away, y / away] : [-dy / far, dx / far];
    return { x: x + turn[0] * out + (dy / far) * 10 * sign, y: y + turn[1] * out - (dx / far) * 10 * sign };
  }

  resized() {
    if (this.layout.around && this.svg.clientWidth >= this.svg.clientHeight !== this.wide) {
      this.place();
      this.onPlaced?.();
    }
    this.fit();
  }

  // All of it in sight.
  fit() {
    const [width, height] = [this.svg.clientWidth, this.svg.clientHeight - (this.wide ? 0 : 44)]; // room for what zooms
    if (!width || !height) return;
    const all = [...this.places.values()];
    const left = Math.min(...all.map(({ x, w }) => x - w / 2)) - 26;
    const right = Math.max(...all.map(({ x, w }) => x + w / 2)) + 26;
    const top = Math.min(...all.map(({ y, h }) => y - h / 2)) - 30;
    const bottom = Math.max(...all.map(({ y, h }) => y + h / 2)) + 30;
    const k = Math.min(width / (right - left), height / (bottom - top), 1.5);
    this.go({ k, x: width / 2 - (k * (left + right)) / 2, y: height / 2 - (k * (top + bottom)) / 2 });
  }

  go(at) {
    this.at = at;
    this.stage.setAttribute("transform", `translate(${at.x} ${at.y}) scale(${at.k})`);
  }

  zoom(by, x = this.svg.clientWidth / 2, y = this.svg.clientHeight / 2) {
    const k = Math.min(4, Math.max(0.15, this.at.k * by));
    const grown = k / this.at.k;
    this.go({ k, x: x - (x - this.at.x) * grown, y: y - (y - this.at.y) * grown });
  }

  listen() {
    const fingers = new Map();
    let moved = 0;
    this.svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 500)), event.offsetX, event.offsetY);
    }, { passive: false });
    this.svg.addEventListener("pointerdown", (event) => {
      fingers.set(event.pointerId, event);
      moved = 0;
    });
    addEventListener("pointermove", (event) => {
      const last = fingers.get(event.pointerId);
      if (!last) return;
      const others = [...fingers.values()].filter((one) => one.pointerId !== event.pointerId);
      const distance = (one) => Math.hypot(one.clientX - others[0].clientX, one.clientY - others[0].clientY);
      if (others.length) this.zoom(distance(event) / distance(last));
      else this.go({ ...this.at, x: this.at.x + event.clientX - last.clientX, y: this.at.y + event.clientY - last.clientY });
      moved += Math.abs(event.clientX - last.clientX) + Math.abs(event.clientY - last.clientY);
      fingers.set(event.pointerId, event);
    });
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, (event) => fingers.delete(event.pointerId));
    this.svg.addEventListener("click", (event) => {
      const node = event.target.closest?.("[data-state]");
      if (node && moved < 6) this.choose(node.dataset.state);
    });
    this.svg.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const state = event.target.closest?.("[data-state]")?.dataset.state;
    const toward = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (state && ["Enter", " "].includes(event.key)) this.choose(state);
    else if (state && toward) this.nodes.get(this.beside(state, toward))?.focus();
    else if ("+=".includes(event.key)) this.zoom(1.25);
    else if (event.key === "-") this.zoom(0.8);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
  }

  // The nearest state in a direction.
  beside(state, [dx, dy]) {
    const from = this.places.get(state);
    const cost = ({ x, y }) => {
      const [along, across] = [(x - from.x) * dx + (y - from.y) * dy, Math.abs((x - from.x) * dy) + Math.abs((y - from.y) * dx)];
      return along > 1 ? along + 2 * across : Infinity;
    };
    const others = [...this.places].filter(([name]) => this.nodes.has(name)).map(([name, place]) => [cost(place), name]).filter(([far]) => far < Infinity);
    return others.sort(([one], [other]) => one - other)[0]?.[1];
  }
}

// Where a line from the middle of a box toward a point leaves it, and so far beyond.
function edgeOf({ x, y, w, h }, toward, beyond) {
  const [dx, dy] = [toward.x - x, toward.y - y];
  const far = Math.hypot(dx, dy) || 1;
  const t = Math.min(w / 2 / Math.abs(dx || 1e-9), h / 2 / Math.abs(dy || 1e-9)) + beyond / far;
  return { x: x + dx * t, y: y + dy * t };
}
