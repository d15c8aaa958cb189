"use strict";
// The page is complete without this: it adds filter boxes to long tables, and opens what belongs on paper before printing.
for (const box of document.querySelectorAll("[data-filter]")) {
  const rows = [...document.querySelectorAll(`#${box.dataset.filter} tbody tr`)];
  if (rows.length < 8) continue;
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const label = document.createElement("label");
  const input = document.createElement("input");
  const count = document.createElement("span");
  input.type = "search";
  input.autocomplete = "off";
  label.append(box.dataset.label + " ", input);
  count.className = "quiet";
  count.setAttribute("role", "status");
  box.append(label, " ", count);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, index) => {
      row.hidden = !words.every((word) => texts[index].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    count.textContent = words.length ? `${shown} of ${rows.length}` : "";
  });
}
const opened = [];
addEventListener("beforeprint", () => {
  for (const element of document.querySelectorAll("details.print:not([open])")) {
    element.open = true;
    opened.push(element);
  }
});
addEventListener("afterprint", () => {
  for (const element of opened.splice(0)) element.open = false;
});
addEventListener("hashchange", openTarget);
function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const list = target && target.parentElement.querySelector(":scope > details");
  if (list && target.id === "machines") list.open = true;
}
openTarget();
