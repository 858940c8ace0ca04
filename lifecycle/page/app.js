// What is asked, in the address so that it can be shared; everything follows from it.
"use strict";

const $ = (id) => document.getElementById(id);

class App {
  constructor(data) {
    this.table = new Table(data);
    this.facts = { ...Object.fromEntries(Object.entries(this.table.facts).map(([name, fact]) => [name, fact.usual])) };
    this.planners = new Map();
    this.read();
    this.controls();
    this.view = new View($("canvas"), this.table, data.layout, (state) => this.select(state));
    this.view.onPlaced = () => this.show();
    addEventListener("hashchange", () => {
      this.read();
      this.show();
    });
    this.show();
    this.view.fit();
    document.querySelector("#status [aria-expanded=true]")?.scrollIntoView({ block: "center" });
  }

  // What the address says; what it does not is usual.
  read() {
    const said = new URLSearchParams(location.hash.slice(1));
    const one = (key, known, usual) => (known.includes(said.get(key)) ? said.get(key) : usual);
    const { table } = this;
    this.status = one("status", Object.keys(table.pairs), table.usual.state);
    this.task = one("task", table.tasks, null);
    this.caller = one("as", table.names, table.usual.caller);
    this.lock = one("lock", Object.keys(table.holders), null);
    this.version = one("at", this.versions(), table.newest());
    this.before = one("before", Object.keys(table.states), null);
    this.tab = one("tab", ["status", "plan", "trace"], "status");
    this.to = one("to", Object.keys(table.pairs), null);
    this.open = said.get("open");
    this.loss = said.has("loss");
    this.trace = said.get("trace") || "";
    this.played = null;
    this.told = Object.fromEntries(Object.keys(table.facts).filter((name) => said.has(name)).map((name) => [name, said.get(name) === "true"]));
    this.options = Object.fromEntries(Object.keys(table.options).filter((name) => said.has(name)).map((name) => [name, Number(said.get(name)) || 0]));
  }

  write() {
    const { table } = this;
    const said = new URLSearchParams();
    const put = (key, value, usual) => value !== null && value !== undefined && value !== "" && value !== usual && said.set(key, value);
    put("status", this.status, table.usual.state);
    put("task", this.task);
    put("as", this.caller, table.usual.caller);
    put("lock", this.lock);
    put("at", this.version, table.newest());
    put("before", this.before);
    put("tab", this.tab, "status");
    put("to", this.to);
    put("open", this.open);
    if (this.loss) put("loss", "1");
    put("trace", this.trace);
    for (const [name, value] of Object.entries({ ...this.told, ...this.options })) put(name, String(value));
    const hash = String(said);
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  versions() {
    const { versions } = this.table;
    if (!versions || versions[0][0] !== versions[1][0]) return versions ? versions.map((one) => one.join(".")) : [];
    const [[major, first], [, last]] = versions;
    return Array.from({ length: last - first + 1 }, (_, number) => `${major}.${last - number}`);
  }

  // The values of what is chosen, and who asks.
  get start() {
    const told = { ...this.told, options: this.options, locked_by: this.lock, before: this.before, status: this.status };
    return this.table.situate(this.task ? { ...told, task_state: this.task } : told);
  }

  get ask() {
    return { told: { ...this.told, options: this.options, locked_by: this.lock, before: this.before }, caller: this.caller, version: this.version };
  }

  planner() {
    if (!this.planners.has(this.version)) this.planners.set(this.version, new Planner(this.table, this.version));
    return this.planners.get(this.version);
  }

  select(status) {
    this.status = status;
    this.task = null;
    if (this.tab === "trace") this.trace = "";
    this.show();
  }

  toggle(id) {
    this.open = this.open === id ? null : id;
    this.show();
    document.querySelector(`[data-id="${CSS.escape(id)}"]`)?.focus();
  }

  begin(name) {
    this.trace = [this.tab === "trace" ? this.trace : "", name].filter(Boolean).join("\n");
    this.tab = "trace";
    this.show();
  }

  follow(names, ways) {
    const steps = names.flatMap((name, number) => (ways[number].decision && !ways[number].atOnce ? [name, "settle"] : [name]));
    this.trace = steps.join("\n");
    this.tab = "trace";
    this.show();
    this.play();
  }

  // Everything anew.
  show() {
    this.write();
    this.values = this.start;
    const taken = traceSteps(this);
    const last = this.tab === "trace" ? (this.played === null ? taken.done : taken.done.slice(0, this.played)).at(-1) : null;
    if (last) this.values = last.to;
    const here = this.values.state;
    const shown = this.showPanels(taken);
    const ways = new Ways(this.table, this.ask);
    const along = this.tab === "plan" ? shown.ways : this.tab === "trace" ? this.took(taken) : [];
    const drawn = along.length ? this.along(ways.drawn(null), along) : ways.drawn(here);
    const counts = new Map([...ways.from].map(([state, some]) => [state, some.filter((one) => "action" in one.request).length]));
    this.view.show(drawn, here, counts, new Set(along.flatMap((way) => [way.source, way.target])));
    $("notes").replaceChildren(...this.notes(ways));
    this.showControls();
    if (shown.said !== this.said) $("say").textContent = this.said = shown.said;
  }

  took({ done }) {
    const some = (this.played === null ? done : done.slice(0, this.played)).filter((step) => !step.error);
    let number = 0;
    return some.map((step) => ({ source: step.from.state, target: step.to.state, label: step.from.state === step.to.state ? "" : `${(number += 1)} ${this.cause(some, step)}` }));
  }

  // What an end of work came of: the action before it.
  cause(some, step) {
    const before = some.slice(0, some.indexOf(step) + 1).reverse().find((one) => !["settle", "advance", "fail"].includes(one.name));
    return step.name === "fail" ? `${before?.name || ""} fails` : before?.name || step.name;
  }

  along(drawn, along) {
    const moves = along.filter((way) => way.source !== way.target);
    const ways = new Map();
    for (const { source, target, label } of moves) {
      const way = ways.get(`${source}\n${target}`) || { source, target, kind: "go", labels: [], strong: true, faint: false };
      way.labels.push(label);
      ways.set(`${source}\n${target}`, way);
    }
    return [...drawn.map((way) => ({ ...way, faint: true, strong: false })).filter((way) => !ways.has(`${way.source}\n${way.target}`)), ...ways.values()];
  }

  notes(ways) {
    const every = ways.notes();
    const parts = every.length ? [`From nearly every state: ${every.join("; ")}. `] : [];
    return this.table.events.length ? [...parts, "Dotted: by itself."] : parts;
  }

  showPanels(taken) {
    for (const name of ["status", "plan", "trace"]) {
      const chosen = this.tab === name;
      $(name).hidden = !chosen;
      $(`tab-${name}`).setAttribute("aria-selected", chosen);
      $(`tab-${name}`).tabIndex = chosen ? 0 : -1;
    }
    if (this.tab === "status") {
      const { parts, said } = statusPanel(this);
      $("status").replaceChildren(...parts);
      return { said, ways: [] };
    }
    if (this.tab === "plan") {
      $("from").textContent = this.table.shown(this.values);
      const { parts, ways, said } = planPanel(this);
      $("way").replaceChildren(...parts);
      return { said, ways };
    }
    $("began").textContent = this.table.shown(this.start);
    if ($("steps") !== document.activeElement) $("steps").value = this.trace;
    $("took").replaceChildren(...tracePanel(this, taken));
    const last = taken.done.at((this.played ?? taken.done.length) - 1);
    return { said: last ? `${last.name}: ${last.error || last.after}` : "", ways: [] };
  }
}
