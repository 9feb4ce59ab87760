#!/usr/bin/env python3
"""Writes the files of this folder: every type that pyarrow writes, and the values as JSON."""

import datetime
import decimal
import json
import pathlib
import uuid

import pyarrow as pa
import pyarrow.ipc as ipc

import columns

FOLDER = pathlib.Path(__file__).parent
UTC = datetime.timezone.utc
INT = pa.array([1, None, -3, 4, 2**31 - 1, None, -(2**31)], pa.int32())
TEXT = pa.array(["a", None, "", "Grüße", "a text that is no short one", "b", None])


def flat():
    """Arrays of the types without children, by their names."""
    yield "null", pa.nulls(7)
    yield "bool", pa.array([True, None, False, True, True, None, False])
    for bits in (8, 16, 32, 64):
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        values = [low, None, 0, high, 1, -1, None]
        yield f"int{bits}", pa.array(values, getattr(pa, f"int{bits}")())
        values = [0, None, 2**bits - 1, 1, high, None, 2]
        yield f"uint{bits}", pa.array(values, getattr(pa, f"uint{bits}")())
    for bits in (16, 32, 64):
        values = [1.5, None, -0.0, 0.25, -1024.0, None, 1e-3]
        yield f"float{bits}", pa.array(values, getattr(pa, f"float{bits}")())
    for bits, digits in ((32, 9), (64, 18), (128, 38), (256, 76)):
        texts = ["9" * (digits - 2) + ".99", None, "-0.01", "0.00", "1.10", None, "-7.25"]
        values = [text and decimal.Decimal(text) for text in texts]
        yield f"decimal{bits}", pa.array(values, getattr(pa, f"decimal{bits}")(digits, 2))
    days = [0, None, -1, 20000, 1, None, 19999]
    yield "date32", pa.array(days, pa.int32()).cast(pa.date32())
    millis = [day and day * 86_400_000 for day in days]
    yield "date64", pa.array(millis, pa.int64()).cast(pa.date64())
    clock = [0, None, 1, 86_399, 4711, None, 60]
    yield "time32_s", pa.array(clock, pa.int32()).cast(pa.time32("s"))
    yield "time32_ms", pa.array(clock, pa.int32()).cast(pa.time32("ms"))
    yield "time64_us", pa.array(clock, pa.int64()).cast(pa.time64("us"))
    yield "time64_ns", pa.array(clock, pa.int64()).cast(pa.time64("ns"))
    moments = pa.array([0, None, -1, 1_700_000_000, 1, None, 2**40], pa.int64())
    for unit in ("s", "ms", "us", "ns"):
        yield f"timestamp_{unit}", moments.cast(pa.timestamp(unit))
        yield f"timestamp_{unit}_utc", moments.cast(pa.timestamp(unit, "UTC"))
        yield f"duration_{unit}", moments.cast(pa.duration(unit))
    yield "timestamp_berlin", moments.cast(pa.timestamp("us", "Europe/Berlin"))
    yield "timestamp_offset", moments.cast(pa.timestamp("ms", "+05:30"))
    intervals = [(1, 2, 3), None, (-1, -2, -3), (0, 0, 0), (12, 31, 10**15), None, (0, 0, 1)]
    yield "interval", pa.array(intervals, pa.month_day_nano_interval())
    data = [b"a", None, b"", b"\x00\xff", b"more than twelve bytes", b"b", None]
    for name in ("binary", "large_binary", "binary_view"):
        yield name, pa.array(data, getattr(pa, name)())
    for name in ("string", "large_string", "string_view"):
        yield name, TEXT.cast(getattr(pa, name)())
    yield "fixed_binary", pa.array([b"abc", None, b"\x00\x01\x02"] * 2 + [None], pa.binary(3))
    yield "fixed_binary_0", pa.array([b"", None, b"", b"", b"", None, b""], pa.binary(0))


