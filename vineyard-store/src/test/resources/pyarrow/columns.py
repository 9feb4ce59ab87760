"""Describes pyarrow's arrays and schemas in the JSON of Arrow's integration tests.

Arrays are read through the C data interface, so that what is described is the very bytes.
A column that has a dictionary has its values as "DICTIONARY", which that JSON has elsewhere.
"""

import ctypes
import struct

import pyarrow as pa
from pyarrow import types


class CArray(ctypes.Structure):
    """An array of the C data interface."""


CArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(CArray))),
    ("dictionary", ctypes.POINTER(CArray)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(CArray))),
    ("private_data", ctypes.c_void_p),
]


def column(field, array):
    """Describes a column."""
    exported = CArray()
    array._export_to_c(ctypes.addressof(exported))
    try:
        return _column(field.name, field.type, exported)
    finally:
        exported.release(ctypes.byref(exported))


def _column(name, type_, array):
    assert array.offset == 0, "expected an array as it was read, got a part of one"
    if isinstance(type_, pa.BaseExtensionType):
        type_ = type_.storage_type
    count = array.length
    described = {"name": name, "count": count}
    if types.is_dictionary(type_):
        values = _column("", type_.value_type, array.dictionary.contents)
        described = _column(name, type_.index_type, array)
        described["DICTIONARY"] = values
        return described
    if types.is_null(type_):
        return described
    buffers = [array.buffers[i] for i in range(array.n_buffers)]
    if types.is_union(type_):
        described["TYPE_ID"] = _numbers(buffers[0], "b", count)
        if type_.mode == "dense":
            described["OFFSET"] = _numbers(buffers[1], "i", count)
    elif not types.is_run_end_encoded(type_):
        described["VALIDITY"] = _bits(buffers[0], count) if buffers[0] else [1] * count
        _values(type_, buffers[1:], count, described)
    children = [
        _column(child.name, child.type, array.children[i].contents)
        for i, child in enumerate(_children(type_))
    ]
    if children:
        described["children"] = children
    return described


def _numbers(address, code, count):
    if count == 0:
        return []
    size = struct.calcsize("<" + code)
    found = struct.iter_unpack("<" + code, ctypes.string_at(address, size * count))
    return [entry[0] if len(entry) == 1 else entry for entry in found]


