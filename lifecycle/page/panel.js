// The answers beside the picture: what may be done and why not, a plan, a trace.
"use strict";

const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
};

// All actions on what is chosen: first what may be done, then why not the rest.
function statusPanel(app) {
  const { table, ask, values } = app;
  const decisions = table.requests.filter((request) => !request.makes || idOf(request) === app.open).map((request) => table.decide(request, values, ask.caller, ask.version));
  const there = decisions.filter((decision) => decision.there && decision.rule !== "removed");
  const allowed = there.filter((decision) => decision.allowed);
  const refused = there.filter((decision) => !decision.allowed);
  const missing = decisions.filter((decision) => !there.includes(decision));
  const events = table.events.map((event) => table.decide(event, values, ask.caller, ask.version)).filter((one) => one.allowed);
  const state = table.states[values.state];
  const about = `vm_state ${state.vm_state}, ${values.task_state ? `task ${values.task_state}` : "no task"}`;
  const lock = values.locked_by ? `, locked by ${table.holders[values.locked_by]}` : "";
  const list = (title, some, open = true) =>
    some.length ? make("details", { open }, make("summary", {}, `${title} `, make("small", {}, String(some.length))), make("ul", { class: "answers" }, ...some.map((one) => answer(app, one)))) : null;
  const parts = [
    make("h2", {}, table.shown(values)),
    make("p", { class: "soft" }, `${about}${lock}`),
    list("May be done", allowed),
    list("Happens by itself", events),
    list("May not", refused),
    list("Not there at this microversion", missing, app.open !== null && missing.some((one) => idOf(one.request) === app.open)),
  ];
  return { parts: parts.filter(Boolean), said: `${table.shown(values)}: ${allowed.length} may be done, ${refused.length} may not` };
}

const idOf = (request) => (request.variant ? `${request.action}:${request.variant}` : request.action ?? request.event);

function answer(app, decision) {
  const { request } = decision;
  const id = idOf(request);
  const open = app.open === id;
  const ends = decision.allowed && (decision.tasks.length || decision.becomes[0] !== app.table.shown(decision.values));
  const gist = decision.allowed ? (ends ? `→ ${listed(decision.becomes, "or")}` : "") : decision.why;
  const head = make(
    "button",
    { class: "answer", "aria-expanded": String(open), "data-id": id, onclick: () => app.toggle(id) },
    make("span", { class: decision.allowed ? "yes" : "no", "aria-label": decision.allowed ? "allowed" : "refused" }, decision.allowed ? "✓" : "✗"),
    make("b", {}, named(request)),
    make("span", { class: "code" }, "event" in request ? "" : String(decision.code)),
    make("span", { class: "gist" }, gist),
  );
  return make("li", {}, head, open ? details(app, decision) : null);
}

function details(app, decision) {
  const { table, ask } = app;
  const { request } = decision;
  const others = "event" in request ? [] : table.names.filter((caller) => caller !== decision.caller && table.decide(request, decision.values, caller, ask.version).allowed);
  const rows = [
    ["", request.title],
    ["reason", decision.reason],
    [`${table.service} says`, decision.message],
    ...decision.also.map((other) => ["also refused", `${other.why} (${other.row})`]),
    ["tasks", decision.tasks?.join(" → ")],
    ["if it fails", decision.tasks?.length ? listed(decision.fails, "or") : ""],
    ["is lost", listed(decision.loses || [], "and")],
    ["may too", decision.allowed ? listed(others, "and") : ""],
    ["who may", decision.allowed ? "" : listed(others.map((caller) => table.callers[caller].a), "and") || "nobody, as it is now"],
    ["request", request.wire === undefined ? "" : table.texts[request.wire]],
    ["command", decision.command],
    ["source", request.cite],
  ];
  const list = rows.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
  const does = decision.allowed ? make("button", { onclick: () => app.begin(idOf(request)) }, "Do it") : null;
  return make("div", { class: "details" }, make("dl", {}, ...list), does);
}

// The requests to a status; the picture goes along.
function planPanel(app) {
  const { table, ask, values } = app;
  if (!app.to) return { parts: [make("p", { class: "soft" }, "Choose where to go.")], ways: [], said: "" };
  const losses = app.loss ? [...new Set(table.outcomes.flat().flatMap((row) => row.loses || []))] : [];
  const plan = app.planner().plan(values, app.to, ask.caller || table.usual.caller, losses);
  if (plan.error) return { parts: [make("p", { class: "error" }, plan.error)], ways: [], said: plan.error };
  const steps = plan.steps.map((step, number) => make("li", { class: plan.ways[number].decision ? "" : "soft" }, step));
  const parts = [steps.length ? make("ol", { class: "plan" }, ...steps) : make("p", {}, `It is ${app.to} already.`)];
  if (plan.loses.length) parts.push(make("p", { class: "error" }, `Loses ${listed(plan.loses, "and")}.`));
  const names = plan.ways.map((way) => (way.decision ? idOf(way.decision.request) : "settle"));
  if (names.length) parts.push(make("button", { onclick: () => app.follow(names, plan.ways) }, "Play it"));
  const shown = [values, ...plan.ways.map((way) => way.end)];
  const ways = plan.ways.map((way, number) => ({ source: shown[number].state, target: way.end.state, label: way.decision ? `${number + 1} ${named(way.decision.request)}` : "" }));
  return { parts, ways, said: plan.steps.join("; ") };
}

// The steps of a trace that were taken so far, and the one that could not be.
function traceSteps(app) {
  const run = new Run(app.table, app.start, app.ask.caller || app.table.usual.caller, app.ask.version);
  const names = app.trace.split(/[\n,]+/).map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const done = [];
  for (const name of names) {
    const step = { from: run.values, ...run.take(name), to: run.values };
    done.push(step);
    if (step.error) break;
  }
  return { names, done };
}

function tracePanel(app, { done }) {
  const shown = app.played === null ? done : done.slice(0, app.played);
  return shown.map((step) =>
    make("li", { class: step.error ? "error" : "" }, make("b", {}, step.name), step.error ? ` ${step.error}` : ` ${step.before} → ${step.after}`, !step.error && step.task ? make("span", { class: "soft" }, ` (${step.task})`) : null),
  );
}