def nested():
    """Arrays of the types with children, by their names."""
    lists = [[1, 2], None, [], [3, None], [None], [4, 5, 6], None]
    for name in ("list_", "large_list", "list_view", "large_list_view"):
        yield name.strip("_"), pa.array(lists, getattr(pa, name)(pa.int32()))
    pairs = [["a", "b"], None, ["c", None], [None, "d"], ["e", "f"], ["", ""], None]
    yield "fixed_list", pa.array(pairs, pa.list_(pa.string(), 2))
    yield "fixed_list_0", pa.array([[], None, [], [], [], None, []], pa.list_(pa.int8(), 0))
    deep = [[[1], []], None, [], [None, [2, 3]], [[4]], [[], []], [[5]]]
    yield "list_of_list", pa.array(deep, pa.list_(pa.large_list(pa.int16())))
    fields = [pa.field("i", pa.int32()), pa.field("t", pa.string())]
    yield "struct", pa.StructArray.from_arrays([INT, TEXT], fields=fields, mask=INT.is_null())
    yield "struct_of_views", pa.StructArray.from_arrays(
        [TEXT.cast(pa.string_view()), TEXT.cast(pa.binary_view())], ["t", "b"]
    )
    yield "struct_empty", pa.array([{}, None, {}, {}, {}, None, {}], pa.struct([]))
    yield "struct_same_names", pa.StructArray.from_arrays([INT, TEXT], ["x", "x"])
    maps = [[("a", 1)], None, [], [("b", None), ("c", 3)], [("d", 4)], [("e", 5)], None]
    yield "map", pa.array(maps, pa.map_(pa.string(), pa.int32()))
    yield "map_sorted", pa.array(maps, pa.map_(pa.string(), pa.int64(), keys_sorted=True))
    yield from unions()
    for bits in (16, 32, 64):
        ends = pa.array([2, 3, 7], getattr(pa, f"int{bits}")())
        values = pa.array(["a", None, "b"])
        yield f"run_ends_{bits}", pa.RunEndEncodedArray.from_arrays(ends, values)


def unions():
    """Arrays of unions, by their names."""
    ids = pa.array([0, 1, 0, 1, 1, 0, 0], pa.int8())
    codes = pa.array([5, 7, 5, 7, 7, 5, 5], pa.int8())
    offsets = pa.array([0, 0, 1, 1, 2, 2, 3], pa.int32())
    parts = [INT.slice(0, 4), TEXT.slice(0, 3)]
    names = ["i", "t"]
    yield "dense_union", pa.UnionArray.from_dense(ids, offsets, parts, names)
    yield "dense_union_codes", pa.UnionArray.from_dense(codes, offsets, parts, names, [5, 7])
    same = [INT.slice(0, 4), INT.slice(4, 3)]
    yield "dense_union_same", pa.UnionArray.from_dense(ids, offsets, same, ["a", "b"])
    yield "sparse_union", pa.UnionArray.from_sparse(ids, [INT, TEXT], names)
    yield "sparse_union_codes", pa.UnionArray.from_sparse(codes, [INT, TEXT], names, [5, 7])
    negated = pa.array([-1, None, 3, -4, 0, 5, 6], pa.int32())
    yield "sparse_union_same", pa.UnionArray.from_sparse(ids, [INT, negated], ["a", "b"])
    yield "sparse_union_same_names", pa.UnionArray.from_sparse(ids, [INT, TEXT], ["x", "x"])
    yield "dense_union_same_names", pa.UnionArray.from_dense(ids, offsets, parts, ["x", "x"])
    decimals = pa.array([decimal.Decimal("1.5"), None] * 3 + [None], pa.decimal128(9, 1))
    times = INT.cast(pa.int64()).cast(pa.timestamp("us", "UTC"))
    yield "sparse_union_typed", pa.UnionArray.from_sparse(ids, [decimals, times], ["d", "m"])
    lists = pa.array([[1], None, [], [2, 3], [4], None, []], pa.list_(pa.int32()))
    structs = pa.StructArray.from_arrays([INT, TEXT], names)
    yield "sparse_union_nested", pa.UnionArray.from_sparse(ids, [lists, structs], ["l", "s"])
    named = pa.UnionArray.from_sparse(ids, [lists, structs], ["list", "struct"])
    yield "sparse_union_named", named
    large = lists.cast(pa.large_list(pa.int32()))
    yield "sparse_union_of_large", pa.UnionArray.from_sparse(ids, [large, TEXT], ["l", "t"])
    yield "dense_union_nested", pa.UnionArray.from_dense(
        ids, offsets, [lists.slice(0, 4), structs.slice(0, 3)], ["l", "s"]
    )


