// SPDX-License-Identifier: Apache-2.0
// Notices of the browser's own for alerts that arrive while a page is open. The browser is asked for leave on a click, and
// the hub says what a notice may say: how fast, and a reference. Ends with the session.
"use strict";

(() => {
  const EVERY_MS = 20000;
  const POLL = { headers: { "X-Accord-Poll": "1" }, cache: "no-store", redirect: "manual", credentials: "same-origin" };
  const asked = document.querySelector("template[data-notices]");
  const part = document.querySelector("[data-notices-part]");

  const tell = (item) => {
    try {
      const notice = new Notification(item.title, { body: item.text, tag: item.address });
      // What somebody types on this page stays as it is.
      notice.onclick = () => window.open(item.address, "_blank", "noopener");
    } catch {
      // Some browsers show none without a service worker; the page tells all the same.
    }
  };
  const ask = async () => {
    const answer = await fetch(asked.dataset.notices, POLL).catch(() => null);
    if (answer?.status === 200) (await answer.json()).items.forEach(tell);
    if (!answer || answer.status === 200 || answer.status === 204 || answer.status >= 500) setTimeout(ask, EVERY_MS);
  };
  if (asked && window.Notification?.permission === "granted") ask();

  if (!part) return;
  part.hidden = false;
  const say = (name) => part.querySelectorAll("[data-when]").forEach((text) => { text.hidden = text.dataset.when !== name; });
  const state = () => window.Notification ? Notification.permission : "none";
  if (state() === "none" || state() === "denied" || (asked && state() !== "granted")) say(state() === "none" ? "none" : "denied");
  part.querySelector("form").addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.elements.on.value !== "yes" || state() === "granted") return;
    event.preventDefault();
    const leave = window.Notification ? await Notification.requestPermission() : "none";
    if (leave === "granted") form.submit();
    else say(leave === "none" ? "none" : "denied");
  });
})();
