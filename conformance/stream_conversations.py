"""Conversations about streams."""

import threading
import time

import pandas
import pyarrow
import vineyard
from talk import PATIENCE, batch, conversation, equal, present, refused, same_frame
from vineyard.io.byte import ByteStream
from vineyard.io.dataframe import DataframeStream
from vineyard.io.recordbatch import RecordBatchStream


@conversation
def record_batch_stream(talk):
    writing, reading = talk.client, talk.another()
    stream = RecordBatchStream.new(writing, {"k": "v"})
    equal(reading.get(stream.id).params, {"k": "v"})
    writer = stream.open_writer(writing)
    reader = reading.get(stream.id).open_reader(reading)
    chunks = [writing.put(batch(1, 2)), writing.put(pandas.DataFrame({"n": [3]}))]
    for chunk in chunks:
        writer.append(chunk)
    equal(reader.next().to_pydict(), {"n": [1, 2]})
    same_frame(reader.next(), pandas.DataFrame({"n": [3]}))
    equal(present(writing, chunks), [False, True])
    writer.finish()
    refused(StopIteration, reader.next)
    equal(present(writing, chunks), [False, False])
    refused(StopIteration, reader.next)


@conversation
def record_batch_stream_fail(talk):
    reading = talk.another()
    stream = RecordBatchStream.new(talk.client)
    writer, reader = stream.open_writer(talk.client), stream.open_reader(reading)
    writer.append(talk.client.put(batch(1)))
    writer.fail()
    reader.next()
    refused(vineyard._C.StreamFailedException, reader.next)
    refused(vineyard._C.StreamFailedException, reader.next)


@conversation
def record_batch_stream_awaited(talk):
    reading, got = talk.another(), []
    stream = RecordBatchStream.new(talk.client)
    writer, reader = stream.open_writer(talk.client), stream.open_reader(reading)

    def read():
        try:
            while True:
                got.append(reader.next().to_pydict())
        except StopIteration:
            got.append("end")

    thread = threading.Thread(target=read)
    thread.start()
    talk.wait_for("pull_next_stream_chunk_request")
    writer.append(talk.client.put(batch(1)))
    end = time.monotonic() + PATIENCE
    while not got and time.monotonic() < end:
        time.sleep(0.01)
    writer.finish()
    thread.join(PATIENCE)
    equal(got, [{"n": [1]}, "end"])


@conversation
def stream_of_names(talk):
    reading = talk.another()
    stream = RecordBatchStream.new(talk.client)
    talk.client.persist(stream.id)
    talk.client.put_name(stream.id, "batches")
    writer = stream.open_writer(talk.client)
    reader = reading.get(name="batches").open_reader(reading)
    writer.append(talk.client.put(1))
    writer.finish()
    equal(reader.next(), 1)
    refused(StopIteration, reader.next)


@conversation
def byte_stream(talk):
    reading = talk.another()
    stream = ByteStream.new(talk.client)
    writer, reader = stream.open_writer(talk.client), stream.open_reader(reading)
    for content in (b"one", b"three"):
        vineyard.memory_copy(writer.next(len(content)), content)
    equal(bytes(reader.next()), b"one")
    writer.finish()
    equal(bytes(reader.next()), b"three")
    refused(StopIteration, reader.next)
    refused(StopIteration, reader.next)


@conversation
def byte_stream_written(talk):
    reading = talk.another()
    stream = ByteStream.new(talk.client)
    writer, reader = stream.open_writer(talk.client), stream.open_reader(reading)
    writer.write(b"one")
    writer.write(b"two")
    writer.finish()
    equal(bytes(reader.next()), b"onetwo")
    refused(StopIteration, reader.next)


@conversation
def byte_stream_fail(talk):
    reading = talk.another()
    stream = ByteStream.new(talk.client)
    writer, reader = stream.open_writer(talk.client), stream.open_reader(reading)
    writer.next(4)
    writer.fail()
    reader.next()
    refused(vineyard._C.StreamFailedException, reader.next)


