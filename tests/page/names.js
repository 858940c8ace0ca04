// How the page shows and decides what is called by names that mean something to HTML or JavaScript.
() => {
  const { table } = app;
  const decide = (action, caller) => table.decide(table.request(action), table.situate({}), caller).code;
  return {
    counts: [document.querySelectorAll("dd script").length, document.querySelectorAll("h1 b").length],
    said: [...document.querySelectorAll(".answer b")].map((one) => one.textContent),
    codes: [decide("toString"), decide("hasOwnProperty"), decide("toString", "__proto__")],
    title: document.title,
  };
}
