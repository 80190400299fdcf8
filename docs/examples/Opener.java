// SPDX-License-Identifier: Apache-2.0
// Opens a slice of suite EC1, step by step as docs/spec/envelope.md says in 5.9, with a plain JDK (17 or later) and StrictJson.java beside it.
// Requests, one a line: {slice, reader, blobs, now, ledger, agencies, decryption, revocations}; answers: {md, late, standing, alert} or {stage,
// refused}, the words of section 11. Left out: PQ1, P-256; of a keyset its succession (one per issuer is given) and the ML-DSA-65 signature of
// its root (no JDK has it before 24; both keys are pinned); releases (`via` must be empty); decrypting blobs (5.5); 7.4; step 12; reaffirm; 3.1
// for keys the root has signed; lists of words and single limits in 5.1 and 5.4.
import static java.nio.charset.StandardCharsets.UTF_8;
import java.io.*; import java.security.*; import java.security.spec.*; import java.util.*; import java.util.regex.*; import java.util.stream.*;
import javax.crypto.*; import javax.crypto.spec.*;
public final class Opener extends StrictJson {
    static final String SHARED = "v=1 suite=EC1 kind status iss jti iat exp keep tlp named rel lane purpose pri ack_by reply_by signers re att";
    static final Pattern NOTE = Pattern.compile( // groups: text, origin, size, root, lines of signatures
        "(([^\\s+]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n)\n((?:\u2014 [^\\s+]+ [A-Za-z0-9+/]+=*\n)+)");
    static final byte[] LEAF = {0}, NODE = {1}, ONE = {0, 0, 0, 1}, FOURTEEN = {0, 0, 0, 14}, NOBODY = new byte[8], BITS = {0, 0, 1, 0};
    static String stage; static final long LAST = 253402300799L; // 2.3: the year 9999
    interface Work<T> { T get() throws GeneralSecurityException; }
    static <T> T tried(String word, Work<T> work) { try { return work.get(); } catch (GeneralSecurityException e) { throw new Refused(word); } }
    static byte[] join(Object... parts) {
        var out = new ByteArrayOutputStream(); for (var part : parts) out.writeBytes(part instanceof byte[] octets ? octets : part.toString().getBytes(UTF_8));
        return out.toByteArray();
    }
    static byte[] hash(Object... parts) { return tried("", () -> MessageDigest.getInstance("SHA-256").digest(join(parts))); }
    static long time(Object value, long least, long most) { long time = number(value); must(least <= time && time <= Math.min(most, LAST)); return time; }
    static String digest(Object... parts) { return b64u(hash(parts)); }
    static String kid(Object jwk) { return digest(canonical(jwk)); }
    static Map<String, Object> members(Object value, String form) { // exactly these; name=word: of this value; name#n: of n octets
        for (var part : form.split(" ")) {
            must(!part.contains("=") || part.equals(part.split("=")[0] + "=" + map(value).get(part.split("=")[0])));
            must(!part.contains("#") || part.equals(part.split("#")[0] + "#" + unb64u(map(value).get(part.split("#")[0])).length));
        }
        must(map(value).keySet().equals(Set.of(form.replaceAll("[=#]\\S*", "").split(" "))));
        return map(value);
    }
    static Map<String, Object> without(Object value, String... names) { var rest = new TreeMap<>(map(value)); rest.keySet().removeAll(Set.of(names)); return rest; }
    static PublicKey load(String curve, Object x) throws GeneralSecurityException { // SubjectPublicKeyInfo: a fixed head, then 32 octets
        var head = HexFormat.of().parseHex(curve.equals("X25519") ? "302a300506032b656e032100" : "302a300506032b6570032100");
        return KeyFactory.getInstance(curve).generatePublic(new X509EncodedKeySpec(join(head, unb64u(x))));
    }
    static boolean fits(Object x, byte[] signature, byte[] signed) throws GeneralSecurityException {
        var verifier = Signature.getInstance("Ed25519"); verifier.initVerify(load("Ed25519", x)); verifier.update(signed); return verifier.verify(signature);
    }
    record Jws(List<Object> signatures, List<Map<String, Object>> heads, Object text, byte[] payload, List<Object> kids) { }
    static Jws readJws(Object value, String typ) { // section 4
        var jws = members(value, "payload signatures"); var signatures = list(jws.get("signatures")); must(!signatures.isEmpty());
        signatures.forEach((item) -> unb64u(members(item, "protected signature").get("signature")));
        var heads = signatures.stream().map((item) -> members(parse(unb64u(map(item).get("protected")), 1024), "alg kid typ")).toList();
        heads.forEach((head) -> must(typ.equals(head.get("typ")), "wrong-typ"));
        return new Jws(signatures, heads, jws.get("payload"), unb64u(jws.get("payload")), heads.stream().map((head) -> head.get("kid")).toList());
    }
    static void verifyJws(Jws jws, List<Object> keys) { // each by its key, in their order; ML-DSA-65 is passed over
        must(jws.kids.equals(keys.stream().map(Opener::kid).toList()), "signers-differ");
        for (int n = 0; n < keys.size(); n++) {
            var item = map(jws.signatures.get(n)); var jwk = map(keys.get(n)); boolean classical = "Ed25519".equals(jwk.get("crv"));
            must((classical ? Set.of("Ed25519", "EdDSA") : Set.of("ML-DSA-65")).contains(jws.heads.get(n).get("alg")), "alg-differs-from-key");
            var signed = join(item.get("protected"), ".", jws.text);
            must(!classical || tried("bad-signature", () -> fits(jwk.get("x"), unb64u(item.get("signature")), signed)), "bad-signature");
        }
    }
    static byte[] climb(byte[] hash, long index, long size, List<Object> path, String word) { // 7.1: the root that leaf hash and path make
        must(size == 1 == path.isEmpty() && index < size, word);
        if (size == 1) return hash; long k = Long.highestOneBit(size - 1); var rest = path.subList(0, path.size() - 1); var top = unb64u(path.get(rest.size()));
        return index < k ? hash(NODE, climb(hash, index, k, rest, word), top) : hash(NODE, top, climb(hash, index - k, size - k, rest, word));
    }
    static void inclusion(Object leaf, long index, long size, List<Object> path, Object root, String word) {
        must(index >= 0 && path.stream().allMatch((hash) -> unb64u(hash).length == 32));
        must(Arrays.equals(climb(hash(LEAF, canonical(leaf)), index, size, path, word), unb64u(root)), word);
    }
    static Matcher checkpoint(Object note, List<Object> vkeys) { // 7.2
        var form = NOTE.matcher((String) note); must(form.matches(), "note-refused"); boolean good = false;
        for (var line : form.group(5).split("\n")) for (var vkey : vkeys) {
            var pinned = ((String) vkey).split("\\+", 3); var named = line.split(" ");
            byte[] signature = Base64.getDecoder().decode(named[2]), key = Base64.getDecoder().decode(pinned[2]);
            if (!named[1].equals(pinned[0]) || !HexFormat.of().formatHex(signature, 0, 4).equals(pinned[1])) continue;
            var x = b64u(Arrays.copyOfRange(key, 1, 33)); var raw = Arrays.copyOfRange(signature, 4, signature.length);
            must(tried("note-refused", () -> fits(x, raw, join(form.group(1)))), "note-refused"); good |= pinned[0].equals(form.group(2));
        }
        must(good, "note-refused"); return form;
    }
    static byte[] unwrap(Object wrapped, Object x, Object d) throws GeneralSecurityException { // 5.3; the JDK refuses secrets of zeros
        var agreement = KeyAgreement.getInstance("X25519"); var wrap = Cipher.getInstance("AESWrap");
        agreement.init(KeyFactory.getInstance("X25519").generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, unb64u(d))));
        agreement.doPhase(load("X25519", x), true); var kek = hash(ONE, agreement.generateSecret(), FOURTEEN, "ECDH-ES+A256KW", NOBODY, BITS);
        wrap.init(Cipher.UNWRAP_MODE, new SecretKeySpec(kek, "AES")); return wrap.unwrap(unb64u(wrapped), "AES", Cipher.SECRET_KEY).getEncoded();
    }
    static byte[] gcm(byte[] key, byte[] iv, byte[] sealed, String aad) throws GeneralSecurityException {
        var cipher = Cipher.getInstance("AES/GCM/NoPadding"); cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, iv));
        cipher.updateAAD(join(aad)); return cipher.doFinal(sealed);
    }

    static Map<String, Object> open(Map<String, Object> request) {
        stage = "verifying"; // step 1
        var slice = members(parse(join(request.get("slice")), 524288), "v=1 manifest jwe via=[] path index receipts"); var reader = request.get("reader");
        var jws = readJws(slice.get("manifest"), "accord-manifest+jws"); var manifest = members(parse(jws.payload, 65536), SHARED + " pd#32 ct#32 rn rr#32");
        long iat = time(manifest.get("iat"), 0, LAST), keep = time(manifest.get("keep"), time(manifest.get("exp"), iat + 1, LAST), iat + 315619200); // ten years
        for (var by : Arrays.asList(manifest.get("ack_by"), manifest.get("reply_by"))) must(by == null || time(by, iat + 1, keep) > iat);
        var jwe = members(slice.get("jwe"), "protected aad iv#12 ciphertext tag#16 recipients"); String head = text(jwe.get("protected")), aad = text(jwe.get("aad"));
        var sealed = members(parse(unb64u(head), 1024), "cty=accord-alert+jws enc=A256GCM typ=accord-alert+jwe"); var iss = manifest.get("iss");
        List<Object> path = list(slice.get("path")), receipts = list(slice.get("receipts")), recipients = list(jwe.get("recipients"));
        must(unb64u(head).length == canonical(sealed).length() && path.size() <= 16 && recipients.size() == 1);
        var entry = members(recipients.get(0), "encrypted_key#40 header"); var header = members(entry.get("header"), "alg=ECDH-ES+A256KW epk kid#32"); // 5.3
        var epk = members(header.get("epk"), "kty=OKP crv=X25519 x#32"); must(BitSet.valueOf(unb64u(epk.get("x"))).cardinality() > 1, "key-refused"); // u = 0, 1
        must(!receipts.isEmpty() && receipts.get(0) != null, "receipt-missing"); // step 2
        var receipt = members(receipts.get(0), "leaf index path checkpoint"); var leaf = members(receipt.get("leaf"), "d#32 k t"); long time = time(leaf.get("t"), 0, LAST);
        var tree = checkpoint(receipt.get("checkpoint"), list(request.get("ledger"))); var root = b64u(Base64.getDecoder().decode(tree.group(4)));
        var md = digest("accord-manifest+jws", LEAF, jws.payload); must(md.equals(leaf.get("d")) && "x".equals(leaf.get("k")), "receipt-refused");
        inclusion(leaf, number(receipt.get("index")), Long.parseLong(tree.group(3)), list(receipt.get("path")), root, "proof-refused");
        must(jws.kids.equals(manifest.get("signers")), "signers-differ"); // step 3
        var known = map(map(request.get("agencies")).getOrDefault(iss, Map.of("keyset_logged_at", Long.MAX_VALUE)));
        must(number(known.get("keyset_logged_at")) <= time, "keyset-unknown"); var signed = readJws(parse(join(known.get("keyset")), 262144), "accord-keyset+jws"); // 3.3
        var keyset = map(parse(signed.payload, 262144)); var body = map(keyset.get("body")); var roots = list(body.get("root"));
        var pinned = HexFormat.of().formatHex(hash(canonical(roots.stream().map(Opener::kid).toList()))); must(pinned.equals(known.get("root")), "keyset-not-of-the-pinned-root");
        verifyJws(signed, roots); must(iss.equals(keyset.get("iss")), "keyset-unknown");
        var row = list(body.get("keys")).stream().map(StrictJson::map).filter((item) -> jws.kids.contains(kid(item.get("jwk")))).findAny().orElseThrow(() -> new Refused("key-unknown"));
        must("sign".equals(row.get("use")), "key-of-other-use"); must(number(row.get("nbf")) <= time && time < number(row.get("exp")), "key-not-valid-then");
        var words = list(request.get("revocations")).stream().map(StrictJson::map).filter((word) -> iss.equals(word.get("agency")) && jws.kids.contains(word.get("kid"))).toList();
        words.forEach((word) -> must(time < number(word.get("log_time")), "key-revoked")); var keys = List.of(row.get("jwk"));
        must(jws.kids.size() == 1 && "Ed25519".equals(map(keys.get(0)).get("crv")), "suites-mixed"); must("EC1".equals(body.get("low")), "suite-below-the-lowest-of-the-agency");
        verifyJws(jws, keys); var own = Map.of("a", reader, "r", entry); // step 5
        inclusion(own, number(slice.get("index")), number(manifest.get("rn")), path, manifest.get("rr"), "not-a-recipient-by-path");
        byte[] iv = unb64u(jwe.get("iv")), ciphertext = unb64u(jwe.get("ciphertext")), tag = unb64u(jwe.get("tag")); // step 6
        must(digest(head, ".", aad, ".", iv, ciphertext, tag).equals(manifest.get("ct")), "ct-differs");
        must(b64u(join(canonical(Map.of("iss", iss, "jti", manifest.get("jti"), "tlp", manifest.get("tlp"), "v", 1)))).equals(aad), "aad-differs");
        stage = "opening"; // step 7
        var held = list(request.get("decryption")).stream().filter((jwk) -> kid(without(jwk, "d", "priv")).equals(header.get("kid"))).findAny();
        var d = map(held.orElseThrow(() -> new Refused("no-private-key-for-the-entry"))).get("d");
        var key = tried("content-key-not-unwrapped", () -> unwrap(entry.get("encrypted_key"), epk.get("x"), d));
        var octets = tried("content-not-decrypted", () -> gcm(key, iv, join(ciphertext, tag), head + "." + aad));
        must(digest((Object) octets).equals(manifest.get("pd")), "pd-differs"); // step 8
        var inside = readJws(parse(octets, 131072), "accord-alert+jws"); must(!new String(octets, UTF_8).matches("(?s).*[ \t\n\r\\\\].*")); verifyJws(inside, keys); // step 9
        var inner = members(parse(inside.payload, 65536), SHARED + " aud names nonce#16 alert pad"); var pad = text(inner.get("pad")); int size = inside.payload.length; // step 10
        must(pad.matches("0*") && Integer.bitCount(size) == 1 && size >= 2048 && size <= 65536 && (size == 2048 || size - pad.length() > size / 2));
        var common = without(inner, "aud", "names", "nonce", "alert", "pad"); var aud = list(inner.get("aud")); var refs = list(manifest.get("att"));
        common.put("att", list(inner.get("att")).stream().map((file) -> without(file, "size", "cty", "fn", "k")).toList());
        must(common.equals(without(manifest, "pd", "ct", "rn", "rr")), "inner-and-manifest-differ"); must(number(manifest.get("rn")) == aud.size() + 1, "recipients-differ");
        must(iss.equals(reader) || aud.contains(reader), "not-in-the-audience"); // step 11
        var blobs = list(request.get("blobs")).stream().map(StrictJson::unb64u).map((blob) -> digest((Object) blob) + " " + blob.length).toList(); // step 13
        must(blobs.equals(refs.stream().map((ref) -> map(ref).get("sha256") + " " + map(ref).get("len")).toList()), "blob-differs");
        var standing = words.stream().anyMatch((word) -> time >= number(word.get("since"))) ? "repudiated" : "valid";
        return Map.of("md", md, "late", number(request.get("now")) >= number(manifest.get("exp")), "standing", standing, "alert", inner.get("alert"));
    }
    static Map<String, Object> answer(String request) {
        try { return open(map(parse(join(request), 1 << 24))); } catch (Refused refused) { return Map.of("stage", stage, "refused", refused.getMessage()); }
    }
    public static void main(String[] arguments) {
        var out = new PrintStream(System.out, true, UTF_8);
        new BufferedReader(new InputStreamReader(System.in, UTF_8)).lines().map((line) -> canonical(answer(line))).forEach(out::println);
    }
}
