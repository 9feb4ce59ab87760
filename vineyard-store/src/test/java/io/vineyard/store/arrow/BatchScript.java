package io.vineyard.store.arrow;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * A sequence of batches that two processes make from the same seed, each for itself; each batch is
 * made when it is its turn, and closed by whoever had it made.
 */
enum BatchScript {
  /** Batches of one column, of every type and shape. */
  TYPES {
    @Override
    List<Function<RandomBatches, RecordBatch>> steps(Random random) {
      List<Function<RandomBatches, RecordBatch>> steps = new ArrayList<>();
      for (RandomTypes.Type type : RandomTypes.all()) {
        List<Field> fields = List.of(RandomBatches.field("x", type));
        steps.add(batches -> batches.batch(fields, 0));
        steps.add(batches -> batches.batch(fields, 1));
        steps.add(batches -> batches.batch(fields, MOST_ROWS));
        steps.add(batches -> part(batches.batch(fields, MOST_ROWS), 3, MOST_ROWS - 5));
        steps.add(batches -> part(batches.batch(fields, MOST_ROWS), 8, 16));
        steps.add(batches -> part(batches.batch(fields, MOST_ROWS), 3, 0));
      }
      return steps;
    }
  },

  /** Batches of some columns of any types, of any number of rows, some of them parts of others. */
  COLUMNS {
    @Override
    List<Function<RandomBatches, RecordBatch>> steps(Random random) {
      List<Field> fields = new ArrayList<>();
      List<RandomTypes.Type> types = RandomTypes.all();
      for (int i = 0; i < MOST_COLUMNS; i++) {
        fields.add(RandomBatches.field("f" + i, types.get(random.nextInt(types.size()))));
      }
      List<Function<RandomBatches, RecordBatch>> steps = new ArrayList<>();
      for (int i = 0; i < BATCHES; i++) {
        int rows = random.nextInt(MOST_ROWS);
        int offset = random.nextInt(rows + 1);
        int part = random.nextInt(rows - offset + 1);
        steps.add(
            random.nextBoolean()
                ? batches -> batches.batch(fields, rows)
                : batches -> part(batches.batch(fields, rows), offset, part));
      }
      return steps;
    }
  },

  /** Batches whose columns are encoded by dictionaries, which are others in each batch. */
  DICTIONARIES {
    @Override
    List<Function<RandomBatches, RecordBatch>> steps(Random random) {
      List<Field> values = new ArrayList<>();
      RandomTypes.inDictionaries()
          .forEach(type -> values.add(RandomBatches.field("v" + values.size(), type)));
      List<Function<RandomBatches, RecordBatch>> steps = new ArrayList<>();
      for (int i = 0; i < BATCHES; i++) {
        int rows = i % 3 == 0 ? 0 : random.nextInt(MOST_ROWS);
        steps.add(batches -> batches.dictionaryBatch(values, rows));
        steps.add(batches -> part(batches.dictionaryBatch(values, MOST_ROWS), 5, 11));
      }
      return steps;
    }
  };

  private static final int MOST_ROWS = 37;
  private static final int MOST_COLUMNS = 12;
  private static final int BATCHES = 20;

  /** Returns what makes the batches, one after the other. */
  abstract List<Function<RandomBatches, RecordBatch>> steps(Random random);

  /** Returns the codec of a stream that these batches fit. */
  ChunkCodec<RecordBatch> codec() {
    return this == TYPES ? ChunkCodec.dataframes() : ChunkCodec.recordBatches();
  }

  private static RecordBatch part(RecordBatch batch, int offset, int rows) {
    try (batch) {
      return batch.slice(offset, rows);
    }
  }
}
