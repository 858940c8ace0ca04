// What the picture shows: where each state leads, for who asks now, and what is said once because nearly all states allow it.
"use strict";

class Ways {
  constructor(table, ask) {
    Object.assign(this, { table, ask });
    this.live = Object.keys(table.states).filter((state) => !table.states[state].end);
    this.from = new Map(Object.keys(table.states).map((state) => [state, this.out(state)]));
    this.wide = this.widely();
  }

  // The actions and events that a state allows, each with its decision.
  out(state) {
    const { table, ask } = this;
    const values = table.situate({ ...ask.told, state, status: undefined, vm_state: undefined, task_state: null });
    if (table.states[state].end) return [];
    const decide = (request) => table.decide(request, values, ask.caller, ask.version);
    const actions = table.open[state].map((number) => decide(table.requests[number])).filter((one) => one.allowed);
    const events = table.events.map(decide).filter((one) => one.allowed && one.values.state === state);
    return [...actions, ...events];
  }

  leads(decision) {
    return decision.becomes.filter((end) => end !== decision.values.state && end in this.table.states);
  }

  widely() {
    const count = new Map();
    for (const decisions of this.from.values())
      for (const decision of decisions)
        for (const end of this.leads(decision)) {
          const key = `${named(decision.request)}\n${end}`;
          count.set(key, (count.get(key) || 0) + 1);
        }
    const most = Math.max(3, 0.6 * this.live.length);
    return new Set([...count].filter(([, number]) => number >= most).map(([key]) => key));
  }

  // The ways to draw, one for all that lead the same way; those out of `here` stand out, with all that it allows.
  drawn(here) {
    const found = new Map();
    for (const [source, decisions] of this.from) {
      for (const decision of decisions) {
        const strong = source === here;
        for (const target of this.leads(decision)) {
          if (!strong && this.wide.has(`${named(decision.request)}\n${target}`)) continue;
          const key = `${source}\n${target}`;
          const way = found.get(key) || { source, target, kind: "event", labels: [], strong, faint: Boolean(here) && !strong };
          if ("action" in decision.request) way.kind = "action";
          if (!way.labels.includes(named(decision.request))) way.labels.push(named(decision.request));
          found.set(key, way);
        }
      }
    }
    return [...found.values(), ...this.made(here)];
  }

  // Where the thing comes from.
  made(here) {
    const { table, ask } = this;
    const values = table.situate({ ...ask.told, locked_by: null });
    const decisions = table.requests.filter((request) => request.makes).map((request) => table.decide(request, values, ask.caller, ask.version));
    const some = decisions.filter((decision) => decision.allowed && decision.work.becomes);
    return some.map((decision) => ({ source: "start", target: decision.work.becomes[0], kind: "action", labels: [named(decision.request)], strong: false, faint: Boolean(here) && decision.work.becomes[0] !== here }));
  }

  // In words what is drawn from no state because nearly all allow it.
  notes() {
    const ends = new Map();
    for (const key of this.wide) {
      const [name, end] = key.split("\n");
      ends.set(end, [...(ends.get(end) || []), name]);
    }
    return [...ends].map(([end, names]) => `${listed(names, "and")} (${end})`);
  }
}
