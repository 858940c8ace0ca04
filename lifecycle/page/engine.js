// Decides from the compiled table, as the engine of the package does. It knows no action, status, lock or caller.
"use strict";

const text = (value) => (value === null || value === undefined ? "" : String(value));
const fill = (form, told) => form.replace(/\{(\w+)\}/g, (whole, name) => (name in told ? told[name] : whole));
// Objects of JSON that have nothing but what it says, so that no name of a table means more than itself.
const parsed = (json) => JSON.parse(json, (_, value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.setPrototypeOf(value, null) : value));
// The number for a value: one for all, one for all but a few, or one by value.
const said = (numbers, value) => {
  if (typeof numbers === "number") return numbers;
  if (Array.isArray(numbers)) return numbers[0].includes(text(value)) ? undefined : numbers[1];
  return numbers[text(value)];
};
const listed = (names, word) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`;

class Table {
  constructor(data) {
    Object.assign(this, data);
    this.names = Object.keys(this.callers);
    this.keys = ["state", "task_state", "locked_by", "before", "exists", ...Object.keys(this.facts), ...Object.keys(this.options)];
    this.byVmState = Object.fromEntries(Object.entries(this.states).map(([name, state]) => [state.vm_state, name]));
    this.pairs = this.statuses();
    this.asked = new Map(this.requests.map(({ action }) => [action, []]));
    for (const request of this.requests) this.asked.get(request.action).push(request);
    this.place = Object.fromEntries(this.names.map((name, number) => [name, number]));
    this.runOf = new Map();
  }

  // For each status the [state, task] pairs that show it, the one that it stands for first.
  statuses() {
    const pairs = Object.fromEntries(Object.keys(this.states).map((state) => [state, [[state, null]]]));
    for (const [state, shows] of Object.entries(this.shows))
      for (const [task, status] of Object.entries(shows)) (pairs[status] ??= []).push([state, task]);
    for (const state in this.states)
      pairs[state].push(...this.tasks.filter((task) => !(task in (this.shows[state] || {}))).map((task) => [state, task]));
    return pairs;
  }

  status(state, task) {
    return (task && this.shows[state]?.[task]) || state;
  }

  shown(values) {
    return this.status(values.state, values.task_state);
  }

  // The values of a thing of which some are told, in the keys of a case.
  situate(told = {}) {
    let state = this.usual.state;
    let task = told.task_state ?? null;
    if (told.vm_state) state = this.byVmState[told.vm_state];
    if (told.state) state = told.state;
    if (told.status) {
      const named = told.vm_state || told.state;
      const fits = ([one, shown]) => (!named || one === state) && (!("task_state" in told) || shown === task);
      [state, task] = this.pairs[told.status].find(fits) || this.pairs[told.status][0];
    }
    const implied = this.states[state].implies;
    const values = { state, task_state: task, locked_by: told.locked_by ?? null, before: told.before ?? null, exists: told.exists ?? true };
    for (const [name, fact] of Object.entries(this.facts)) values[name] = told[name] ?? implied[name] ?? fact.usual;
    for (const [name, usual] of Object.entries(this.options)) values[name] = this.signs[Math.sign(told.options?.[name] ?? usual) + 1];
    return values;
  }

  // The run of microversions that one belongs to: nothing changes within it.
  run(version) {
    if (!this.runOf.has(version)) {
      const [major, minor] = (version || this.newest()).split(".").map(Number);
      const later = this.runs.findIndex(([first, second]) => first > major || (first === major && second > minor));
      this.runOf.set(version, Math.max(later < 0 ? this.runs.length - 1 : later - 1, 0));
    }
    return this.runOf.get(version);
  }

  newest() {
    return this.versions ? this.versions[1].join(".") : "";
  }

  // The request of an action; where no variant is told, the usual one: the first that is there at this microversion.
  request(action, variant, version) {
    const all = this.asked.get(action);
    const told = variant && all.find((request) => request.variant === variant);
    return told || all.find((request) => this.ruling(request, this.usual.caller, version)[3]) || all[0];
  }

  ruling(request, caller, version) {
    if ("ruling" in request) return this.rulings[request.ruling];
    const met = Array.isArray(request.met) ? request.met[this.run(version)] : request.met;
    return this.rulings[this.met[met][this.place[caller || this.usual.caller]]];
  }

  // What follows if this is allowed, and nothing where it is not: as much of a decision as a way needs.
  follows(request, values, caller, version) {
    const [gates, outcomes] = this.ruling(request, caller, version);
    for (const number of gates) {
      const [key, , , , , , says] = this.gates[number];
      if (said(this.says[says], key === "asked" ? true : values[key]) !== undefined) return null;
    }
    const row = this.outcomes[outcomes].find((one) => this.fits(one.when, values));
    return { request, values, caller, work: this.work(row, values), loses: row.loses || [] };
  }

  // May this caller do this to a thing with these values? All gates are asked; the first that refuses speaks.
  decide(request, values, caller, version) {
    const [gates, outcomes, command, there] = this.ruling(request, caller, version);
    const refusals = [];
    for (const number of gates) {
      const [key, ends, code, rule, row, words, says] = this.gates[number];
      const value = key === "asked" ? true : values[key];
      const sentence = said(this.says[says], value);
      if (sentence === undefined) continue;
      refusals.push(this.refusal(request, code, rule, row, sentence, said(words, value), value, version));
      if (ends) break;
    }
    const decision = { request, values, caller: caller || this.usual.caller, version, there: Boolean(there), command: this.texts[command] };
    if (refusals.length) return { ...decision, allowed: false, ...refusals[0], also: refusals.slice(1) };
    return { ...decision, allowed: true, rule: null, also: [], ...this.outcome(request, outcomes, values) };
  }

  refusal(request, code, rule, row, sentence, words, value, version) {
    const told = {
      microversion: version || this.newest(),
      vm_state: this.states[value]?.vm_state ?? "",
      task_state: value === null ? "None" : text(value),
    };
    const why = fill(this.texts[sentence], { microversion: told.microversion, value: text(value) });
    const at = this.texts[row];
    const reason = fill(this.sentences.refused, { action: request.action, sentence: why, row: at });
    return { code, rule: this.texts[rule], row: at, why, reason, message: fill(this.texts[words], told) };
  }

  outcome(request, outcomes, values) {
    const row = this.outcomes[outcomes].find((one) => this.fits(one.when, values));
    const work = this.work(row, values);
    const here = this.shown(values);
    const becomes = work.becomes || [here];
    const tasks = work.tasks;
    const how = tasks.length ? "works" : becomes.length === 1 && becomes[0] === here ? "stays" : "becomes";
    const at = this.texts[row.at];
    const told = { action: request.action, thing: this.thing, ends: listed(becomes, "or"), tasks: tasks.join(", "), row: at };
    return { code: row.answers, row: at, reason: fill(this.sentences[how], told), work, tasks, becomes, fails: work.fails || [here], loses: row.loses || [] };
  }

  fits(when, values) {
    for (const key in when) if (!when[key].includes(values[key])) return false;
    return true;
  }

  // What a row makes of these values: its tasks, its ends, and what is shown right after the answer.
  work(row, values) {
    const tasks = row.tasks || [];
    const becomes = this.ends(row.becomes, values);
    const work = { row, tasks, becomes, fails: this.ends(row.fails, values), began: values, index: 0 };
    if (row.at_once) work.shown = [row.at_once.state ?? values.state, "task" in row.at_once ? row.at_once.task : values.task_state];
    else if (tasks.length) work.shown = [values.state, tasks[0]];
    else work.shown = becomes ? [becomes[0], values.task_state] : null;
    return work;
  }

  ends(forms, values) {
    if (!forms) return null;
    const states = forms.flatMap((form) => {
      if (typeof form === "string") return form === "same" ? [values.state] : [form];
      return values.before ? [values.before] : this.recalls[form.recall];
    });
    return [...new Set(states)];
  }

  // The values in another state or task; facts that the old state implied are usual again.
  moved(values, state, task, changes = {}) {
    const after = { ...values, ...changes };
    for (const fact in this.states[values.state].implies) after[fact] = this.facts[fact].usual;
    return { ...after, ...this.states[state].implies, state, task_state: task, exists: !this.states[state].end };
  }

  // The values right after the answer, and the work that was begun, if any.
  begun(decision) {
    const { work, values } = decision;
    const changes = { locked_by: this.lockedBy(decision) };
    if (work.row.remembers) changes.before = values.state;
    const [state, task] = work.shown || [values.state, values.task_state];
    const after = { ...this.moved(values, state, task, changes), ...this.held(values, state) };
    const over = this.states[state].end || !work.becomes;
    const works = !over && (work.tasks.length || work.becomes.length !== 1 || work.becomes[0] !== state);
    return [after, works ? work : null];
  }

  // What is still so of a thing that is merely said to be in another state: nothing has been done to it yet.
  held(values, state) {
    const { implies, end } = this.states[state];
    const facts = end ? [] : Object.keys(this.states[values.state].implies).filter((fact) => !(fact in implies));
    return Object.fromEntries(facts.map((fact) => [fact, values[fact]]));
  }

  lockedBy({ work, values, caller }) {
    if (work.row.lock === undefined) return values.locked_by;
    if (!work.row.lock) return null;
    const ranks = Object.keys(this.holders);
    const holders = [values.locked_by, this.callers[caller].holds].filter(Boolean);
    return holders.sort((one, other) => ranks.indexOf(other) - ranks.indexOf(one))[0] ?? null;
  }

  settled(values, work, end) {
    return this.moved(values, end, null, work.row.remembers ? { before: work.began.state } : {});
  }

  // All the work that a task shows to be under way.
  *underWay(values) {
    const task = values.task_state;
    if (!task) return;
    for (const [states, outcomes] of this.works) {
      if (states && !states.includes(values.state)) continue;
      for (const row of this.outcomes[outcomes])
        if (row.tasks?.includes(task) && this.fits(row.when, values)) yield { ...this.work(row, values), index: row.tasks.indexOf(task) };
    }
  }

  key(values) {
    return this.keys.map((key) => text(values[key])).join("\n");
  }
}
