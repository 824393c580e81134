"use strict";
(() => {
  const rows = [...document.querySelectorAll("tr[data-filter]")];
  const text = document.getElementById("search"), day = document.getElementById("day");
  const found = document.getElementById("found");
  const show = () => {
    const words = text ? text.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
    const time = day && day.value ? Date.parse(day.value + "T23:59:59Z") / 1000 : NaN;
    let count = 0;
    for (const row of rows) {
      const said = (row.textContent + " " + (row.dataset.words || "")).toLowerCase();
      const was = Number.isNaN(time) || (Number(row.dataset.begin) <= time &&
        (!row.dataset.until || Number(row.dataset.until) > time));
      row.hidden = !(was && words.every((word) => said.includes(word)));
      count += row.hidden ? 0 : 1;
    }
    found.textContent = count + " of " + rows.length;
  };
  for (const input of [text, day]) {
    if (input) {
      input.addEventListener("input", show);
    }
  }
  for (const part of document.querySelectorAll(".controls")) {
    part.hidden = false;
  }
  show();
})();