@conversation
def dataframe_stream(talk):
    reading = talk.another()
    stream = DataframeStream.new(talk.client)
    writer, reader = stream.open_writer(talk.client), stream.open_reader(reading)
    writer.write(batch(1, 2))
    writer.write_table(pyarrow.table({"n": [3]}))
    writer.finish()
    equal(reader.next().to_pydict(), {"n": [1, 2]})
    equal(reader.read_table().to_pydict(), {"n": [3]})
    refused(StopIteration, reader.next)


@conversation
def dataframe_stream_fail(talk):
    reading = talk.another()
    stream = DataframeStream.new(talk.client)
    writer, reader = stream.open_writer(talk.client), stream.open_reader(reading)
    writer.fail()
    refused(vineyard._C.StreamFailedException, reader.next)


@conversation
def stream_opened_twice(talk):
    client, another = talk.client, talk.another()
    opened = vineyard._C.StreamOpenedException
    stream = RecordBatchStream.new(client)
    client.open_stream(stream.id, "w")
    client.open_stream(stream.id, "r")
    for mode in ("w", "r"):
        refused(opened, client.open_stream, stream.id, mode)
        refused(opened, another.open_stream, stream.id, mode)
    refused(vineyard._C.ObjectExistsException, client.create_stream, stream.id)


@conversation
def stream_errors(talk):
    client = talk.client
    missing, invalid = vineyard._C.ObjectNotExistsException, vineyard._C.InvalidStreamStateException
    unknown = vineyard.ObjectID("o0000000000000004")
    for call in (
        lambda: client.open_stream(unknown, "r"),
        lambda: client.push_chunk(unknown, unknown),
        lambda: client.next_chunk_id(unknown),
        lambda: client.new_buffer_chunk(unknown, 8),
        lambda: client.stop_stream(unknown, False),
        lambda: client.drop_stream(unknown),
    ):
        refused(missing, call)
    stream = RecordBatchStream.new(client)
    client.push_chunk(stream.id, client.put(1))
    client.stop_stream(stream.id, False)
    refused(invalid, client.stop_stream, stream.id, False)
    refused(invalid, client.push_chunk, stream.id, unknown)
    refused(invalid, client.new_buffer_chunk, stream.id, 8)


@conversation
def stream_dropped(talk):
    client = talk.client
    stream = RecordBatchStream.new(client)
    chunk = client.put(batch(1))
    client.push_chunk(stream.id, chunk)
    client.drop_stream(stream.id)
    equal(present(client, [stream.id, chunk]), [False, False])
    refused(vineyard._C.ObjectNotExistsException, client.next_chunk_id, stream.id)


@conversation
def stream_dropped_while_read(talk):
    reading, got = talk.another(), []
    stream = RecordBatchStream.new(talk.client)

    def read():
        got.append(refused(vineyard._C.StreamFailedException, reading.next_chunk, stream.id))

    thread = threading.Thread(target=read)
    thread.start()
    talk.wait_for("pull_next_stream_chunk_request")
    refused(vineyard._C.InvalidStreamStateException, talk.client.next_chunk_id, stream.id)
    talk.client.drop_stream(stream.id)
    thread.join(PATIENCE)
    equal(len(got), 1)


@conversation
def stream_reader_gone(talk):
    reading = talk.another()
    stream = RecordBatchStream.new(talk.client)
    chunks = [talk.client.put(value) for value in (1, 2)]
    for chunk in chunks:
        talk.client.push_chunk(stream.id, chunk)
    reading.next_chunk_id(stream.id)
    del reading  # close would end the connection that all clients share, not this one's own
    talk.wait_for_close(2)
    end = time.monotonic() + PATIENCE
    while talk.client.exists(chunks[1]) and time.monotonic() < end:
        time.sleep(0.01)
    refused(vineyard._C.ObjectNotExistsException, talk.client.open_stream, stream.id, "w")
    equal(present(talk.client, chunks), [True, False])
