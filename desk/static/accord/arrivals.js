// SPDX-License-Identifier: Apache-2.0
// Pages that wait show what arrives: asks for a token, fetches the page anew only when it is another one. Asks nothing
// while the page is hidden, and stops when the session has ended. Nothing that is typed or ticked is ever replaced.
"use strict";

(() => {
  const place = document.querySelector("[data-arrivals]");
  if (!place) return;
  const EVERY_MS = Number(place.dataset.every ?? 15) * 1000;
  const POLL = { headers: { "X-Accord-Poll": "1" }, cache: "no-store", redirect: "manual", credentials: "same-origin" };
  const note = document.querySelector("[data-arrivals-note]");
  let known = place.dataset.known ?? null;
  let timer = 0;

  const isBusy = () => Boolean(
    document.querySelector(".pick input:checked, main details[open], [popover]:popover-open:not(#menu)")
    ?? document.activeElement?.closest("main input, main select, main textarea, [data-arrivals-part]"),
  );

  const parts = (page) => [...page.querySelectorAll("[data-arrivals-part]")];
  const show = async () => {
    if (isBusy()) {
      note.hidden = false;
      return;
    }
    const answer = await fetch(location.href, POLL).catch(() => null);
    if (answer?.type === "opaqueredirect") {
      // The page has become another one.
      location.reload();
      return;
    }
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = parts(page);
    const stale = parts(document);
    if (!stale.length || fresh.map((part) => part.id).join() !== stale.map((part) => part.id).join()) {
      location.reload();
      return;
    }
    stale.forEach((part, n) => part.replaceChildren(...fresh[n].childNodes));
  };

  const ask = async () => {
    const headers = { ...POLL.headers, ...(known ? { "If-None-Match": known } : {}) };
    const answer = await fetch(place.dataset.arrivals, { ...POLL, headers }).catch(() => null);
    if (answer && (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403)) return;
    if (answer?.status === 204) {
      const token = answer.headers.get("ETag");
      if (known && token !== known) await show();
      known = token;
    }
    later();
  };
  const later = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(ask, EVERY_MS);
  };
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) ask();
  });
  note?.querySelector("a")?.setAttribute("href", location.href);
  ask();
})();
