"""Records what Vineyard's Python client makes of values: python record.py SOCKET FOLDER.

Per value NAME.json has the tree as the server has it and the bytes of its blobs, and NAME.stream
what is expected to be read of it, as an Arrow stream.
"""

import base64
import json
import pathlib
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import vineyard


def blob_ids(tree):
    if tree.get("typename") == "vineyard::Blob":
        yield tree["id"]
    for value in tree.values():
        if isinstance(value, dict):
            yield from blob_ids(value)


def stable(tree):
    """Leaves out what differs each time and says nothing of the layout."""
    left_out = ("__timestamp", "signature", "instance_id", "transient", "global")
    return {
        key: stable(value) if isinstance(value, dict) else value
        for key, value in tree.items()
        if key not in left_out
    }


def record(client, folder, name, value, batches):
    object_id = client.put(value)
    tree = stable(json.loads(repr(client.get_meta(object_id))))
    blobs = {}
    for blob_id in sorted(set(blob_ids(tree))):
        blob = client.get_blob(vineyard.ObjectID(blob_id))
        content = b"" if blob.is_empty else bytes(memoryview(blob))
        blobs[blob_id] = base64.b64encode(content).decode()
    content = json.dumps({"tree": tree, "blobs": blobs}, indent=1, sort_keys=True)
    (folder / (name + ".json")).write_text(content + "\n")
    if batches is not None:
        schema = batches[0].schema if batches else value.schema
        with pa.ipc.new_stream(str(folder / (name + ".stream")), schema) as stream:
            for batch in batches:
                stream.write_batch(batch)


def large(batch):
    """The types that Vineyard has for those with short offsets."""
    return batch.cast(pa.schema([large_field(f) for f in batch.schema], batch.schema.metadata))


def large_field(field):
    return pa.field(field.name, large_type(field.type))


def large_type(type):
    if pa.types.is_string(type):
        return pa.large_string()
    if pa.types.is_list(type):
        return pa.large_list(large_type(type.value_type))
    return type


def columns():
    """Columns of each type that Vineyard has an array for, with nulls."""
    numbers = [1, None, 3, 0, 127, None, 7, 8, 9, 10, None]
    yield from ((str(t), pa.array(numbers, t)) for t in (
        pa.int8(), pa.int16(), pa.int32(), pa.int64(),
        pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.float32(), pa.float64()))
    yield "float16", pa.array([None if n is None else np.float16(n) for n in numbers], pa.float16())
    yield "bool", pa.array([None if n is None else n % 2 == 1 for n in numbers])
    texts = [None if n is None else "\u00e9" * (n % 4) for n in numbers]
    yield "string", pa.array(texts)
    yield "large_string", pa.array(texts, pa.large_string())
    values = [None if n is None else bytes([n]) * (n % 3) for n in numbers]
    yield "large_binary", pa.array(values, pa.large_binary())
    yield "null", pa.nulls(len(numbers))
    lists = [None if n is None else list(range(n % 4)) for n in numbers]
    yield "list", pa.array(lists, pa.list_(pa.int64()))
    for type in (pa.date32(), pa.time32("s"), pa.date64(), pa.time64("us"), pa.timestamp("ns"),
                 pa.timestamp("ms", "Europe/Berlin"), pa.duration("us")):
        width = pa.int32() if type.bit_width == 32 else pa.int64()
        times = [None if n is None else n * (86400000 if type == pa.date64() else 1) for n in numbers]
        yield str(type), pa.array(times, width).view(type)


def batch_of(columns, metadata=None):
    fields = [pa.field(name, array.type) for name, array in columns]
    return pa.RecordBatch.from_arrays([a for _, a in columns], schema=pa.schema(fields, metadata))


def plain(frame, **kw):
    return pa.Table.from_pandas(frame, **kw).replace_schema_metadata(None).combine_chunks().to_batches()


def tensor(array, type):
    return [pa.RecordBatch.from_arrays([pa.array(array.tolist(), type)], ["value"])]


