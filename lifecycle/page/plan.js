// The fewest requests from one status to another, and a trace that runs: both go where the decisions lead.
"use strict";

class Planner {
  constructor(table, version) {
    this.table = table;
    this.version = version;
    this.known = new Map();
  }

  // The requests and waits of one caller that lead to a status, losing nothing but `losses`; or why there are none.
  plan(values, target, caller, losses = []) {
    const goal = this.goal(target);
    const ways = this.shortest(values, caller, goal, losses);
    return ways ? { ways, steps: ways.map((way) => this.step(way)), loses: this.loses(ways) } : { error: this.whyNot(values, target, caller, losses, goal) };
  }

  goal(target) {
    const { table } = this;
    if (target in table.states) return (values) => values.state === target && values.task_state === null;
    return (values) => table.shown(values) === target;
  }

  shortest(start, caller, goal, losses) {
    if (goal(start)) return [];
    const before = new Map([[this.table.key(start), null]]);
    let edge = [start];
    for (let count = 0; count < this.table.most; count += 1) {
      const queue = [...edge];
      edge = [];
      for (const values of queue) {
        for (const way of this.ways(values, caller)) {
          if (way.decision && way.decision.loses.some((loss) => !losses.includes(loss))) continue;
          if (goal(way.shown) || goal(way.end)) return this.trace(before, values, way);
          const key = this.table.key(way.end);
          if (before.has(key)) continue;
          before.set(key, [values, way]);
          (way.decision ? edge : queue).push(way.end);
        }
      }
    }
    return null;
  }

  trace(before, values, last) {
    const ways = [last];
    for (let step = before.get(this.table.key(values)); step; step = before.get(this.table.key(step[0]))) ways.unshift(step[1]);
    return ways;
  }

  // The ways out of a situation: where a wait ends, and each request whose end can be known.
  ways(values, caller) {
    const key = `${caller}\n${this.table.key(values)}`;
    if (!this.known.has(key)) this.known.set(key, [...this.explore(values, caller)]);
    return this.known.get(key);
  }

  *explore(values, caller) {
    const { table, version } = this;
    const waited = this.waited(values);
    if (waited) yield { decision: null, shown: values, end: waited, atOnce: false };
    for (const number of table.open[values.state]) {
      const { action, variant } = table.requests[number];
      const decision = table.follows(table.request(action, variant, version), values, caller, version);
      if (!decision) continue;
      const [after, work] = table.begun(decision);
      if (work && work.becomes?.length !== 1) continue;
      const end = work ? table.settled(after, work, work.becomes[0]) : after;
      if (table.key(end) !== table.key(values)) yield { decision, shown: after, end, atOnce: table.key(after) === table.key(end) };
    }
  }

  waited(values) {
    const { table } = this;
    const ends = new Map();
    for (const work of table.underWay(values))
      for (const end of work.becomes || []) {
        const after = table.settled(values, work, end);
        ends.set(table.key(after), after);
      }
    return ends.size === 1 ? [...ends.values()][0] : null;
  }

  step({ decision, end, atOnce }) {
    const form = this.table.sentences.steps[decision ? (atOnce ? "at_once" : "then") : "wait"];
    return fill(form, { name: decision && named(decision.request), status: this.table.shown(end) });
  }

  loses(ways) {
    return [...new Set(ways.flatMap((way) => way.decision?.loses || []))];
  }

  whyNot(values, target, caller, losses, goal) {
    const { table } = this;
    const { why_not: forms } = table.sentences;
    const names = (ways) => ways.filter((way) => way.decision).map((way) => named(way.decision.request)).join(", ");
    const told = { caller: table.callers[caller].a, thing: table.thing, start: table.shown(values), target, losses: listed([...losses].sort(), "and") };
    const sentence = fill(forms[losses.length ? "losing" : "lossless"], told);
    const all = [...new Set(table.outcomes.flat().flatMap((row) => row.loses || []))];
    const lossy = this.shortest(values, caller, goal, all);
    if (lossy) return sentence + fill(forms.with_loss, { names: names(lossy), losses: listed(this.loses(lossy), "and") });
    for (const other of table.names) {
      const ways = other !== caller && this.shortest(values, other, goal, losses);
      if (ways) return sentence + fill(forms.other, { other: table.callers[other].a, names: names(ways) });
    }
    return sentence + forms.nobody;
  }
}

const named = (request) => (request.variant ? `${request.action} ${request.variant}` : request.action ?? request.event);

// A thing that runs: requests and events by name, `advance`, `settle` and `fail`, as a machine's history has them.
class Run {
  constructor(table, values, caller, version) {
    Object.assign(this, { table, values, caller, version });
    this.work = table.underWay(values).next().value ?? null;
  }

  // Takes one step. What it led to; or why it cannot be taken.
  take(name) {
    const before = this.table.shown(this.values);
    const error = this.end(name) ?? this.trigger(name);
    const after = this.table.shown(this.values);
    return { name, before, after, task: this.values.task_state, ...(typeof error === "string" ? { error } : {}) };
  }

  // Lets the work under way go on or end. Nothing, where the name is no such step.
  end(name) {
    if (!["advance", "settle", "fail"].includes(name)) return undefined;
    if (!this.work) return name === "settle" ? true : "nothing is under way";
    const { work } = this;
    if (name === "advance" && work.index + 1 < work.tasks.length) {
      this.work = { ...work, index: work.index + 1 };
      this.values = this.table.moved(this.values, this.values.state, work.tasks[this.work.index]);
      return true;
    }
    const ends = (name === "fail" ? work.fails : work.becomes) || [this.values.state];
    this.values = this.table.settled(this.values, work, ends[0]);
    this.work = null;
    return true;
  }

  trigger(name) {
    const { table } = this;
    const event = table.events.find((one) => one.event === name);
    const called = table.requests.find((one) => [named(one), named(one).replace(" ", ":")].includes(name));
    const request = event ?? called ?? (table.asked.has(name) ? table.request(name, undefined, this.version) : null);
    if (!request) return `there is no ${name}`;
    const decision = table.decide(request, this.values, this.caller, this.version);
    if (!decision.allowed) return `${decision.code}: ${decision.why}`;
    const [after, work] = table.begun(decision);
    if (work || after.task_state === null) this.work = work;
    this.values = after;
    return true;
  }
}
