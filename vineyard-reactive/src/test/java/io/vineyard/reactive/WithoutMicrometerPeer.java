package io.vineyard.reactive;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.store.process.ParentLines;
import java.lang.reflect.Method;
import java.util.List;
import reactor.core.publisher.Flux;

/** Looks at all that users name, and uses a stream. */
final class WithoutMicrometerPeer {
  private static final List<Class<?>> NAMED =
      List.of(
          ByteStream.class,
          DataframeStream.class,
          ObjectStore.class,
          RecordBatchStream.class,
          RecordBatches.class,
          StreamListener.class,
          StreamListener.Counts.class,
          StreamListener.End.class,
          StreamListener.ReaderTrace.class,
          StreamListener.WriterTrace.class,
          StreamWriter.class,
          VineyardStream.class,
          WaitStrategy.class,
          WriterStats.class);

  private WithoutMicrometerPeer() {}

  public static void main(String[] arguments) {
    try {
      Class.forName("io.micrometer.core.instrument.MeterRegistry");
    } catch (ClassNotFoundException none) {
      ParentLines.say("no Micrometer");
    }
    int found = 0;
    for (Class<?> type : NAMED) {
      found += type.getDeclaredFields().length + type.getDeclaredConstructors().length;
      for (Method method : type.getDeclaredMethods()) {
        found += method.getParameterTypes().length + 1;
      }
    }
    ParentLines.say("types " + found);
    try (ObjectStore store = EmbeddedStore.create().open()) {
      StreamListener.listen(store, new StreamListener() {});
      RecordBatchStream stream = Waits.value(RecordBatchStream.create(store));
      StreamWriter<RecordBatch> writer = stream.writerNow();
      writer
          .write(Flux.range(0, 1000).map(i -> Batches.counting(writer.allocator(), i, 1)))
          .subscribe();
      long sum = Waits.value(stream.reader(Batches::sum).reduce(0L, Long::sum));
      ParentLines.say("sum " + sum);
      Waits.untilIdle(store);
    }
  }
}
