"""Conversations about objects, blobs and names."""

import threading

import numpy
import pandas
import pyarrow
import vineyard
from talk import CONVERSATIONS, PATIENCE, conversation, equal, present, refused, same_frame


@conversation
def connect_status(talk):
    status = talk.client.status
    equal((status.instance_id, status.ipc_connections), (0, 1))
    equal(list(talk.client.meta), [0])
    another = talk.another()
    equal((talk.client.status.ipc_connections, another.instance_id), (2, 0))


def round_trip(name, value, check=equal):
    def run(talk):
        check(talk.client.get(talk.client.put(value)), value)

    CONVERSATIONS["put-get-" + name] = run


def same_array(actual, expected):
    numpy.testing.assert_array_equal(actual, expected)


def same_arrow(actual, expected):
    # Strings come back as large strings.
    equal(actual.to_pydict(), expected.to_pydict())


round_trip("int", 42)
round_trip("float", 1.5)
round_trip("str", "grüß dich")
round_trip("bool", True)
round_trip("none", None)
round_trip("list", [1, "two"], lambda actual, expected: equal(list(actual), expected))
round_trip("bytes", b"0123456789", lambda actual, expected: equal(bytes(actual), expected))
round_trip("numpy-int64", numpy.arange(6, dtype="int64").reshape(2, 3), same_array)
round_trip("numpy-empty", numpy.zeros((0, 3)), same_array)
round_trip("numpy-str", numpy.array(["a", "bc"], dtype="str"), same_array)
round_trip("dataframe", pandas.DataFrame({"n": [1, 2, 3], "x": [0.5, 1.5, 2.5]}), same_frame)
round_trip("series", pandas.Series([1, 2], name="n"), lambda actual, expected: equal(list(actual), list(expected)))
COLUMNS = {
    "n": pyarrow.array([1, 2, 3]),
    "m": pyarrow.array([1, None, 3]),
    "s": pyarrow.array(["a", "bc", "def"]),
    "b": pyarrow.array([True, False, True]),
}
round_trip("record-batch", pyarrow.RecordBatch.from_pydict(COLUMNS), same_arrow)
round_trip("table", pyarrow.concat_tables([pyarrow.table({"n": [1, 2]}), pyarrow.table({"n": [3]})]), same_arrow)


@conversation
def put_shared_memory(talk):
    # An array that lies in the store already is not copied again.
    array = talk.client.get(talk.client.put(numpy.arange(4)))
    same_array(talk.client.get(talk.client.put(array)), array)


@conversation
def get_by_another(talk):
    object_id = talk.client.put(numpy.arange(4))
    same_array(talk.another().get(object_id), numpy.arange(4))


@conversation
def names(talk):
    client = talk.client
    first = client.put(1, persist=True, name="first")
    second = client.put(2)
    refused(vineyard._C.InvalidException, client.put_name, second, "second")
    client.persist(second)
    client.put_name(second, "second")
    equal(client.get_name("first"), first)
    equal(client.get(name="second"), 2)
    equal(sorted(client.list_names("*")), ["first", "second"])
    equal(list(client.list_names("f.*", regex=True)), ["first"])
    client.put_name(second, "first")
    equal(client.get_name("first"), second)
    client.drop_name("first")
    client.drop_name("never")
    refused(vineyard._C.ObjectNotExistsException, client.get_name, "first")
    client.delete(second)
    equal(client.get_name("second"), second)


@conversation
def name_awaited(talk):
    waiting, found = talk.another(), []
    thread = threading.Thread(target=lambda: found.append(waiting.get_name("late", True)))
    thread.start()
    talk.wait_for("get_name_request")
    object_id = talk.client.put(1, persist=True, name="late")
    thread.join(PATIENCE)
    equal(found, [object_id])


@conversation
def persist(talk):
    client = talk.client
    object_id = client.put(numpy.arange(4))
    equal(client.get_meta(object_id)["transient"], True)
    client.persist(object_id)
    client.persist(object_id)
    equal(client.get_meta(object_id)["transient"], False)


@conversation
def exists(talk):
    client = talk.client
    object_id = client.put([1])
    blob = client.create_blob(8)
    equal([client.exists(object_id), client.exists(blob.id)], [True, True])
    client.delete(object_id)
    blob.abort(client.ipc_client)
    equal([client.exists(object_id), client.exists(blob.id)], [False, False])
    equal(client.exists(vineyard.ObjectID("o8000000000000000")), False)


def elements(client, object_id):
    meta = client.get_meta(object_id)
    return [meta[f"__elements_-{index}"].id for index in range(meta["__elements_-size"])]


@conversation
def delete_deep(talk):
    client = talk.client
    parent = client.put([1, numpy.arange(4)])
    members = elements(client, parent)
    client.delete(members[0])  # does nothing, it is a member
    equal(present(client, [parent, *members]), [True, True, True])
    client.delete(parent)
    equal(present(client, [parent, *members]), [False, False, False])
    client.delete(parent)


@conversation
def delete_shallow(talk):
    client = talk.client
    parent = client.put([1, numpy.arange(4)])
    members = elements(client, parent)
    client.delete(parent, deep=False)
    equal(present(client, [parent, *members]), [False, True, True])
    array = client.get_meta(members[1])
    client.delete(members[1], deep=False)
    equal(client.exists(array["buffer_"].id), False)


@conversation
def delete_forced(talk):
    client = talk.client
    parent = client.put([1, 2])
    members = elements(client, parent)
    client.delete([members[0]], force=True)
    equal(present(client, [parent, *members]), [False, False, True])


