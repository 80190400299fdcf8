// SPDX-License-Identifier: Apache-2.0
// The form of a draft: saves what is typed, shows live who would receive it. Nothing is kept in the browser.
"use strict";

(() => {
  const form = document.querySelector("form[data-autosave]");
  if (!form) return;
  const status = document.querySelector("[data-autosave-status]");
  const SAVE_AFTER_MS = 1500;
  let timer = 0;
  let saving = null;
  let stopped = false;
  let changed = false;

  const say = (text, isBad = false) => {
    status.textContent = text;
    status.classList.toggle("danger-text", isBad);
  };

  const fields = () => {
    const data = new FormData(form);
    data.delete("files");
    return data;
  };

  const save = async () => {
    if (stopped || !changed) return;
    changed = false;
    const answer = await fetch(form.action || location.pathname, {
      method: "POST",
      body: fields(),
      headers: { Accept: "application/json" },
      redirect: "manual",
      credentials: "same-origin",
    }).catch(() => null);
    if (answer?.ok) {
      const saved = await answer.json();
      form.elements.revision.value = saved.revision;
      say(saved.text);
    } else if (answer?.status === 409) {
      stopped = true;
      say((await answer.json()).text, true);
    } else if (answer?.status === 422) {
      say(form.dataset.refused, true);
    } else {
      changed = true;
      const isSignedOut = answer?.type === "opaqueredirect" || answer?.status === 403;
      say(isSignedOut ? form.dataset.signedOut : form.dataset.offline, true);
    }
  };

  const saveSoon = () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(() => { saving = (saving ?? Promise.resolve()).then(save); }, SAVE_AFTER_MS);
  };
  form.addEventListener("input", saveSoon);
  form.addEventListener("change", saveSoon);
  // A press of a button carries the newest revision: it waits for a save that is under way.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!saving) return;
    const { submitter } = event;
    event.preventDefault();
    event.stopPropagation();
    const pending = saving;
    // Not at once: a form that is being submitted ignores a second request.
    pending.finally(() => setTimeout(() => {
      saving = null;
      form.requestSubmit(submitter);
    }));
  }, true);

  // "Unknown" and a number exclude each other.
  for (const number of form.querySelectorAll("[data-or-unknown]")) {
    const unknown = document.getElementById(number.dataset.orUnknown);
    number.addEventListener("input", () => { unknown.checked = number.value.trim() === ""; });
    unknown.addEventListener("change", () => { if (unknown.checked) number.value = ""; });
  }

  // How much of a long text is used.
  for (const area of form.querySelectorAll("textarea[data-limit]")) {
    const count = document.createElement("p");
    count.className = "help counter";
    const limit = Number(area.dataset.limit);
    const show = () => {
      const used = [...area.value].length;
      count.textContent = `${used.toLocaleString()} / ${limit.toLocaleString()}`;
      count.classList.toggle("danger-text", used > limit);
      count.hidden = used < limit * 0.7;
    };
    area.after(count);
    area.addEventListener("input", show);
    show();
  }

  // H0 stands alone, so ticking one side unticks the other.
  const handling = [...form.querySelectorAll("input[name=handling]")];
  for (const box of handling) {
    box.addEventListener("change", () => {
      if (!box.checked) return;
      for (const other of handling) {
        if ((box.value === "H0") !== (other.value === "H0")) other.checked = false;
      }
    });
  }

  // Recipients: find by typing, tick a circle's members, see live who would receive it.
  const picker = form.querySelector("[data-picker]");
  if (picker) {
    const boxes = [...picker.querySelectorAll("input[name=recipients]")];
    const find = picker.querySelector("[data-picker-find]");
    find.hidden = boxes.length < 8;
    find.addEventListener("input", (event) => {
      event.stopPropagation();
      const wanted = find.value.trim().toLocaleLowerCase();
      for (const box of boxes) {
        const label = box.closest("label");
        label.hidden = !label.dataset.find.includes(wanted);
      }
    });
    for (const circle of picker.querySelectorAll("input[name=circle]")) {
      const members = circle.dataset.members.split(" ");
      circle.removeAttribute("name"); // the ticks below say it; a member unticked later stays out
      circle.addEventListener("change", () => {
        for (const box of boxes) {
          if (members.includes(box.value)) box.checked = circle.checked;
        }
      });
    }
  }
  const reach = document.querySelector("[data-reach]");
  if (reach) {
    for (const button of form.querySelectorAll("[data-needs-no-script]")) button.hidden = true;
    let latest = 0;
    const look = async () => {
      const turn = ++latest;
      const answer = await fetch(reach.dataset.reach, {
        method: "POST",
        body: fields(),
        redirect: "manual",
        credentials: "same-origin",
      }).catch(() => null);
      if (answer?.ok && turn === latest) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        reach.replaceChildren(...page.body.childNodes);
      }
    };
    form.addEventListener("change", look);
  }
})();
