// What the page decides and plans, in the words of the package.
({ decisions, plans }) => {
  const { table } = app;
  const planners = new Map();
  const planner = (version) => planners.get(version) ?? planners.set(version, new Planner(table, version)).get(version);
  const decide = (asked) => {
    const request = table.request(asked.action, asked.variant, asked.microversion);
    const found = table.decide(request, table.situate(asked), asked.caller, asked.microversion);
    const { code, rule, reason, message, tasks = [], becomes = [], fails = [], also } = found;
    return { code, rule, reason, message: message || null, tasks, becomes, on_failure: fails, also: also.map((one) => one.reason) };
  };
  const plan = ({ told, to, caller, microversion, losses }) => {
    const { error, steps, loses } = planner(microversion).plan(table.situate(told), to, caller || table.usual.caller, losses);
    return error ? { error } : { steps, loses };
  };
  return { decisions: decisions.map(decide), plans: plans.map(plan) };
}
