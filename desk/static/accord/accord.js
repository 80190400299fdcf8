// SPDX-License-Identifier: Apache-2.0
// What makes the pages quicker; every job works without it. Nothing is stored but the look.
"use strict";

(() => {
  const root = document.documentElement;

  // The look: at once, without loading the page again.
  const theme = document.querySelector("form.theme");
  theme?.addEventListener("submit", (event) => {
    const chosen = event.submitter?.value;
    if (!["auto", "light", "dark"].includes(chosen)) return;
    event.preventDefault();
    root.dataset.theme = chosen;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `accord_theme=${chosen}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    for (const button of theme.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === chosen));
    }
  });

  // A filter counts as soon as it is chosen.
  for (const form of document.querySelectorAll("form[data-filters]")) {
    for (const button of form.querySelectorAll("[data-needs-no-script]")) button.hidden = true;
    form.addEventListener("change", () => form.requestSubmit());
    // An address names only what is set.
    form.addEventListener("submit", () => {
      for (const control of form.elements) {
        if (control.name && !control.value) control.disabled = true;
      }
    });
  }

  // One press sends a form once; leaving and coming back makes it usable again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // What is done in steps goes on by itself.
  const next = document.querySelector("form[data-goes-on]");
  if (next) setTimeout(() => next.requestSubmit(), 500);

  // What is made to be printed has a button for it.
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  // A fingerprint to the clipboard; without script one press on it marks all of it.
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
        button.textContent = "\u2713 " + button.textContent.replace("\u2713 ", "");
      } catch {
        getSelection().selectAllChildren(source);
      }
    });
  }

  // After a failed save the reader starts at what is wrong.
  if (location.hash === "#problems" || document.querySelector("[role=alert]#problems")) {
    document.getElementById("problems")?.focus();
  }
})();
