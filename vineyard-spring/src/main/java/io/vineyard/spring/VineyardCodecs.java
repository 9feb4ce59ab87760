package io.vineyard.spring;

import io.vineyard.http.BatchBodyDecoder;
import io.vineyard.http.BatchBodyEncoder;
import org.springframework.http.codec.CodecConfigurer;

/** Adds the codecs of batches to those of a server or a client. */
public final class VineyardCodecs {
  private VineyardCodecs() {}

  /** Adds codecs with their defaults. */
  public static void register(CodecConfigurer configurer) {
    register(configurer, BatchBodyEncoder.create(), BatchBodyDecoder.create());
  }

  /**
   * Adds codecs.
   *
   * @param encoder how bodies are written; its form and compression are those that a client accepts
   * @param decoder how bodies are read
   */
  public static void register(
      CodecConfigurer configurer, BatchBodyEncoder encoder, BatchBodyDecoder decoder) {
    CodecConfigurer.CustomCodecs codecs = configurer.customCodecs();
    codecs.register(new RecordBatchWriter(new RecordBatchEncoder(encoder)));
    codecs.register(new RecordBatchDecoder(decoder));
  }
}
