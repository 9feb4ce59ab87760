#!/usr/bin/env python3
"""Describes the files and streams of a folder as pyarrow reads them: NAME.json for each."""

import json
import pathlib
import sys

import pyarrow.ipc as ipc

import columns


def described(name, reader, batches):
    """Describes what was read."""
    found = []
    for batch in batches:
        batch.validate(full=True)
        pairs = zip(batch.schema, batch.columns)
        described_columns = [columns.column(field, array) for field, array in pairs]
        found.append({"count": batch.num_rows, "columns": described_columns})
    return {"schema": columns.Schemas().schema(reader.schema), "batches": found}


def main(folder):
    """Describes a folder."""
    for path in sorted(folder.glob("*.arrow_file")):
        with ipc.open_file(path.read_bytes()) as reader:
            batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
            text = json.dumps(described(path.name, reader, batches))
        pathlib.Path(f"{path}.json").write_text(text, encoding="utf-8")
    for path in sorted(folder.glob("*.stream")):
        with ipc.open_stream(path.read_bytes()) as reader:
            text = json.dumps(described(path.name, reader, list(reader)))
        pathlib.Path(f"{path}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
