// What is chosen with: who asks, the lock, the microversion, facts and options; tabs, the trace, the search, the colours.
"use strict";

Object.assign(App.prototype, {
  controls() {
    const { table } = this;
    const fill = (id, values, say = (value) => value) => $(id).replaceChildren(...values.map((value) => make("option", { value: value ?? "" }, say(value))));
    fill("as", table.names);
    fill("lock", [null, ...Object.keys(table.holders)], (holder) => (holder ? table.holders[holder] : "nobody"));
    fill("at", this.versions());
    fill("to", [null, ...Object.keys(table.pairs)], (status) => status ?? "…");
    $("lock").parentElement.hidden = !Object.keys(table.holders).length;
    $("at").parentElement.hidden = !table.versions;
    this.choosers();
    const change = (id, key) => $(id).addEventListener("change", () => this.set(key, $(id).value || null));
    for (const [id, key] of [["as", "caller"], ["lock", "lock"], ["at", "version"], ["to", "to"]]) change(id, key);
    $("loss").addEventListener("change", () => this.set("loss", $("loss").checked));
    $("ask").addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["status", "plan", "trace"]) $(`tab-${name}`).addEventListener("click", () => this.set("tab", name));
    document.querySelector("[role=tablist]").addEventListener("keydown", (event) => this.turn(event));
    for (const [id, does] of [["in", () => this.view.zoom(1.25)], ["out", () => this.view.zoom(0.8)], ["fit", () => this.view.fit()]]) $(id).addEventListener("click", does);
    this.busy();
    this.player();
    this.finder();
    this.colours();
  },

  set(key, value) {
    this[key] = value;
    this.played = null;
    this.show();
  },

  // Facts with how a sentence says them, the state that is recalled, the task, and the options of the deployment.
  choosers() {
    const { table } = this;
    const select = (key, name, values) => make("label", {}, `${name} `, make("select", { "data-key": key, onchange: (event) => this.set(key, event.target.value || null) }, ...values.map((value) => make("option", { value: value ?? "" }, value ?? "none"))));
    const fact = ([name, said]) => make("label", { title: name }, make("input", { type: "checkbox", "data-fact": name, onchange: (event) => this.tell("told", name, event.target.checked, said.usual) }), ` ${said.true}`);
    const option = ([name, usual]) => make("label", {}, `${name} `, make("input", { type: "number", size: 5, "data-option": name, onchange: (event) => this.tell("options", name, Number(event.target.value), usual) }));
    $("facts").replaceChildren(
      table.tasks.length ? select("task", "task", [null, ...table.tasks]) : "",
      Object.keys(table.recalls).length ? select("before", "before it was", [null, ...Object.keys(table.states)]) : "",
      ...Object.entries(table.facts).map(fact),
      ...Object.entries(table.options).map(option),
    );
    $("more").hidden = !$("facts").children.length;
  },

  tell(kind, name, value, usual) {
    const { [name]: _, ...others } = this[kind];
    this.set(kind, value === usual ? others : { ...others, [name]: value });
  },

  showControls() {
    const { table } = this;
    for (const [id, value] of [["as", this.caller], ["lock", this.lock], ["at", this.version], ["to", this.to]]) $(id).value = value ?? "";
    $("loss").checked = this.loss;
    for (const chooser of document.querySelectorAll("[data-key]")) chooser.value = this[chooser.dataset.key] ?? "";
    for (const box of document.querySelectorAll("[data-fact]")) box.checked = this.start[box.dataset.fact];
    for (const box of document.querySelectorAll("[data-option]")) box.value = this.options[box.dataset.option] ?? table.options[box.dataset.option];
    const told = Object.keys({ ...this.told, ...this.options }).length + Boolean(this.task) + Boolean(this.before);
    $("told").textContent = told ? `(${told})` : "";
    for (const button of $("busy").querySelectorAll("button")) button.setAttribute("aria-pressed", button.textContent === table.shown(this.values));
  },

  // The statuses that no state has as its own.
  busy() {
    const names = Object.keys(this.table.pairs).filter((status) => !(status in this.table.states));
    $("busy").replaceChildren(...names.map((status) => make("button", { onclick: () => this.select(status) }, status)));
  },

  turn(event) {
    const names = ["status", "plan", "trace"];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    this.set("tab", names[(names.indexOf(this.tab) + step + names.length) % names.length]);
    $(`tab-${this.tab}`).focus();
  },

  player() {
    const all = () => traceSteps(this).done.length;
    const to = (number) => {
      this.stop();
      this.played = Math.min(Math.max(number, 0), all());
      this.show();
    };
    $("steps").addEventListener("input", () => this.set("trace", $("steps").value));
    $("first").addEventListener("click", () => to(0));
    $("back").addEventListener("click", () => to((this.played ?? all()) - 1));
    $("next").addEventListener("click", () => to((this.played ?? all()) + 1));
    $("clear").addEventListener("click", () => {
      $("steps").value = "";
      this.set("trace", "");
    });
    $("play").addEventListener("click", () => (this.playing ? this.stop() : this.play()));
  },

  play() {
    const all = traceSteps(this).done.length;
    this.played = 0;
    $("play").textContent = "Pause";
    const next = () => {
      this.show();
      if (this.played >= all) return this.stop();
      this.played += 1;
    };
    this.playing = setInterval(next, 900);
    next();
  },

  stop() {
    clearInterval(this.playing);
    this.playing = null;
    $("play").textContent = "Play";
  },

  // A status is chosen, an action or event is opened.
  finder() {
    const { table } = this;
    const statuses = Object.keys(table.pairs).map((name) => ({ name, what: "status", go: () => this.select(name) }));
    const opened = (request) => ({ name: named(request), what: request.title, go: () => this.reveal(idOf(request)) });
    const all = [...statuses, ...table.requests.map(opened), ...table.events.map(opened)];
    let found = [];
    let at = 0;
    const close = () => {
      $("found").hidden = true;
      $("search").setAttribute("aria-expanded", "false");
    };
    const take = (one) => {
      close();
      $("search").value = "";
      one?.go();
    };
    const list = () => {
      const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
      const rank = ({ name }) => (name.toLowerCase().startsWith(words[0]) ? 0 : 1);
      found = words.length ? all.filter(({ name, what }) => words.every((word) => `${name} ${what}`.toLowerCase().includes(word))).sort((one, other) => rank(one) - rank(other)).slice(0, 9) : [];
      at = Math.min(at, Math.max(found.length - 1, 0));
      $("found").replaceChildren(...found.map((one, number) => make("li", { role: "option", id: `found-${number}`, "aria-selected": String(number === at), onpointerdown: () => take(one) }, make("b", {}, one.name), ` ${one.what}`)));
      $("found").hidden = !found.length;
      $("search").setAttribute("aria-expanded", String(Boolean(found.length)));
      if (found.length) $("search").setAttribute("aria-activedescendant", `found-${at}`);
    };
    $("search").addEventListener("input", () => ((at = 0), list()));
    $("search").addEventListener("blur", close);
    $("search").addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) at = Math.min(Math.max(at + step, 0), found.length - 1);
      else if (event.key === "Enter") return take(found[at]);
      else if (event.key === "Escape") return take(null);
      else return;
      event.preventDefault();
      list();
    });
    addEventListener("keydown", (event) => {
      if (event.key !== "/" || /^(input|textarea|select)$/i.test(document.activeElement.tagName)) return;
      event.preventDefault();
      $("search").focus();
    });
  },

  reveal(id) {
    Object.assign(this, { tab: "status", open: id });
    this.show();
    const button = document.querySelector(`[data-id="${CSS.escape(id)}"]`);
    button?.scrollIntoView({ block: "center" });
    button?.focus({ preventScroll: true });
  },

  colours() {
    const kinds = ["auto", "light", "dark"];
    const wear = (kind) => {
      document.documentElement.dataset.theme = kind;
      $("themed").textContent = kind;
    };
    let kept = null;
    try {
      kept = localStorage.getItem("lifecycle-theme");
    } catch {} // a page from a file may have no storage
    wear(kinds.includes(kept) ? kept : "auto");
    $("theme").addEventListener("click", () => {
      const kind = kinds[(kinds.indexOf(document.documentElement.dataset.theme) + 1) % kinds.length];
      wear(kind);
      try {
        localStorage.setItem("lifecycle-theme", kind);
      } catch {}
    });
  },
});

const app = new App(parsed($("data").textContent));
document.documentElement.dataset.ready = String(Math.round(performance.now()));