def _bits(address, count):
    if count == 0:
        return []
    data = ctypes.string_at(address, (count + 7) // 8)
    return [data[i // 8] >> i % 8 & 1 for i in range(count)]


def _bytes(address, offset, size):
    return ctypes.string_at(address + offset, size) if size else b""


def _values(type_, buffers, count, described):
    if types.is_string_view(type_) or types.is_binary_view(type_):
        _views(type_, buffers, count, described)
    elif types.is_string(type_) or types.is_binary(type_):
        _variable(types.is_string(type_), "i", buffers, count, described)
    elif types.is_large_string(type_) or types.is_large_binary(type_):
        _variable(types.is_large_string(type_), "q", buffers, count, described)
    elif types.is_list(type_) or types.is_map(type_):
        described["OFFSET"] = _numbers(buffers[0], "i", count + 1) if count else [0]
    elif types.is_large_list(type_):
        described["OFFSET"] = _numbers(buffers[0], "q", count + 1) if count else [0]
    elif types.is_list_view(type_) or types.is_large_list_view(type_):
        code = "i" if types.is_list_view(type_) else "q"
        described["OFFSET"] = _numbers(buffers[0], code, count)
        described["SIZE"] = _numbers(buffers[1], code, count)
    elif not (types.is_struct(type_) or types.is_fixed_size_list(type_)):
        described["DATA"] = _fixed(type_, buffers[0], count)


def _variable(is_text, code, buffers, count, described):
    offsets = _numbers(buffers[0], code, count + 1) if count else [0]
    found = [
        _bytes(buffers[1], offsets[i], offsets[i + 1] - offsets[i]) for i in range(count)
    ]
    described["OFFSET"] = offsets
    described["DATA"] = [_text(is_text, entry) for entry in found]


def _text(is_text, data):
    return data.decode() if is_text else data.hex().upper()


def _views(type_, buffers, count, described):
    views = []
    sizes = _numbers(buffers[-1], "q", len(buffers) - 2)
    data = [_bytes(buffers[1 + i], 0, size) for i, size in enumerate(sizes)]
    for i in range(count):
        view = ctypes.string_at(buffers[0] + 16 * i, 16)
        size, prefix, buffer, offset = struct.unpack("<i4sii", view)
        if size <= 12:
            inlined = _text(types.is_string_view(type_), view[4 : 4 + size])
            views.append({"SIZE": size, "INLINED": inlined})
        else:
            views.append(
                {
                    "SIZE": size,
                    "PREFIX_HEX": prefix.hex().upper(),
                    "BUFFER_INDEX": buffer,
                    "OFFSET": offset,
                }
            )
    described["VIEWS"] = views
    described["VARIADIC_DATA_BUFFERS"] = [entry.hex().upper() for entry in data]


def _fixed(type_, address, count):
    if types.is_boolean(type_):
        return _bits(address, count)
    if types.is_fixed_size_binary(type_):
        width = type_.byte_width
        return [_bytes(address, width * i, width).hex().upper() for i in range(count)]
    if types.is_decimal(type_):
        width = type_.bit_width // 8
        found = [_bytes(address, width * i, width) for i in range(count)]
        return [str(int.from_bytes(entry, "little", signed=True)) for entry in found]
    if type_ == pa.month_day_nano_interval():
        return [
            {"months": entry[0], "days": entry[1], "nanoseconds": entry[2]}
            for entry in _numbers(address, "iiq", count)
        ]
    if types.is_floating(type_):
        return _numbers(address, {16: "e", 32: "f", 64: "d"}[type_.bit_width], count)
    code = {8: "b", 16: "h", 32: "i", 64: "q"}[type_.bit_width]
    code = code.upper() if types.is_unsigned_integer(type_) else code
    return [str(entry) for entry in _numbers(address, code, count)]


def _children(type_):
    if types.is_run_end_encoded(type_):
        return [
            pa.field("run_ends", type_.run_end_type, False),
            pa.field("values", type_.value_type),
        ]
    if types.is_map(type_):
        entries = pa.struct([type_.key_field, type_.item_field])
        return [pa.field("entries", entries, False)]
    return [type_.field(i) for i in range(type_.num_fields)]


class Schemas:
    """Describes a schema; numbers dictionaries as pyarrow does."""

    def __init__(self):
        self.dictionaries = 0

    def schema(self, schema):
        """Describes a schema."""
        return {
            "fields": [self._field(field) for field in schema],
            "metadata": _metadata(schema.metadata),
        }

    def _field(self, field):
        type_ = field.type
        metadata = _metadata(field.metadata)
        if isinstance(type_, pa.BaseExtensionType):
            metadata.append(_entry("ARROW:extension:name", type_.extension_name))
            metadata.append(_entry("ARROW:extension:metadata", _parameters(type_)))
            type_ = type_.storage_type
        described = {"name": field.name, "nullable": field.nullable}
        if types.is_dictionary(type_):
            described["dictionary"] = {
                "id": self.dictionaries,
                "indexType": _type(type_.index_type),
                "isOrdered": type_.ordered,
            }
            self.dictionaries += 1
            type_ = type_.value_type
        described["type"] = _type(type_)
        described["children"] = [self._field(child) for child in _children(type_)]
        described["metadata"] = metadata
        return described


def _parameters(type_):
    if isinstance(type_, pa.ExtensionType):
        return type_.__arrow_ext_serialize__().decode()
    if isinstance(type_, pa.OpaqueType):
        return f'{{"type_name":"{type_.type_name}","vendor_name":"{type_.vendor_name}"}}'
    if isinstance(type_, pa.FixedShapeTensorType):
        return f'{{"shape":{type_.shape}}}'
    return ""


def _metadata(metadata):
    return [_entry(key.decode(), value.decode()) for key, value in (metadata or {}).items()]


def _entry(key, value):
    return {"key": key, "value": value}


UNITS = {"s": "SECOND", "ms": "MILLISECOND", "us": "MICROSECOND", "ns": "NANOSECOND"}
PLAIN = [
    (types.is_null, "null"),
    (types.is_boolean, "bool"),
    (types.is_string, "utf8"),
    (types.is_binary, "binary"),
    (types.is_large_string, "largeutf8"),
    (types.is_large_binary, "largebinary"),
    (types.is_string_view, "utf8view"),
    (types.is_binary_view, "binaryview"),
    (types.is_list, "list"),
    (types.is_large_list, "largelist"),
    (types.is_list_view, "listview"),
    (types.is_large_list_view, "largelistview"),
    (types.is_struct, "struct"),
    (types.is_run_end_encoded, "runendencoded"),
]


def _type(type_):
    for is_this, name in PLAIN:
        if is_this(type_):
            return {"name": name}
    if types.is_integer(type_):
        signed = types.is_signed_integer(type_)
        return {"name": "int", "bitWidth": type_.bit_width, "isSigned": signed}
    if types.is_floating(type_):
        precision = {16: "HALF", 32: "SINGLE", 64: "DOUBLE"}[type_.bit_width]
        return {"name": "floatingpoint", "precision": precision}
    if types.is_decimal(type_):
        return {
            "name": "decimal",
            "precision": type_.precision,
            "scale": type_.scale,
            "bitWidth": type_.bit_width,
        }
    if types.is_date(type_):
        return {"name": "date", "unit": "DAY" if types.is_date32(type_) else "MILLISECOND"}
    if types.is_time(type_):
        return {"name": "time", "unit": UNITS[type_.unit], "bitWidth": type_.bit_width}
    if types.is_timestamp(type_):
        return {"name": "timestamp", "unit": UNITS[type_.unit], "timezone": type_.tz}
    if types.is_duration(type_):
        return {"name": "duration", "unit": UNITS[type_.unit]}
    if types.is_interval(type_):
        return {"name": "interval", "unit": "MONTH_DAY_NANO"}
    if types.is_fixed_size_binary(type_):
        return {"name": "fixedsizebinary", "byteWidth": type_.byte_width}
    if types.is_fixed_size_list(type_):
        return {"name": "fixedsizelist", "listSize": type_.list_size}
    if types.is_map(type_):
        return {"name": "map", "keysSorted": type_.keys_sorted}
    if types.is_union(type_):
        return {"name": "union", "mode": type_.mode.capitalize(), "typeIds": type_.type_codes}
    raise TypeError(f"expected a type of Arrow, got {type_}")
