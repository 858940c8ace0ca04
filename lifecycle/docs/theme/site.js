// The menu on a small screen, and the search over all pages.
const nav = document.getElementById("nav");
const menu = document.getElementById("menu");
const search = document.getElementById("search");
const groups = [...nav.querySelectorAll("details")].map((group) => ({
  group,
  open: group.open,
  entries: [...group.querySelectorAll("li")].map((entry) => ({ entry, text: entry.textContent.toLowerCase() })),
}));

menu.addEventListener("click", () => {
  menu.setAttribute("aria-expanded", nav.classList.toggle("open"));
});

search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const { group, open, entries } of groups) {
    let found = 0;
    for (const { entry, text } of entries) {
      entry.hidden = !words.every((word) => text.includes(word));
      found += !entry.hidden;
    }
    group.hidden = !found;
    group.open = words.length ? found > 0 : open;
  }
});

search.addEventListener("keydown", (event) => {
  const first = nav.querySelector("li:not([hidden]) a");
  if (event.key === "Enter" && first && search.value) first.click();
});

addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(input|textarea|select)$/i.test(document.activeElement.tagName)) {
    event.preventDefault();
    nav.classList.add("open");
    search.focus();
  }
});

const here = nav.querySelector("[aria-current]");
if (here) nav.scrollTop = here.offsetTop - nav.clientHeight / 3;