def dictionaries():
    """Arrays that are encoded by dictionaries, by their names."""
    indices = [0, None, 1, 2, 0, 0, None]
    words = pa.array(["a word", "", None])
    for bits in (8, 16, 32, 64):
        for kind in ("int", "uint"):
            index = pa.array(indices, getattr(pa, f"{kind}{bits}")())
            yield f"dictionary_{kind}{bits}", pa.DictionaryArray.from_arrays(index, words)
    index = pa.array(indices, pa.int8())
    ordered = pa.DictionaryArray.from_arrays(index, words, ordered=True)
    yield "dictionary_ordered", ordered
    for name in ("int64", "float64", "decimal128", "timestamp_us_utc", "fixed_binary"):
        values = dict(flat())[name].slice(2, 3)
        yield f"dictionary_of_{name}", pa.DictionaryArray.from_arrays(index, values)
    for name in ("large_string", "string_view", "binary"):
        values = dict(flat())[name].slice(2, 3)
        yield f"dictionary_of_{name}", pa.DictionaryArray.from_arrays(index, values)
    for name in ("list", "struct"):
        values = dict(nested())[name].slice(2, 3)
        yield f"dictionary_of_{name}", pa.DictionaryArray.from_arrays(index, values)
    offsets = pa.array([0, 2, None, 3, 3, 5, 6, 7], pa.int32())
    yield "list_of_dictionary", pa.ListArray.from_arrays(offsets, ordered)
    plain = pa.DictionaryArray.from_arrays(index, words)
    yield "struct_of_dictionaries", pa.StructArray.from_arrays([plain, ordered], ["a", "b"])
    inner = pa.StructArray.from_arrays([plain.slice(0, 3)], ["inner"])
    yield "dictionary_of_dictionary", pa.DictionaryArray.from_arrays(index, inner)


class Unknown(pa.ExtensionType):
    """An extension type that nobody else knows."""

    def __init__(self, storage):
        super().__init__(storage, "vineyard.test.unknown")

    def __arrow_ext_serialize__(self):
        return b"its parameters"

    @classmethod
    def __arrow_ext_deserialize__(cls, storage, serialized):
        return cls(storage)


def extensions():
    """Arrays of extension types, by their names."""
    ids = [uuid.UUID(int=i).bytes if i else None for i in (1, 0, 2**127, 3, 4, 0, 5)]
    uuids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array(ids, pa.binary(16)))
    yield "extension_uuid", uuids
    yield "list_of_uuid", pa.ListArray.from_arrays(pa.array([0, 2, 7], pa.int32()), uuids)
    yield "extension_json", pa.ExtensionArray.from_storage(pa.json_(), TEXT)
    bools = pa.array([1, None, 0, 1, 1, None, 0], pa.int8())
    yield "extension_bool8", pa.ExtensionArray.from_storage(pa.bool8(), bools)
    opaque = pa.opaque(pa.int32(), "a type", "a vendor")
    yield "extension_opaque", pa.ExtensionArray.from_storage(opaque, INT)
    tensor = pa.fixed_shape_tensor(pa.int32(), [2])
    pairs = pa.array([[i, -i] for i in range(7)], pa.list_(pa.int32(), 2))
    yield "extension_tensor", pa.ExtensionArray.from_storage(tensor, pairs)
    yield "extension_unknown", pa.ExtensionArray.from_storage(Unknown(pa.string()), TEXT)


def columns_of_one_type():
    """Batches of each type: some rows, none, and a part of the rows."""
    for source in (flat, nested, dictionaries, extensions):
        for name, array in source():
            batch = pa.record_batch([array], names=["x"])
            yield name, [batch, batch.slice(0, 0), batch.slice(1, 4)], {}


