// SPDX-License-Identifier: Apache-2.0
// What the JDK lacks: JSON and base64url as sections 2.1 and 2.2 of docs/spec/envelope.md say. Objects become TreeMaps (sorted as canonical
// JSON wants them), arrays ArrayLists, numbers Longs.
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.*;
import java.util.regex.*;
import java.util.stream.Collectors;

class StrictJson {
    private static final Pattern SPACE = Pattern.compile("[ \t\n\r]*");
    private static final Pattern WORD = Pattern.compile("true|false|null|-?(?:0|[1-9][0-9]{0,15})(?![0-9.eE])");
    private static final Pattern STRING = Pattern.compile("\"(?:[^\"\\\\\\x00-\\x1f]++|\\\\(?:[\"\\\\/bfnrt]|u[0-9a-fA-F]{4}))*+\"");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(u....|.)");
    private static final String ESCAPES = "btnfr", ESCAPED = "\b\t\n\f\r";
    private final String text;
    private int at;

    /** The word of section 11: "malformed" or "too-large". */
    @SuppressWarnings("serial")
    static final class Refused extends RuntimeException {
        Refused(String word) { super(word); }
    }

    static void must(boolean holds, String word) {
        if (!holds) throw new Refused(word);
    }

    static void must(boolean holds) { must(holds, "malformed"); }

    private StrictJson(String text) { this.text = text; }

    StrictJson() { this(""); }

    static Object parse(byte[] octets, int limit) {
        must(octets.length <= limit, "too-large");
        try {
            var json = new StrictJson(UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString());
            var value = json.value(1);
            must(json.peek() == 0);
            return value;
        } catch (CharacterCodingException notUtf8) {
            throw new Refused("malformed");
        }
    }

    private String token(Pattern form) {
        var found = form.matcher(text).region(at, text.length()).useTransparentBounds(true);
        must(found.lookingAt());
        at = found.end();
        return found.group();
    }

    private char peek() {
        token(SPACE);
        return at < text.length() ? text.charAt(at) : 0;
    }

    private Object value(int depth) {
        char open = peek();
        if (open == '"') return string();
        if (open != '{' && open != '[') return word(token(WORD));
        must(depth <= 16, "too-large");
        at++;
        var object = new TreeMap<String, Object>();
        var array = new ArrayList<Object>();
        char close = open == '{' ? '}' : ']';
        for (boolean more = peek() != close; more; more = peek() == ',' && at++ >= 0) {
            if (open == '[') {
                array.add(value(depth + 1));
                continue;
            }
            must(peek() == '"');
            var name = string();
            must(peek() == ':' && !object.containsKey(name));
            at++;
            object.put(name, value(depth + 1));
        }
        must(peek() == close);
        at++;
        return open == '{' ? object : array;
    }

    private static Object word(String token) {
        if (Character.isLetter(token.charAt(0))) return token.equals("null") ? null : Boolean.valueOf(token);
        must(!token.equals("-0") && Math.abs(Long.parseLong(token)) < 1L << 53);
        return Long.valueOf(token);
    }

    private String string() {
        var token = token(STRING);
        var plain = ESCAPE.matcher(token.substring(1, token.length() - 1))
            .replaceAll((found) -> Matcher.quoteReplacement(unescape(found.group(1))));
        must(plain.codePoints().noneMatch((point) -> point >= 0xD800 && point < 0xE000)); // a lone surrogate
        return plain;
    }

    private static String unescape(String escape) {
        if (escape.length() > 1) return "" + (char) Integer.parseInt(escape.substring(1), 16);
        int n = ESCAPES.indexOf(escape);
        return n < 0 ? escape : "" + ESCAPED.charAt(n);
    }

    static String canonical(Object value) {
        if (value instanceof Map<?, ?> map) return new TreeMap<>(map).entrySet().stream()
            .map((item) -> canonical(item.getKey()) + ":" + canonical(item.getValue())).collect(Collectors.joining(",", "{", "}"));
        if (value instanceof List<?> list) return list.stream().map(StrictJson::canonical).collect(Collectors.joining(",", "[", "]"));
        if (!(value instanceof String text)) return String.valueOf(value);
        return text.chars().mapToObj(StrictJson::escape).collect(Collectors.joining("", "\"", "\""));
    }

    private static String escape(int c) {
        if (c == '"' || c == '\\') return "\\" + (char) c;
        if (c >= 32) return "" + (char) c;
        int n = ESCAPED.indexOf(c);
        return n < 0 ? String.format("\\u%04x", c) : "\\" + ESCAPES.charAt(n);
    }

    @SuppressWarnings("unchecked")
    private static <T> T as(Object value, Class<? super T> type) {
        must(type.isInstance(value));
        return (T) value;
    }

    static Map<String, Object> map(Object value) { return as(value, Map.class); }

    static List<Object> list(Object value) { return as(value, List.class); }

    static long number(Object value) { return as(value, Long.class); }

    static String text(Object value) { return as(value, String.class); }

    static String b64u(byte[] octets) { return Base64.getUrlEncoder().withoutPadding().encodeToString(octets); }

    static byte[] unb64u(Object value) {
        must(value instanceof String text && text.matches("[A-Za-z0-9_-]*") && text.length() % 4 != 1);
        var octets = Base64.getUrlDecoder().decode((String) value);
        must(b64u(octets).equals(value));
        return octets;
    }
}
