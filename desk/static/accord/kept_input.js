// SPDX-License-Identifier: Apache-2.0
// What is typed outlives the session: a form is sent once the hub says that one is signed in. Drafts save themselves.
"use strict";

(() => {
  const template = document.querySelector("template[data-signed-out]");
  if (!template) return;
  const note = template.content.firstElementChild;
  const TYPED = "textarea, select, input:not([type=hidden], [type=checkbox], [type=radio], [type=submit])";
  const isKept = (form) => form.method === "post" && form.dataset.typed && !form.hasAttribute("data-autosave") && form.closest("main");
  const ask = (address) => fetch(address, {
    headers: { "X-Accord-Poll": "1" }, cache: "no-store", redirect: "manual", credentials: "same-origin",
  }).catch(() => null);

  // Signing in again changes the token.
  const renewToken = async () => {
    const answer = await ask(location.href);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = page.querySelector("[name=csrfmiddlewaretoken]")?.value;
    if (!token) return;
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
  };
  const say = (form, kind) => {
    for (const line of note.querySelectorAll("[data-when]")) line.hidden = line.dataset.when !== kind;
    form.before(note);
    note.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("input", ({ target }) => {
    if (target.form && target.matches(TYPED)) target.form.dataset.typed = "yes";
  });
  document.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    if (!isKept(form)) return;
    if (form.dataset.asked) {
      delete form.dataset.asked;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    const answer = await ask(template.dataset.signedOut);
    if (answer?.ok) {
      if (note.isConnected) await renewToken();
      note.remove();
      form.dataset.asked = "yes";
      form.requestSubmit(submitter);
    } else {
      say(form, answer ? "signed-out" : "away");
    }
  }, true);
})();