@conversation
def delete_shared(talk):
    client = talk.client
    array = client.get(client.put(numpy.arange(4)))
    first, second = client.put(array), client.put(array)
    buffer = client.get_meta(first)["buffer_"].id
    client.delete(first)
    equal(client.exists(buffer), True)
    same_array(client.get(second), numpy.arange(4))


@conversation
def label(talk):
    client = talk.client
    object_id = client.put(1)
    client.label(object_id, "owner", "alice")
    client.label(object_id, {"owner": "bob", "room": "7"})
    equal("bob" in client.get_meta(object_id)["__labels"], True)
    refused(vineyard._C.ObjectNotExistsException, client.label, vineyard.ObjectID(4), "a", "b")


@conversation
def shallow_copy(talk):
    client = talk.client
    array = client.put(numpy.arange(4))
    copy = client.shallow_copy(array)
    same_array(client.get(copy), numpy.arange(4))
    extended = client.shallow_copy(array, {"a": 1, "b": "two"})
    meta = client.get_meta(extended)
    equal((meta["a"], meta["b"]), (1, "two"))
    client.delete(array)
    same_array(client.get(copy), numpy.arange(4))


@conversation
def list_objects(talk):
    client = talk.client
    for value in range(3):
        client.put(value)
    client.put("text")
    client.put(numpy.arange(4))
    equal(len(client.list_objects("vineyard::Scalar<int>")), 3)
    equal(len(client.list_objects("vineyard::Scalar*", limit=2)), 2)
    equal(len(client.list_objects("vineyard::Scalar<.*", regex=True)), 4)
    equal(len(client.list_objects("nothing")), 0)
    equal(len(client.list_metadatas("vineyard::Tensor*")), 1)
    equal(len(client.list_metadatas("vineyard::Tensor*", nobuffer=True)), 1)
    equal(len(client.list_metadatas("*", limit=100)), 6)


@conversation
def metadata(talk):
    client = talk.client
    first, second = client.put(1), client.put(numpy.arange(4))
    meta = vineyard.ObjectMeta()
    meta["typename"] = "test::Pair"
    meta["text"] = "t"
    meta["whole"] = 7
    meta["real"] = 0.5
    meta["yes"] = True
    meta["array"] = [1, 2]
    meta["dict"] = {"a": [1]}
    meta.add_member("first_", first)
    meta.add_member("second_", client.get_meta(second))
    made = client.create_metadata(meta)
    got = client.get_meta(made.id)
    equal((got["whole"], got["first_"].id, got["second_"].id), (7, first, second))
    refused(vineyard._C.MetaTreeInvalidException, client.create_metadata, vineyard.ObjectMeta())


@conversation
def metadata_global(talk):
    client = talk.client
    meta = vineyard.ObjectMeta()
    meta["typename"] = "test::Global"
    meta.set_global(True)
    meta.add_member("first_", client.put(1))
    meta.add_member("second_", client.get_meta(client.put(2)))
    made = client.create_metadata(meta)
    client.persist(made)
    equal(client.get_meta(made.id).isglobal, True)


@conversation
def blobs(talk):
    client = talk.client
    builder = client.create_blob(8)
    vineyard.memory_copy(memoryview(builder), b"12345678")
    builder.shrink(client.ipc_client, 4)
    blob = builder.seal(client)
    equal(bytes(memoryview(client.get_blob(blob.id))), b"1234")
    equal(bytes(memoryview(client.get_object(blob.id))), b"1234")
    aborted = client.create_blob(8)
    refused(vineyard._C.ObjectNotSealedException, client.get_blob, aborted.id)
    client.get_blob(aborted.id, True)
    aborted.abort(client.ipc_client)
    equal(client.get_blob(aborted.id), None)
    many = [builder.seal(client).id for builder in client.create_blob([8, 16])]
    equal([blob.size for blob in client.get_blobs(many)], [8, 16])
    empty = client.create_blob(0).seal(client)
    equal(client.get_blob(empty.id).size, 0)
    client.delete(many)
    refused(vineyard._C.NotEnoughMemoryException, client.create_blob, 1 << 40)


@conversation
def errors(talk):
    client = talk.client
    missing = vineyard.ObjectID("o0000000000000004")
    nothing = vineyard._C.ObjectNotExistsException
    refused(nothing, client.get, missing)
    refused(nothing, client.get_meta, missing)
    refused(nothing, client.get_name, "missing")
    refused(vineyard._C.VineyardException, client.persist, missing)
    refused(nothing, client.put_name, missing, "missing")
    refused(vineyard._C.VineyardException, client.shallow_copy, missing)
    equal(client.get_blob(vineyard.ObjectID("o8000000000000004")), None)
    refused(vineyard._C.VineyardException, client.migrate, missing)
    client.delete(missing)
    blob = client.put(b"12")
    refused(vineyard._C.VineyardException, client.persist, blob)
    refused(vineyard._C.VineyardException, client.put_name, blob, "blob")
    refused(vineyard._C.VineyardException, client.shallow_copy, blob)


@conversation
def clear(talk):
    client = talk.client
    object_id = client.put(numpy.arange(4), persist=True, name="kept")
    client.clear()
    equal(client.exists(object_id), False)
    equal(client.get_name("kept"), object_id)
    client.memory_trim()
    client.sync_meta()
    same_array(client.get(client.put(numpy.arange(4))), numpy.arange(4))
    client.reset()
    equal(client.status.memory_usage, 0)


@conversation
def fetch(talk):
    # What is here already is not moved.
    client = talk.client
    object_id = client.put(numpy.arange(4))
    equal(client.migrate(object_id), object_id)
    same_array(client.get(object_id, fetch=True), numpy.arange(4))
