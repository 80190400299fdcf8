// SPDX-License-Identifier: Apache-2.0
// The structure of a draft: drawn while it is typed, its own identifiers filled in.
"use strict";

(() => {
  const form = document.querySelector("form[data-autosave]");
  const intake = form?.querySelector("[data-structure]");
  if (!intake) return;
  const text = intake.querySelector("textarea");
  const file = intake.querySelector("input[type=file]");
  const shown = intake.querySelector("[data-structure-shown]");
  let filled = JSON.parse(intake.dataset.fills);
  let latest = 0;
  let timer = 0;

  // What is empty, or was filled before, follows the structure; what was typed stays.
  const fill = (fills) => {
    for (const [name, value] of Object.entries(fills)) {
      const input = form.elements[name];
      if (input && input !== text && ["", filled[name]].includes(input.value.trim())) input.value = value;
    }
    if (fills.structure) filled = fills;
  };

  const look = async (isDone) => {
    const turn = ++latest;
    const body = new FormData();
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.set("structure", text.value);
    if (file.files.length) body.set("structure-file", file.files[0]);
    const options = { method: "POST", body, redirect: "manual" };
    const answer = await fetch(intake.dataset.structure, options).catch(() => null);
    if (turn !== latest || !answer?.ok) return;
    const told = await answer.json();
    shown.replaceChildren(...new DOMParser().parseFromString(told.html, "text/html").body.childNodes);
    fill(told.fills);
    if (isDone && told.fills.structure) {
      text.value = told.fills.structure;
      file.value = "";
    }
  };

  text.addEventListener("input", () => {
    clearTimeout(timer);
    file.value = "";
    timer = setTimeout(look, 350);
  });
  text.addEventListener("change", () => {
    clearTimeout(timer);
    look(true);
  });
  file.addEventListener("change", () => look(true));
})();
