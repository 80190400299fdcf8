// SPDX-License-Identifier: Apache-2.0
// Passkeys: hands the hub's challenge to the browser and its answer to the form. Without them nothing is shown.
"use strict";

(() => {
  const octets = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  const opened = (options) => {
    const asked = { ...options.publicKey, challenge: octets(options.publicKey.challenge) };
    if (asked.user) asked.user = { ...asked.user, id: octets(asked.user.id) };
    for (const list of ["allowCredentials", "excludeCredentials"]) {
      if (asked[list]) asked[list] = asked[list].map((known) => ({ ...known, id: octets(known.id) }));
    }
    return { publicKey: asked };
  };

  const closed = (made) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[name]) response[name] = text(made.response[name]);
    }
    if (made.response.getTransports) response.transports = made.response.getTransports();
    return {
      id: made.id,
      rawId: text(made.rawId),
      type: made.type,
      authenticatorAttachment: made.authenticatorAttachment,
      clientExtensionResults: made.getClientExtensionResults(),
      response,
    };
  };

  const optionsOf = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    return (await fetch(form.dataset.optionsFrom, { credentials: "same-origin" })).json();
  };

  // A number in place of the hub's name has no passkeys.
  const offered = window.PublicKeyCredential && !/^[0-9.]+$|:/.test(location.hostname);
  for (const note of document.querySelectorAll("[data-passkey-none]")) note.hidden = Boolean(offered);
  for (const link of document.querySelectorAll("[data-passkey-offer]")) link.hidden = !offered;
  if (!offered) return;

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    const problem = form.querySelector("[data-passkey-problem]");
    const field = form.elements.proof_passkey ?? form.elements.passkey;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      problem.hidden = true;
      try {
        const ask = opened(await optionsOf(form));
        const made = await (form.dataset.passkey === "create"
          ? navigator.credentials.create(ask)
          : navigator.credentials.get(ask));
        field.value = JSON.stringify(closed(made));
        form.submit();
      } catch {
        problem.hidden = false;
      }
    });
  }
})();