def main(socket, folder):
    client = vineyard.connect(socket)
    folder.mkdir(exist_ok=True)

    def save(name, value, batches=None):
        record(client, folder, name, value, batches)

    every = batch_of(list(columns()), {"k": "v"})
    save("batch", every, [large(every)])
    save("batch_without_nulls", every.slice(3, 2), [large(every.slice(3, 2))])
    for offset in (1, 3, 8, 9):
        part = every.slice(offset, 2)
        save("batch_slice_%d" % offset, part, [large(part)])
    save("batch_empty", every.slice(0, 0), [large(every.slice(0, 0))])
    save("batch_no_columns", pa.record_batch([], schema=pa.schema([])),
         [pa.record_batch([], schema=pa.schema([]))])
    table = pa.Table.from_batches([every.slice(0, 4), every.slice(4, 7)])
    save("table", table, [large(batch) for batch in table.to_batches()])
    one = pa.Table.from_batches([every])
    save("table_of_one", one, [large(every)])
    save("table_empty", pa.table({"a": pa.array([], pa.int32())}).slice(0, 0), [])

    frame = pd.DataFrame({
        "i": np.arange(5, dtype="int32"), "f": [0.5, 1.5, float("inf"), 2.5, 3.0],
        "b": [True, False, True, True, False], "s": ["a", "", "\u00e9", "dd", "e"], "u": np.arange(5, dtype="uint8")})
    expected = plain(frame.assign(s=frame["s"].astype("object")), preserve_index=False)
    expected = [large(batch) for batch in expected]
    save("frame", frame, expected)
    save("frame_of_labels", frame[["i", "f"]].set_axis([7, ("x", 1)], axis=1),
         [pa.record_batch([expected[0]["i"], expected[0]["f"]], names=["7", '["x",1]'])])
    indexed = frame[["i"]].set_axis([2, 4, 6, 8, 10], axis=0)
    save("frame_of_index", indexed, plain(indexed, preserve_index=True))
    named = frame[["i"]].rename_axis("row")
    save("frame_of_named_index", named, plain(named, preserve_index=True))
    timed = frame[["i"]].set_axis(pd.date_range("2024-01-01", periods=5, freq="h"), axis=0)
    save("frame_of_times", timed, plain(timed, preserve_index=True))
    save("frame_empty", frame.iloc[:0], [expected[0].slice(0, 0)])
    series = pd.Series([1.5, 2.5], name="x")
    save("series", series, plain(series.to_frame(), preserve_index=False))
    save("index", pd.Index([3, 1, 2]), tensor(np.array([3, 1, 2]), pa.int64()))
    times = pd.Series(pd.to_datetime(["2024-01-01", None, "2024-01-03"]), name="t")
    save("series_of_times", times, plain(times.to_frame(), preserve_index=False))

    for dtype, type in (("int32", pa.int32()), ("uint64", pa.uint64()), ("float32", pa.float32()),
                        ("float64", pa.float64()), ("bool", pa.bool_()), ("int8", pa.int8())):
        values = np.array([0, 1, 2, 3, 0, 5], dtype=dtype)
        save("tensor_" + dtype, values, tensor(values, type))
    matrix = np.arange(6, dtype="int64").reshape(3, 2)
    save("tensor_2d", matrix, tensor(matrix, pa.list_(pa.int64(), 2)))
    save("tensor_2d_fortran", np.asfortranarray(matrix), tensor(matrix, pa.list_(pa.int64(), 2)))
    cube = np.arange(12, dtype="float32").reshape(2, 3, 2)
    save("tensor_3d", cube, tensor(cube, pa.list_(pa.list_(pa.float32(), 2), 3)))
    save("tensor_empty", np.zeros((0, 2)), [pa.record_batch({"value": pa.array([], pa.list_(pa.float64(), 2))})])
    texts = np.array(["a", "bc", ""], dtype=object)
    save("tensor_texts", texts, [pa.record_batch({"value": pa.array(texts, pa.large_string())})])
    moments = np.array([1, "NaT", 3], dtype="datetime64[us]")
    save("tensor_times", moments, [pa.record_batch({"value": pa.array(moments)})])
    save("array", pa.array([1, None, 3]), [pa.record_batch({"value": pa.array([1, None, 3])})])

    # what can't be read
    save("refused_frame_with_times", pd.DataFrame({"a": [1], "t": pd.to_datetime(["2024-01-01"])}))
    save("refused_batch_with_struct", pa.record_batch({"a": pa.array([1]), "s": pa.array([{"x": 1}])}))
    save("refused_tensor_of_objects", np.array([{"a": 1}, None], dtype=object))
    save("refused_tensor_of_complex", np.array([1j]))
    save("refused_scalar", 5)


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
