// SPDX-License-Identifier: Apache-2.0
// Opens a slice of either suite, step by step as docs/spec/envelope.md says in 5.9, in a browser or in node (20 or later). A refusal
// has the stage and the word of section 11. Left out: releases (`via` must be empty), the kept checkpoint (7.4), step 12, reaffirm,
// succession of keysets (one per issuer is given), 3.1 for keys the root has signed, lists of words and single limits in 5.1, 5.4.
import { ml_dsa65, ml_kem768, sha3_256, shake256 } from "./vendor/noble-pq.mjs"; // what WebCrypto lacks
const { subtle } = globalThis.crypto, bytes = (text) => new TextEncoder().encode(text);
const join = (...parts) => new Uint8Array(parts.flatMap((part) => [...(typeof part === "string" ? bytes(part) : part)]));
const H = async (...parts) => new Uint8Array(await subtle.digest("SHA-256", join(...parts)));
const hex = (octets) => [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("");
const SHARED = "v suite kind status iss jti iat exp keep tlp named rel lane purpose pri ack_by reply_by signers re";
const FORMS = { PQ1: ["Ed25519 ML-DSA-65"], EC1: ["Ed25519", "ES256"] }, SIZES = [2048, 4096, 8192, 16384, 32768, 65536];
const PROTECTED = '{"cty":"accord-alert+jws","enc":"A256GCM","typ":"accord-alert+jwe"}', OKP = { kty: "OKP", crv: "X25519" };
export class Refused extends Error { constructor(word) { super(word); this.stage = stage; } }
let stage; const refuse = (word) => { throw new Refused(word); }, must = (holds, word = "malformed") => holds || refuse(word);
const tried = (promise, word) => promise.catch((error) => error instanceof DOMException ? refuse(word) : Promise.reject(error));
const unbase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const b64u = (octets) => btoa(Array.from(octets, (o) => String.fromCharCode(o)).join("")).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
export function unb64u(text, size) { // 2.1
  must(typeof text === "string" && /^[\w-]*$/.test(text) && text.length % 4 !== 1);
  const octets = unbase64(text.replaceAll("-", "+").replaceAll("_", "/"));
  return must(b64u(octets) === text && (size ?? octets.length) === octets.length) && octets;
}
export function parse(octets, limit) { // 2.2
  let text, value, names = must(octets.length <= limit, "too-large") && 0;
  try { value = JSON.parse(text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets)); } catch { refuse("malformed"); }
  const walk = (item, depth) => {
    must(typeof item === "string" ? item.isWellFormed() : typeof item !== "number" || Number.isSafeInteger(item));
    if (item === null || typeof item !== "object") return;
    must(depth <= 16, "too-large"), Array.isArray(item) || Object.keys(item).forEach((name) => must(name.isWellFormed()) && (names += 1));
    Object.values(item).forEach((child) => walk(child, depth + 1));
  };
  const bare = (walk(value, 1), text.replace(/"(?:[^"\\]|\\.)*"/g, '"')); // a member named twice is gone from `value`, but not from here
  return must((bare.match(/"\s*:/g) ?? []).length === names && !/[0-9][.eE]|-0/.test(bare)), value;
}
export const canonical = (x) => x === null || typeof x !== "object" ? JSON.stringify(x) : Array.isArray(x) ? `[${x.map(canonical)}]`
  : `{${Object.keys(x).sort().map((name) => `${JSON.stringify(name)}:${canonical(x[name])}`)}}`;
const members = (x, names) => must(x && typeof x === "object" && Object.keys(x).sort().join(" ") === names.split(" ").sort().join(" ")) && x;
const LAST = 253402300799, time = (t, least, most = LAST) => must(Number.isInteger(t) && least <= t && t <= Math.min(most, LAST)) && t; // 2.3
const algOf = (jwk) => jwk.alg ?? { Ed25519: "Ed25519", "P-256": "ES256" }[jwk.crv], kidOf = async (jwk) => b64u(await H(canonical(jwk)));
async function verified(jwk, signature, signed) { // section 4
  if (algOf(jwk) === "ML-DSA-65") return signature.length === 3309 && ml_dsa65.verify(signature, signed, unb64u(jwk.pub, 1952));
  const how = algOf(jwk) === "ES256" ? { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } : { name: "Ed25519" };
  return subtle.verify(how, await subtle.importKey("jwk", jwk, how, false, ["verify"]), signature, signed);
}
function readJws(value, typ) {
  members(value, "payload signatures").signatures.forEach((item) => unb64u(members(item, "protected signature").signature));
  const heads = value.signatures.map((item) => members(parse(unb64u(item.protected), 1024), "alg kid typ"));
  must(heads.length > 0), must(heads.every((head) => head.typ === typ), "wrong-typ");
  return { ...value, heads, octets: unb64u(value.payload), kids: heads.map((head) => head.kid).join() };
}
async function verifyJws(jws, keys) { // by exactly these keys, in their order
  must(jws.kids === (await Promise.all(keys.map(kidOf))).join(), "signers-differ");
  jws.heads.forEach(({ alg }, n) => must([algOf(keys[n]), keys[n].crv === "Ed25519" && "EdDSA"].includes(alg), "alg-differs-from-key"));
  for (const [n, { protected: head, signature }] of jws.signatures.entries())
    must(await verified(keys[n], unb64u(signature), bytes(`${head}.${jws.payload}`)), "bad-signature");
}
async function readKeyset({ root, keyset }) { // 3.3
  const jws = readJws(parse(bytes(keyset), 262144), "accord-keyset+jws"), { body, iss } = parse(jws.octets, 262144);
  must(hex(await H(canonical(await Promise.all(body.root.map(kidOf))))) === root, "keyset-not-of-the-pinned-root");
  return await verifyJws(jws, body.root), { iss, low: body.low, rows: Object.fromEntries(await Promise.all(body.keys.map(async (row) => [await kidOf(row.jwk), row]))) };
}
async function climb(hash, index, size, path, word) { // 7.1: the root that this leaf hash and path make
  if (size === 1) return must(path.length === 0, word), hash;
  let k = 1; while (2 * k < size) k *= 2;
  const rest = path.slice(0, -1), top = unb64u(path.at(-1) ?? refuse(word), 32);
  return index < k ? H([1], await climb(hash, index, k, rest, word), top) : H([1], top, await climb(hash, index - k, size - k, rest, word));
}
const inclusion = async (leaf, index, size, path, root, word) => must(Number.isSafeInteger(index) && index >= 0 && path.every((hash) => unb64u(hash, 32)))
  && must(index < size && b64u(await climb(await H([0], canonical(leaf)), index, size, path, word)) === root, word);
async function checkpoint(note, vkeys) { // 7.2
  const [, text, lines] = /^([^]*\n)\n((?:\u2014 [^\s+]+ [\w+/]+=*\n)+)$/.exec(note) ?? refuse("note-refused"), by = [];
  for (const [, name, line] of lines.matchAll(/\u2014 (\S+) (\S+)\n/g)) for (const vkey of vkeys) {
    const [, owner, id, key] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey), jwk = { kty: "OKP", crv: "Ed25519", x: b64u(unbase64(key).slice(1)) };
    if (name !== owner || hex(unbase64(line).slice(0, 4)) !== id) continue;
    must(await verified(jwk, unbase64(line).slice(4), bytes(text)), "note-refused"), by.push(name);
  }
  const [, origin, size, root] = /^([^\s+]+)\n(0|[1-9][0-9]{0,15})\n([\w+/]{43}=)\n$/.exec(text) ?? refuse("note-refused");
  return must(by.includes(origin), "note-refused"), { size: Number(size), root: b64u(unbase64(root)) };
}
function readEntry({ header, ...more }, suite) { // 5.3
  const [alg, part, size] = { PQ1: ["HPKE-9-KE", "ek", 48], EC1: ["ECDH-ES+A256KW", "epk", 40] }[suite];
  const { ek, epk, alg: said } = members(header, `alg kid ${part}`);
  must(said === alg && unb64u(header.kid, 32) && unb64u(members(more, "encrypted_key").encrypted_key, size));
  if (suite === "PQ1") return unb64u(ek, 1120);
  const [kty, ...names] = { X25519: ["OKP", "x"], "P-256": ["EC", "x", "y"] }[epk.crv] ?? refuse("malformed");
  must(members(epk, ["kty crv", ...names].join(" ")).kty === kty && names.every((name) => unb64u(epk[name], 32)));
  return must(!/^A[AQ]A{41}$/.test(epk.x), "key-refused"); // u = 0, 1; WebCrypto refuses every secret of zeros, and points off a curve
}
async function agree(own, jwk) { // Z
  const how = own.crv === "P-256" ? { name: "ECDH", namedCurve: "P-256" } : { name: "X25519" };
  const load = (key, ...uses) => subtle.importKey("jwk", key, how, false, uses), mine = await load(own, "deriveBits");
  return new Uint8Array(await subtle.deriveBits({ ...how, public: await load(jwk) }, mine, 256));
}
const gcm = async (key, iv, sealed, additionalData = new Uint8Array()) => new Uint8Array(await subtle.decrypt(
  { name: "AES-GCM", iv, additionalData }, await subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]), sealed));