def special_cases():
    """Batches that are special in other ways."""
    mixed = pa.record_batch(
        [
            pa.array(range(200), pa.int64()),
            pa.array(["the same text"] * 200),
            pa.array([None] * 100 + [1.5] * 100),
            pa.array(["one", "two"] * 100).dictionary_encode(),
            pa.array(["the same long text", "t"] * 100, pa.string_view()),
        ],
        names=["i", "t", "f", "d", "v"],
    )
    for codec in ("lz4", "zstd"):
        yield f"compressed_{codec}", [mixed, mixed.slice(3, 5)], {"compression": codec}
    yield "no_batches", [mixed.slice(0, 0)], {"batches": 0}
    yield "no_columns", [pa.RecordBatch.from_struct_array(pa.array([{}] * 3, pa.struct([])))], {}
    field = pa.field("x", pa.int32(), False, {"key": "värde", "empty": ""})
    schema = pa.schema([field, field.with_name("x")], {"schema": "says this", "": "no key"})
    numbers = pa.array([1, 2, 3], pa.int32())
    yield "metadata", [pa.record_batch([numbers, numbers], schema=schema)], {}
    some = mixed.slice(0, 7)
    yield "version_4", [some], {"metadata_version": ipc.MetadataVersion.V4}
    yield "legacy", [some], {"use_legacy_format": True, "metadata_version": ipc.MetadataVersion.V4}
    yield "many_rows", [
        pa.record_batch([pa.array(range(3000), pa.int16()), pa.nulls(3000)], names=["i", "n"])
    ], {}


def changing_dictionaries():
    """Batches whose dictionaries grow or change, which only streams can have."""
    for name in ("string", "int64", "large_string", "list", "struct", "string_view"):
        values = {**dict(flat()), **dict(nested())}[name]
        first, more = values.slice(2, 2), values.slice(2, 4)
        other = values.slice(0, 3)
        index = pa.array([0, 1, None, 1], pa.int8())
        last = pa.array([0, 1, 2, 3], pa.int8())
        grown = [
            pa.record_batch([pa.DictionaryArray.from_arrays(index, first)], names=["x"]),
            pa.record_batch([pa.DictionaryArray.from_arrays(last, more)], names=["x"]),
        ]
        changed = [
            grown[0],
            pa.record_batch([pa.DictionaryArray.from_arrays(index, other)], names=["x"]),
        ]
        if name in ("string", "int64", "large_string"):
            yield f"delta_{name}", grown, {"emit_dictionary_deltas": True}
        yield f"replaced_{name}", changed, {}


def write(path, opener, batches, options):
    """Writes a file or stream, and checks that pyarrow reads it as it was meant."""
    options = dict(options)
    count = options.pop("batches", len(batches))
    with opener(path, batches[0].schema, options=ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches[:count]:
            writer.write_batch(batch)


def described(batches, schema):
    """Describes batches as they were read."""
    return {
        "pyarrow": pa.__version__,
        "schema": columns.Schemas().schema(schema),
        "batches": [
            {
                "count": batch.num_rows,
                "columns": [
                    columns.column(field, array)
                    for field, array in zip(batch.schema, batch.columns)
                ],
            }
            for batch in batches
        ],
    }


def read_stream(path):
    """Reads a stream."""
    with ipc.open_stream(path.read_bytes()) as reader:
        return list(reader)


def read_file(path):
    """Reads a file."""
    with ipc.open_file(path.read_bytes()) as reader:
        return [reader.get_batch(i) for i in range(reader.num_record_batches)]


def generate(name, batches, options, with_file=True):
    """Writes a case as stream, as file if it can be one, and as JSON."""
    stream = FOLDER / f"{name}.stream"
    write(stream, ipc.new_stream, batches, options)
    found = read_stream(stream)
    assert all(a.equals(b) for a, b in zip(found, batches)), name
    text = json.dumps(described(found, batches[0].schema), ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    if with_file:
        file = FOLDER / f"{name}.arrow_file"
        write(file, ipc.new_file, batches, options)
        again = json.dumps(described(read_file(file), batches[0].schema), ensure_ascii=False)
        assert again == text, name


def main():
    """Writes all cases anew."""
    for suffix in ("stream", "arrow_file", "json"):
        for old in FOLDER.glob(f"*.{suffix}"):
            old.unlink()
    pa.register_extension_type(Unknown(pa.string()))
    for name, batches, options in columns_of_one_type():
        generate(name, batches, options)
    for name, batches, options in special_cases():
        generate(name, batches, options)
    for name, batches, options in changing_dictionaries():
        generate(name, batches, options, with_file=False)


if __name__ == "__main__":
    main()
