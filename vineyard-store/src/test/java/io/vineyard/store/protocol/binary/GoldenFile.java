package io.vineyard.store.protocol.binary;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Bytes that people can read: hexadecimal, text in quotes, and comments. */
final class GoldenFile {
  private static final Pattern TOKEN = Pattern.compile("\"([^\"]*)\"|([0-9A-F]{2})(?=\\s|$)");

  private GoldenFile() {}

  /** Reads the parts of a file, each with its title and its bytes, in their order. */
  static Map<String, byte[]> read(String name) {
    String path = "/golden/binary/" + name + ".txt";
    try (InputStream in = GoldenFile.class.getResourceAsStream(path)) {
      Map<String, ByteArrayOutputStream> parts = new LinkedHashMap<>();
      String title = "";
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      for (String line : text.lines().toList()) {
        String content = line.split("#", 2)[0].strip();
        if (content.startsWith("= ")) {
          title = content.substring(2);
          ByteArrayOutputStream same = parts.put(title, new ByteArrayOutputStream());
          assertThat(same).as(path + " has \"" + title + "\" twice").isNull();
        } else if (!content.isEmpty()) {
          parts.get(title).writeBytes(bytes(path, content));
        }
      }
      Map<String, byte[]> bytes = new LinkedHashMap<>();
      parts.forEach((part, out) -> bytes.put(part, out.toByteArray()));
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] bytes(String path, String content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Matcher token = TOKEN.matcher(content);
    int end = 0;
    while (token.find()) {
      if (!content.substring(end, token.start()).isBlank()) {
        break;
      }
      end = token.end();
      out.writeBytes(
          token.group(1) != null
              ? token.group(1).getBytes(StandardCharsets.US_ASCII)
              : HexFormat.of().parseHex(token.group(2)));
    }
    if (!content.substring(end).isBlank()) {
      throw new IllegalStateException(path + " has a line that is not bytes: " + content);
    }
    return out.toByteArray();
  }

  static String dump(byte[] bytes) {
    return dump(Unpooled.wrappedBuffer(bytes));
  }

  static String dump(ByteBuf bytes) {
    return ByteBufUtil.prettyHexDump(bytes);
  }
}
