// SPDX-License-Identifier: Apache-2.0
// Single keys on lists, and how many rows are selected; every job works without it. One cookie says "no single keys".
"use strict";

(() => {
  const OFF = "accord_keys=off";
  const rows = () => [...document.querySelectorAll("[data-rows] .row-link[href]")];
  const help = document.getElementById("keys");
  let isOn = !document.cookie.split("; ").includes(OFF);

  // Who is typed for by a voice can turn single keys off (WCAG 2.1.4).
  const choice = document.querySelector("[data-keys-switch]");
  if (choice) {
    const box = choice.querySelector("input");
    choice.hidden = false;
    box.checked = isOn;
    box.addEventListener("change", () => {
      isOn = box.checked;
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = `${isOn ? "accord_keys=on" : OFF}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    });
  }

  // What Tab came to last counts as the row one is on: its link, or its box.
  const place = () => {
    const row = document.activeElement.closest("[data-rows] tr, [data-rows] li");
    return rows().findIndex((link) => row && row.contains(link));
  };
  const step = (by) => {
    const links = rows();
    if (!links.length) return;
    const here = place();
    const next = here < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(here + by, 0), links.length - 1);
    links[next].focus({ focusVisible: true });
    links[next].closest("tr, li").scrollIntoView({ block: "nearest" });
  };
  const select = () => {
    const box = document.activeElement.closest("tr")?.querySelector(".pick input");
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const follow = (selector) => document.querySelector(selector)?.click();
  const find = () => {
    const field = document.querySelector("[data-search]")
      ?? document.querySelector("[data-filters] select, [data-filters] input:not([type=hidden])");
    field?.focus();
    if (field?.matches("[data-search]")) field.select();
  };
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    o: () => document.activeElement.matches(".row-link") && document.activeElement.click(),
    x: select,
    n: () => follow("a[rel=next]"),
    p: () => follow("a[rel=prev]"),
    s: () => follow("nav a[href$='/search/']"),
    "/": find,
    "?": () => help?.togglePopover(),
  };

  const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    const act = acts[event.key];
    if (!act || !(isOn || event.key === "?")) return;
    event.preventDefault();
    act();
  });

  // How many are selected, said aloud too.
  const form = document.querySelector("[data-pick]");
  if (form) {
    const told = form.querySelector("[data-pick-count]");
    const button = form.querySelector("button");
    told.setAttribute("role", "status");
    const count = () => {
      const chosen = document.querySelectorAll(".pick input:checked").length;
      told.textContent = chosen ? `${told.dataset.some} ${chosen}` : told.dataset.none;
      button.setAttribute("aria-disabled", String(!chosen));
      form.classList.toggle("is-on", chosen > 0);
      for (const box of document.querySelectorAll(".pick input")) {
        box.closest("tr").classList.toggle("is-picked", box.checked);
      }
    };
    document.addEventListener("change", count);
    addEventListener("pageshow", count);
    form.addEventListener("submit", (event) => {
      if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
    });
    count();
  }
})();
