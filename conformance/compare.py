"""Compares two recordings of one conversation, but for what every server chooses itself: ids, places in memory, times, texts of errors."""

import json
import re

OBJECT_ID = re.compile("o[0-9a-f]{16}")
LEAST_ID = 1 << 52
CONSTANTS = {1 << 63: "empty blob", (1 << 64) - 1: "no object"}
# `message` is the text of an error, whose code is compared; `vineyard_reactive` is what this project's clients look for.
OWN_CHOICE = {
    "__timestamp",
    "data_offset",
    "hostid",
    "hostname",
    "map_size",
    "message",
    "nodename",
    "pointer",
    "store_fd",
    "support_rpc_compression",
    "timestamp",
    "version",
    "vineyard_reactive",
}
WIDTH = 700


def is_own_choice(name, owner, key):
    if name in OWN_CHOICE:
        return True
    if owner.get("typename") != "vineyard::Blob":
        return False
    # The real server says 0 of how long a blob within an object is, and clients don't look.
    is_within = key is not None and not OBJECT_ID.fullmatch(key)
    return name == "signature" or is_within and name in ("length", "nbytes")


class Ids:
    """Gives ids numbers in the order in which they come."""

    def __init__(self):
        self._numbers = {}

    def of(self, value):
        if value in CONSTANTS:
            return CONSTANTS[value]
        return "#" + str(self._numbers.setdefault(value, len(self._numbers)))

    def plain(self, value, key=None):
        if isinstance(value, dict):
            members = {name: value[name] for name in sorted(value) if not is_own_choice(name, value, key)}
            return {self.plain(name): self.plain(member, name) for name, member in members.items()}
        if key == "signature" and value not in CONSTANTS:
            return "a signature"
        if isinstance(value, list):
            return len(value) if key == "fds" else [self.plain(member) for member in value]
        if isinstance(value, str):
            return self.of(int(value[1:], 16)) if OBJECT_ID.fullmatch(value) else value
        if isinstance(value, int) and not isinstance(value, bool):
            if key == "fd":
                return "a descriptor" if value > 0 else "none"
            return self.of(value) if value >= LEAST_ID else value
        return value

    def buffers(self, message):
        """Messages about buffers have them in the order of their ids, which is not the same everywhere."""
        plain = self.plain({name: member for name, member in message.items() if name != "payloads"})
        numbered = [plain.pop(name) for name in list(plain) if name.isdigit()]
        if "payloads" in message and len(message["payloads"]) != len(numbered):
            plain["payloads"] = len(message["payloads"])
        return {**plain, "buffers": sorted(numbered, key=json.dumps)}


def connections(recording):
    """Returns what was said, in the order in which it was said, by connection and side."""
    ids, said, ignored = Ids(), {}, set()
    for line in recording:
        number, side = line["connection"], line["from"]
        message = line.get("message")
        if message is None:
            continue
        kind = message.get("type", "")
        if side == "server" and number in ignored:
            ignored.remove(number)
            message = {"type": kind}  # nobody looks at the answer to what only asks for news
        if message.get("id") == [(1 << 64) - 1]:
            ignored.add(number)
        is_buffers = kind.startswith(("get_buffers", "create_buffers"))
        plain = ids.buffers(message) if is_buffers else ids.plain(message)
        so_far = said.setdefault((number, side), [])
        # How often somebody had to ask until something was gone is a matter of luck.
        if not (kind.startswith("exists") and so_far and so_far[-1][0] == plain):
            so_far.append((plain, line["descriptors"]))
    return said


def difference(real, ours):
    """Returns the first difference of each connection, nothing if there is none."""
    expected, actual = connections(real), connections(ours)
    found = []
    for key in sorted({*expected, *actual}):
        one, other = expected.get(key, []), actual.get(key, [])
        for index in range(max(len(one), len(other))):
            left = one[index] if index < len(one) else None
            right = other[index] if index < len(other) else None
            if left != right:
                number, side = key
                found.append(f"connection {number}, message {index + 1} of the {side}:\n  real {told(left)}\n  ours {told(right)}")
                break
    return "\n".join(found)


def told(said):
    if said is None:
        return "nothing"
    message, descriptors = said
    text = json.dumps(message, ensure_ascii=False, sort_keys=True)
    return (text if len(text) <= WIDTH else text[:WIDTH] + "…") + (f" and {descriptors} descriptors" if descriptors else "")
