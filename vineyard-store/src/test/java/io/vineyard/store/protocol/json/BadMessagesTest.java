package io.vineyard.store.protocol.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is no message of Vineyard's dialect gets the code that Vineyard has for it. */
class BadMessagesTest {
  private static final JsonDialect DIALECT = new JsonDialect(0);

  private static ByteBuf body(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
  }

  private static void assertRefused(ByteBuf body, ErrorCode code) {
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> DIALECT.readRequest(body.duplicate()))
        .satisfies(e -> assertThat(e.code()).as("%s", e).isEqualTo(code));
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> DIALECT.readReply(new Request.Clear(), body.duplicate()))
        .satisfies(e -> assertThat(e.code()).as("%s", e).isEqualTo(ErrorCode.PROTOCOL_ERROR));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "\0",
        "null",
        "true",
        "7",
        "\"clear_request\"",
        "[]",
        "{",
        "{\"type\"",
        "{\"type\":}",
        "{\"type\":\"a\"} x",
        "{\"type\":\"a\"}{}",
        "{'type':'a'}",
        "{type:\"a\"}",
        "{\"type\":\"a\",}",
        "{\"type\":\"\\x\"}",
        "{\"type\":\"a\n\"}",
        "{\"type\":NaN}",
        "{\"type\":01}",
        "{}",
        "{\"type\":null}",
        "{\"type\":7}",
        "{\"type\":[]}",
        "{\"type\":{}}"
      })
  void whatIsNoMessageIsInvalid(String text) {
    assertRefused(body(text), ErrorCode.INVALID);
  }

  @ParameterizedTest
  @ValueSource(strings = {"FF", "C3", "C0 80", "ED A0 80", "F5 80 80 80", "80", "E2 82"})
  void textThatIsNoUtf8IsInvalid(String bytes) {
    ByteBuf body = body("{\"type\":\"");
    for (String one : bytes.split(" ", -1)) {
      body.writeByte(Integer.parseInt(one, 16));
    }
    assertRefused(body.writeBytes(body("\"}")), ErrorCode.INVALID);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\ud800", "\\uD800", "\\udc00", "\\ud800\\ud800", "\\ud83dx", "\\udfff"})
  void halfACharacterIsInvalid(String half) {
    assertRefused(body("{\"type\":\"" + half + "\"}"), ErrorCode.INVALID);
    assertRefused(body("{\"type\":\"a\",\"" + half + "\":1}"), ErrorCode.INVALID);
    assertRefused(body("{\"type\":\"a\",\"b\":[[{\"c\":\"" + half + "\"}]]}"), ErrorCode.INVALID);
  }

  @Test
  void wholeCharacterByEscapesIsFine() {
    assertThat(DIALECT.readRequest(body("{\"type\":\"\\ud83d\\ude00\"}")))
        .isEqualTo(new Request.Other("😀"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"})
  void otherEncodingsAreInvalid(String encoding) {
    byte[] bytes = "{\"type\":\"clear_request\"}".getBytes(Charset.forName(encoding));
    assertRefused(Unpooled.wrappedBuffer(bytes), ErrorCode.INVALID);
  }

  @ParameterizedTest
  @ValueSource(ints = {300, 10_000, 1_000_000})
  void nestingHasAnEnd(int depth) {
    assertRefused(body("{\"type\":\"a\",\"b\":" + "[".repeat(depth)), ErrorCode.INVALID);
    assertRefused(
        body("{\"type\":\"a\",\"b\":" + "[".repeat(depth) + "]".repeat(depth) + "}"),
        ErrorCode.INVALID);
    assertRefused(body("{\"a\":".repeat(depth)), ErrorCode.INVALID);
  }

  @Test
  void numberHasAnEnd() {
    String digits = "9".repeat(1_000_000);
    assertRefused(
        body("{\"type\":\"seal_request\",\"object_id\":" + digits + "}"), ErrorCode.INVALID);
    assertRefused(body("{\"type\":\"a\",\"x\":1e" + digits + "}"), ErrorCode.INVALID);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '\0',
      value = {
        "seal_request;",
        "seal_request; \"object_id\":null",
        "seal_request; \"object_id\":\"4\"",
        "seal_request; \"object_id\":1.0",
        "seal_request; \"object_id\":18446744073709551616",
        "seal_request; \"object_id\":-9223372036854775809",
        "seal_request; \"id\":4",
        "create_buffer_request; \"size\":-1",
        "create_buffer_request; \"size\":1e3",
        "create_buffers_request; \"sizes\":8",
        "create_buffers_request; \"sizes\":[8,-1]",
        "create_buffers_request; \"sizes\":[null]",
        "get_buffers_request; \"num\":1",
        "get_buffers_request; \"num\":-1",
        "get_buffers_request; \"num\":9223372036854775807",
        "get_buffers_request; \"ids\":{}",
        "get_data_request; \"id\":4",
        "get_data_request; \"id\":[4],\"wait\":1",
        "list_data_request; \"pattern\":\"*\"",
        "list_data_request; \"pattern\":\"*\",\"limit\":-1",
        "create_data_request;",
        "create_data_request; \"content\":\"t\"",
        "create_datas_request; \"contents\":[7]",
        "label_request; \"id\":4,\"keys\":[\"a\"],\"values\":[]",
        "label_request; \"id\":4,\"keys\":[1],\"values\":[\"a\"]",
        "put_name_request; \"object_id\":4,\"name\":null",
        "open_stream_request; \"object_id\":4",
        "open_stream_request; \"object_id\":4,\"mode\":4294967297",
        "stop_stream_request; \"id\":4",
        "stop_stream_request; \"id\":4,\"failed\":\"no\"",
        "register_request; \"version\":7",
        "register_request; \"store_type\":[]",
        "register_request; \"session_id\":\"0\""
      })
  void requestWithWrongFieldsIsInvalid(String type, String fields) {
    String more = fields == null ? "" : "," + fields;
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> DIALECT.readRequest(body("{\"type\":\"" + type + "\"" + more + "}")))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID))
        .withMessageContaining("expected");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '\0',
      value = {
        "{\"instance_id\":0}; META_TREE_INVALID",
        "{\"typename\":7}; META_TREE_INVALID",
        "{\"typename\":null}; META_TREE_INVALID",
        "{\"typename\":\"t\",\"m\":{}}; META_TREE_NAME_NOT_EXISTS",
        "{\"typename\":\"t\",\"m\":{\"typename\":\"t\"}}; META_TREE_NAME_NOT_EXISTS",
        "{\"typename\":\"t\",\"m\":{\"id\":4}}; INVALID",
        "{\"typename\":\"t\",\"m\":{\"id\":\"o\"}}; INVALID",
        "{\"typename\":\"t\",\"m\":{\"id\":\"oxyz\"}}; INVALID"
      })
  void wrongTreeHasVineyardsCode(String content, ErrorCode code) {
    String text = "{\"type\":\"create_data_request\",\"content\":" + content + "}";
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> DIALECT.readRequest(body(text)))
        .satisfies(e -> assertThat(e.code()).as("%s", e).isEqualTo(code));
  }

  @Test
  void requestThatSaysItHasFailedIsThatFailure() {
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> DIALECT.readRequest(body("{\"code\":12,\"message\":\"gone\"}")))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.OBJECT_NOT_EXISTS))
        .withMessageContaining("gone");
    assertThat(DIALECT.readRequest(body("{\"code\":0,\"type\":\"clear_request\"}")))
        .isEqualTo(new Request.Clear());
    for (String code : new String[] {"\"12\"", "1.5", "[]", "99999999999"}) {
      assertThatExceptionOfType(VineyardException.class)
          .isThrownBy(() -> DIALECT.readRequest(body("{\"type\":\"a\",\"code\":" + code + "}")))
          .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID));
    }
  }
}
