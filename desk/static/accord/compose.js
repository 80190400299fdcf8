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
  let away = false; // signed out, or the hub does not answer: what is typed stands on this page alone

  const say = (text, isBad = false) => {
    status.textContent = text;
    status.classList.toggle("danger-text", isBad);
  };

  const fields = () => {
    const data = new FormData(form);
    data.delete("files");
    return data;
  };

  // Signing in again in another tab changes the form's token: the page that would be shown now has the new one.
  const renewToken = async () => {
    const answer = await fetch(location.href, { redirect: "manual", credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = page.querySelector("#compose [name=csrfmiddlewaretoken]")?.value;
    if (!token || token === form.elements.csrfmiddlewaretoken.value) return false;
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
    return true;
  };

  const post = () => fetch(form.action || location.pathname, {
    method: "POST",
    body: fields(),
    headers: { Accept: "application/json" },
    redirect: "manual",
    credentials: "same-origin",
  }).catch(() => null);

  const save = async () => {
    if (stopped || !changed) return;
    changed = false;
    let answer = await post();
    if (answer?.status === 403 && await renewToken()) answer = await post();
    away = !answer?.ok && answer?.status !== 409 && answer?.status !== 422;
    if (answer?.ok) {
      const saved = await answer.json();
      form.elements.revision.value = saved.revision;
      say(saved.text);
      if (saved.address) { // the first save: from now on there is a draft
        form.action = saved.address;
        history.replaceState(null, "", saved.address);
      }
    } else if (answer?.status === 409) {
      stopped = true;
      say((await answer.json()).text, true);
    } else if (answer?.status === 422) {
      say((await answer.json()).text ?? form.dataset.refused, true);
    } else {
      changed = true;
      const isSignedOut = answer?.type === "opaqueredirect" || answer?.status === 403;
      say(isSignedOut ? form.dataset.signedOut : form.dataset.offline, true);
    }
  };

  // A reader who leaves within a moment of typing loses nothing either. A page that was left before its first save does
  // not know the draft that it made, and is read anew when one comes back to it.
  let isLeft = false;
  addEventListener("pagehide", () => {
    if (!changed || stopped || saving) return;
    isLeft = form.elements.revision.value === "0";
    navigator.sendBeacon(form.action || location.pathname, fields());
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted && isLeft) location.reload();
  });

  const saveSoon = () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(() => { saving = (saving ?? Promise.resolve()).then(save); }, SAVE_AFTER_MS);
  };
  form.addEventListener("input", saveSoon);
  form.addEventListener("change", saveSoon);
  // A press of a button carries the newest revision: it waits for a save that is under way. What is not saved yet is
  // saved first, so that the page is never left for the sign-in page, or for no page at all, with text that is not.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    const { submitter } = event;
    if (submitter?.value === "attach" && files?.files.length) {
      event.preventDefault();
      event.stopPropagation();
      (saving ?? Promise.resolve()).then(() => upload(submitter));
      return;
    }
    if (stopped || !(saving || changed)) {
      changed = false;
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    saving = (saving ?? Promise.resolve()).then(save);
    // Not at once: a form that is being submitted ignores a second request.
    saving.finally(() => setTimeout(() => {
      saving = null;
      if (away) status.scrollIntoView({ block: "nearest" });
      else form.requestSubmit(submitter);
    }));
  }, true);

  // A sentence of what is wrong leads to the control itself.
  const meet = (hash) => {
    const place = hash.startsWith("#field-") ? document.getElementById(hash.slice(1)) : null;
    place?.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  };
  for (const link of document.querySelectorAll('#problems a[href^="#field-"]')) {
    link.addEventListener("click", () => setTimeout(() => meet(link.hash)));
  }
  meet(location.hash);

  // A new alert begins in its title. Elsewhere the next press of Tab leads to the page's first field, not through the
  // menu once more; who skipped the menu on the page before still has that in the address.
  if (location.hash === "#content") history.replaceState(null, "", location.pathname + location.search);
  const begin = form.querySelector("[data-begin]");
  if (!location.hash) (document.getElementById(begin?.dataset.begin) ?? begin)?.focus({ preventScroll: true });

  // One press puts a usual value into its field.
  for (const button of form.querySelectorAll("[data-fill]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const field = document.getElementById(button.dataset.fill);
      field.value = button.dataset.value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // Ctrl+Enter goes on from anywhere on the page, also from a text of several lines.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-go-on]"));
  });

  // Files: how far they are, and a way to stop. The answer is the one that a form without script gets.
  const files = form.elements.files;
  const progress = form.querySelector("[data-upload]");
  const fail = (text) => {
    progress.hidden = true;
    const line = form.querySelector("[data-upload-problem]");
    line.querySelector("span").textContent = text;
    line.hidden = false;
    files.focus();
  };
  const upload = (button) => {
    const bar = progress.querySelector("progress");
    const share = progress.querySelector("[data-upload-share]");
    const data = new FormData(form, button);
    const request = new XMLHttpRequest();
    let isStopped = false;
    form.querySelector("[data-upload-problem]").hidden = true;
    if ([...files.files].some((file) => file.size > Number(progress.dataset.limit))) {
      fail(progress.dataset.tooLarge);
      return;
    }
    progress.hidden = false;
    button.disabled = true;
    changed = false;
    stopped = true; // no autosave between: the upload carries every field of the step
    request.upload.addEventListener("progress", (event) => {
      bar.max = event.total;
      bar.value = event.loaded;
      share.textContent = `${Math.floor((100 * event.loaded) / event.total)} %`;
    });
    request.addEventListener("loadend", async () => {
      button.disabled = false;
      stopped = false;
      if (request.status === 200) {
        form.elements.revision.value = JSON.parse(request.responseText).revision;
        await save(); // what was typed meanwhile
        history.replaceState(null, "", `${location.pathname}#field-files`);
        location.reload();
        return;
      }
      if (isStopped) {
        progress.hidden = true;
        files.focus();
        return;
      }
      let text = progress.dataset.failed;
      try { text = JSON.parse(request.responseText).text ?? text; } catch { /* no answer of ours */ }
      fail(request.status ? text : progress.dataset.failed);
    });
    progress.querySelector("[data-upload-stop]").onclick = () => {
      isStopped = true;
      request.abort();
    };
    request.open("POST", location.pathname);
    request.setRequestHeader("Accept", "application/json");
    request.send(data);
  };

  // A line more, without saving first.
  for (const stack of form.querySelectorAll("[data-rows-of]")) {
    const help = stack.parentElement.querySelector(".rows-help");
    const button = help.querySelector("[data-add-row]");
    for (const note of help.querySelectorAll("[data-needs-no-script]")) note.hidden = true;
    button.hidden = false;
    button.addEventListener("click", () => {
      const row = stack.querySelector("[data-row]:last-of-type").cloneNode(true);
      for (const control of row.querySelectorAll("input, select")) {
        control.removeAttribute("id");
        if (control.tagName === "SELECT") control.selectedIndex = 0;
        else control.value = "";
      }
      stack.append(row);
      row.querySelector("input, select").focus();
    });
    const unknown = form.elements[`${stack.dataset.rowsOf}-unknown`];
    stack.addEventListener("input", (event) => { if (unknown && event.target.value) unknown.checked = false; });
  }

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