async function unwrap({ header, encrypted_key: wrapped }, own) { // 5.3
  if (!own.priv) {
    const info = join([0, 0, 0, 14], "ECDH-ES+A256KW", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]), z = await agree(own, header.epk);
    const kek = await subtle.importKey("raw", await H([0, 0, 0, 1], z, info), "AES-KW", false, ["unwrapKey"]);
    return new Uint8Array(await subtle.exportKey("raw", await subtle.unwrapKey("raw", unb64u(wrapped), kek, "AES-KW", "AES-GCM", true, ["decrypt"])));
  }
  const ek = unb64u(header.ek), ctX = ek.slice(1088), pkX = unb64u(own.pub).slice(1184), seed = shake256(unb64u(own.priv), { dkLen: 96 });
  const ssX = await agree({ ...OKP, x: b64u(pkX), d: b64u(seed.slice(64)) }, { ...OKP, x: b64u(ctX) });
  const ssM = ml_kem768.decapsulate(ek.slice(0, 1088), ml_kem768.keygen(seed.slice(0, 64)).secretKey);
  const shared = sha3_256(join(ssM, ssX, ctX, pkX, "\\.//^\\")), info = join("JOSE-HPKE rcpt", [255], "A256GCM", [255]);
  const context = join("HPKE-v1HPKE", [0x64, 0x7a, 0, 0x11, 0, 2, 0, 6], "secret", [0, 108, 0, 0, 0, 0, info.length], info);
  const derived = shake256(join([0, 0, 0, 32], shared, context), { dkLen: 108 }); // key, nonce, exporter secret
  return gcm(derived.slice(0, 32), derived.slice(32, 44), unb64u(wrapped));
}
export async function open({ slice, reader, blobs, now }, { agencies, decryption, ledger, revocations = [] }) {
  const value = (stage = "verifying", members(parse(bytes(slice), 524288), "v manifest jwe via path index receipts")); // step 1
  const { v, jwe, via, path, index, receipts } = value, jws = readJws(value.manifest, "accord-manifest+jws");
  const manifest = members(parse(jws.octets, 65536), `${SHARED} pd ct rn rr att`);
  const { iat, ack_by, reply_by } = manifest, keep = time(manifest.keep, time(manifest.exp, time(iat, 0) + 1), iat + 315619200); // 5.1
  must(v === 1 && manifest.v === 1 && via.length === 0 && Array.isArray(path) && path.length <= 16 && FORMS[manifest.suite] && [ack_by, reply_by].every((by) => by === null || time(by, iat + 1, keep)));
  const { protected: head, aad, recipients: [entry, ...others] } = members(jwe, "protected aad iv ciphertext tag recipients");
  const [iv, ciphertext, tag] = [unb64u(jwe.iv, 12), unb64u(jwe.ciphertext), unb64u(jwe.tag, 16)], { iss, jti, tlp } = manifest;
  must(canonical(parse(unb64u(head), 1024)) === PROTECTED && unb64u(head).length === PROTECTED.length && others.length === 0), readEntry(entry, manifest.suite);
  const { leaf, ...receipt } = members(receipts[0] ?? refuse("receipt-missing"), "leaf index path checkpoint"), L = time(members(leaf, "d k t").t, 0); // 2
  const md = b64u(await H("accord-manifest+jws", [0], jws.octets)), tree = await checkpoint(receipt.checkpoint, ledger);
  must(leaf.d === md && leaf.k === "x", "receipt-refused"), await inclusion(leaf, receipt.index, tree.size, receipt.path, tree.root, "proof-refused");
  must(manifest.signers.join() === jws.kids, "signers-differ"); // step 3
  const keyset = await readKeyset(agencies[iss] ?? refuse("keyset-unknown")), rows = manifest.signers.map((kid) => keyset.rows[kid]);
  must(keyset.iss === iss && agencies[iss].keyset_logged_at <= L, "keyset-unknown");
  for (const row of rows) must(row, "key-unknown"), must(row.use === "sign", "key-of-other-use"), must(row.nbf <= L && L < row.exp, "key-not-valid-then");
  const said = revocations.filter((word) => word.agency === iss && manifest.signers.includes(word.kid)), keys = rows.map((row) => row.jwk);
  must(said.every((word) => L < word.log_time), "key-revoked"), must(FORMS[manifest.suite].includes(keys.map(algOf).join(" ")), "suites-mixed");
  must(keyset.low !== "PQ1" || manifest.suite === "PQ1", "suite-below-the-lowest-of-the-agency"), await verifyJws(jws, keys);
  await inclusion({ a: reader, r: entry }, index, manifest.rn, path, manifest.rr, "not-a-recipient-by-path"); // step 5
  must(b64u(await H(`${head}.${aad}.`, iv, ciphertext, tag)) === manifest.ct, "ct-differs"); // step 6
  must(aad === b64u(bytes(canonical({ iss, jti, tlp, v }))), "aad-differs"), stage = "opening"; // step 7
  const kids = await Promise.all(decryption.map(({ d, priv, ...jwk }) => kidOf(jwk))), own = decryption[kids.indexOf(entry.header.kid)];
  const key = await tried(unwrap(entry, own ?? refuse("no-private-key-for-the-entry")), "content-key-not-unwrapped");
  const octets = await tried(gcm(key, iv, join(ciphertext, tag), bytes(`${head}.${aad}`)), "content-not-decrypted");
  const inside = must(b64u(await H(octets)) === manifest.pd, "pd-differs") && readJws(parse(octets, 131072), "accord-alert+jws"), size = inside.octets.length; // 8, 9
  must(!octets.some((octet) => [9, 10, 13, 32, 92].includes(octet))), await verifyJws(inside, keys);
  const { pad, aud, alert, ...inner } = members(parse(inside.octets, 65536), `${SHARED} aud names nonce alert att pad`); // 10
  must(/^0*$/.test(pad) && SIZES.includes(size) && SIZES.find((least) => least >= size - pad.length) === size);
  const common = (x) => canonical([SHARED.split(" ").map((name) => x[name]), x.att.map((file) => [file.n, file.sha256, file.len])]);
  must(common(inner) === common(manifest), "inner-and-manifest-differ"), must(manifest.rn === aud.length + 1, "recipients-differ");
  must(reader === iss || aud.includes(reader), "not-in-the-audience"), must(blobs.length === manifest.att.length, "blob-differs"); // 11, 13
  for (const [n, { sha256, len }] of manifest.att.entries()) must(blobs[n].length === len && b64u(await H(blobs[n])) === sha256, "blob-differs");
  const files = {}, standing = said.some((word) => L >= word.since) ? "repudiated" : "valid";
  for (const { n, fn, k, size: length } of inner.att) { // 5.5
    const plain = await tried(gcm(unb64u(k, 32), blobs[n].slice(0, 12), blobs[n].slice(12), bytes(`${jti}/${n}`)), "content-not-decrypted"), end = 8 + length;
    must(new DataView(plain.buffer).getBigUint64(0) === BigInt(length) && !plain.slice(end).some(Boolean), "blob-differs"), files[fn] = plain.slice(8, end);
  }
  return { md, alert, files, log_time: L, late: now >= manifest.exp, standing };
}
