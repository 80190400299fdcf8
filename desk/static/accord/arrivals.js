// SPDX-License-Identifier: Apache-2.0
// Pages that wait show what arrives: asks for a token, fetches the page anew only when it is another one. Asks nothing
// while the page is hidden, and stops when the session has ended. Nothing that is typed or ticked is ever replaced.
"use strict";

(() => {
  const place = document.querySelector("[data-arrivals]");
  if (!place) return;
  const EVERY_MS = Number(place.dataset.every ?? 2) * 1000;
  const POLL = { headers: { "X-Accord-Poll": "1" }, cache: "no-store", redirect: "manual", credentials: "same-origin" };
  const note = document.querySelector("[data-arrivals-note]");
  const said = document.querySelector("[data-arrivals-said]");
  let known = null;
  let timer = 0;

  const isBusy = () => Boolean(
    document.querySelector("main details[open]:not([data-arrivals-row] *), [popover]:popover-open:not(#menu)")
    ?? document.activeElement?.closest("main input, main select, main textarea, [data-arrivals-part]"),
  );
  const keyed = (page) => [...page.querySelectorAll("[data-arrivals-row]")];
  const inRows = (node) => node?.closest("[data-arrivals-row]");

  // A row stays the same node while it says the same; another one takes its place with its tick and the focus.
  const takeOver = (old, row) => {
    if (old.isEqualNode(row)) return old;
    const ticked = old.querySelector("input:checked");
    const box = row.querySelector("input[type=checkbox]");
    if (ticked && box) box.checked = true;
    return row;
  };
  const focusIn = (row, held) => {
    const links = [...row.querySelectorAll("a[href], input, button")];
    (links.find((one) => one.tagName === held.tag && one.getAttribute("href") === held.href) ?? links[0])?.focus({ preventScroll: true });
  };
  const heldFocus = () => {
    const active = document.activeElement;
    const row = inRows(active);
    return row ? { key: row.dataset.arrivalsRow, tag: active.tagName, href: active.getAttribute("href") } : null;
  };
  const mergeRows = (list, fresh) => {
    const before = new Map(keyed(list).map((row) => [row.dataset.arrivalsRow, row]));
    const anchor = [...before.values()].find((row) => row.getBoundingClientRect().bottom > 0);
    const top = anchor?.getBoundingClientRect().top;
    const held = heldFocus();
    for (const row of keyed(fresh)) {
      const old = before.get(row.dataset.arrivalsRow);
      if (!old) continue;
      const stays = takeOver(old, row);
      if (stays === old) row.replaceWith(old);
    }
    list.replaceChildren(...fresh.childNodes);
    const rows = new Map(keyed(list).map((row) => [row.dataset.arrivalsRow, row]));
    if (held && rows.has(held.key) && !inRows(document.activeElement)) focusIn(rows.get(held.key), held);
    // Browsers that do not hold the place themselves: what one reads stays where it is.
    const there = anchor && rows.get(anchor.dataset.arrivalsRow);
    if (there && scrollY > 0) scrollBy(0, there.getBoundingClientRect().top - top);
    document.dispatchEvent(new Event("change"));
    return [...rows.keys()].filter((key) => !before.has(key)).length;
  };
  const showCounts = (page) => {
    for (const link of document.querySelectorAll("#menu nav li > a[href]")) {
      const fresh = page.querySelector(`#menu nav li > a[href="${CSS.escape(link.getAttribute("href"))}"]`);
      if (!fresh) continue;
      link.parentElement.querySelector(".waits")?.remove();
      const count = fresh.parentElement.querySelector(".waits");
      if (count) link.after(count);
      if (count) link.setAttribute("aria-describedby", count.id);
      else link.removeAttribute("aria-describedby");
    }
  };

  const parts = (page) => [...page.querySelectorAll("[data-arrivals-part]")];
  const show = async () => {
    const answer = await fetch(location.href, POLL).catch(() => null);
    if (answer?.type === "opaqueredirect") {
      // The page has become another one.
      location.reload();
      return;
    }
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    showCounts(page);
    const fresh = parts(page);
    const stale = parts(document);
    if (!stale.length || fresh.map((part) => part.id).join() !== stale.map((part) => part.id).join()) {
      if (isBusy()) note.hidden = false;
      else location.reload();
      return;
    }
    let arrived = 0;
    stale.forEach((part, n) => {
      if (part.matches("[data-arrivals-rows]")) arrived += mergeRows(part, fresh[n]);
      else if (isBusy()) note.hidden = false;
      else part.replaceChildren(...fresh[n].childNodes);
    });
    if (said && arrived) said.textContent = `${said.dataset.new} ${arrived}`;
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
