"""Messages to bytes and back: strict JSON, arrays as raw bytes beside it, every size bounded."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from sleapnn_engine.protocol.events import KINDS, BatchEnd
from sleapnn_engine.protocol.fields import LARGEST_INT, as_number, complaint
from sleapnn_engine.protocol.messages import Event, Reply, Request

#: Largest JSON text of one event, and of one reply's first part.
MAX_EVENT_BYTES = 4 * 2**20
#: Largest request an engine reads; a viewer has nothing longer to say.
MAX_REQUEST_BYTES = 64 * 2**10
#: Largest sum of the arrays of one event.
MAX_ARRAY_BYTES = 256 * 2**20
MAX_ARRAYS = 32
MAX_AXES = 5
MAX_KIND_LENGTH = 64

#: How numbers in arrays may be stored; always little-endian on the wire.
DTYPES = {
    "bool": np.dtype("bool"),
    "uint8": np.dtype("uint8"),
    "uint16": np.dtype("<u2"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
    "float16": np.dtype("<f2"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
}

_BATCH = BatchEnd.kind

#: What an array part is before and after the socket.
Bytes = bytes | bytearray | memoryview


class DecodeError(ValueError):
    """A message that does not follow the protocol; the text says what is wrong with it."""


def _plain(value: Any) -> Any:
    """Turn a numpy scalar into a Python one; anything else has no place in a message."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} is nothing JSON can say; send numbers, text or lists")


_TO_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
_TO_ASCII_JSON = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=_plain)


def to_json(value: Any) -> bytes:
    """Write one line of strict JSON. Raises TypeError or ValueError for what it cannot say, NaN included."""
    try:
        return _TO_JSON.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        # A file name that is no valid UTF-8 holds lone surrogates; escaped, they survive the journey.
        return _TO_ASCII_JSON.encode(value).encode("ascii")


def without_holes(body: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Copy `body` with None for every non-finite number, and the dotted paths where that was done."""
    found: list[str] = []

    def clean(value: Any, path: str) -> Any:
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, float) and not math.isfinite(value):
            found.append(path)
            return None
        if isinstance(value, Mapping):
            return {key: clean(one, f"{path}.{key}" if path else str(key)) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [clean(one, f"{path}.{at}") for at, one in enumerate(value)]
        return value

    return clean(body, ""), tuple(found)


def encode_body(body: Mapping[str, Any]) -> tuple[bytes, tuple[str, ...]]:
    """Write a body; the second value names the keys whose number was not finite and was written as null."""
    try:
        return to_json(body), ()
    except ValueError:
        # Rare, so the usual body pays nothing for it. A body that is wrong in another way raises again below.
        plain, holes = without_holes(body)
        return to_json(plain), holes


def join_event(seq: int | None, t: float, kind: str, *, body: bytes, holes: Sequence[str] = ()) -> bytes:
    """Put the written parts of an event together: one line without its end.

    Separate from `encode_event` so that the costly part can be done before the number is known.
    """
    number = b"null" if seq is None else b"%d" % seq
    tail = b"}" if not holes else b',"non_finite":' + to_json(list(holes)) + b"}"
    return b'{"seq":%b,"t":%b,"kind":%b,"body":%b%b' % (
        number,
        repr(round(float(t), 6)).encode(),
        to_json(kind),
        body,
        tail,
    )


def encode_event(event: Event) -> bytes:
    """Write an event as one line of JSON without its end; its arrays travel beside it (`encode_arrays`)."""
    body, holes = encode_body(event.body)
    known = dict.fromkeys((*event.non_finite, *holes))
    return join_event(event.seq, event.t, event.kind, body=body, holes=tuple(known))


def encode_arrays(arrays: Mapping[str, np.ndarray]) -> tuple[list[dict[str, Any]], list[bytes]]:
    """Describe arrays (name, dtype, shape) and copy their numbers, in C order and little-endian.

    Raises ValueError for a dtype that the protocol does not know or arrays that are too many or too large.
    """
    described, parts = [], []
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise ValueError(f"The array '{name}' should be a numpy array, got {type(array).__name__}.")
        stored = DTYPES.get(array.dtype.name)
        if stored is None or array.ndim > MAX_AXES:
            raise ValueError(
                f"The array '{name}' ({array.dtype.name}, {array.ndim} axes) cannot be sent: "
                f"at most {MAX_AXES} axes of {', '.join(DTYPES)}."
            )
        described.append({"name": name, "dtype": array.dtype.name, "shape": list(array.shape)})
        parts.append(array.astype(stored, copy=False).tobytes())
    if len(parts) > MAX_ARRAYS or sum(map(len, parts)) > MAX_ARRAY_BYTES:
        raise ValueError(f"An event carries at most {MAX_ARRAYS} arrays of {MAX_ARRAY_BYTES} bytes in all.")
    return described, parts


def decode_event(data: Bytes, arrays: Iterable[Bytes] = ()) -> Event:
    """Read an event. Unknown keys are let through, an unknown kind becomes a plain event.

    Raises DecodeError when the text is no JSON, too long, of wrong types, or does not fit its arrays.
    """
    message = _read_object(data, MAX_EVENT_BYTES)
    seq, t, kind, body = message.get("seq"), message.get("t"), message.get("kind"), message.get("body")
    if not (seq is None or (type(seq) is int and seq > 0)):
        raise DecodeError(f"'seq' should be a whole number from 1 on, or null, got {seq!r:.60}")
    seconds = t if type(t) is float and -math.inf < t < math.inf else as_number(t)
    if seconds is None:
        raise DecodeError(f"'t' should be a number of seconds, got {t!r:.60}")
    if not isinstance(kind, str) or not 0 < len(kind) <= MAX_KIND_LENGTH:
        raise DecodeError(f"'kind' should be a short name, got {kind!r:.60}")
    if not isinstance(body, dict):
        raise DecodeError(f"'body' should be an object, got {type(body).__name__}")
    holes = message.get("non_finite", [])
    if not isinstance(holes, list) or not all(isinstance(path, str) for path in holes):
        raise DecodeError("'non_finite' should be a list of key names")
    _check_known(seq, kind, body, holes)
    parts = list(arrays)
    return Event(seq, seconds, kind, body, decode_arrays(body, parts) if parts else {}, tuple(holes))


def _check_known(seq: int | None, kind: str, body: dict[str, Any], holes: list[str]) -> None:
    known = KINDS.get(kind)
    if known is None:
        return
    if known.counted != (seq is not None):
        raise DecodeError(f"'{kind}' {'needs' if known.counted else 'has no'} number, got seq {seq}")
    if kind == _BATCH and not holes and _is_usual_batch(body):
        return
    keys = frozenset(path.partition(".")[0] for path in holes)
    said = complaint(known.fields(), body, mode="wire", holes=keys)
    if said is not None:
        raise DecodeError(f"{kind}: {said}")


def _is_usual_batch(body: dict[str, Any]) -> bool:
    """Whether a `batch_end` is as it nearly always is. Journals have a hundred thousand of them, and to go through the
    record of its fields takes longer than all else; what is not of this form is still checked by that.
    """
    losses = body.get("losses")
    if type(losses) is not dict:
        return False
    for one in (body.get("epoch"), body.get("step"), body.get("batch")):
        if type(one) is not int or not -LARGEST_INT <= one <= LARGEST_INT:
            return False
    for number in (body.get("loss"), body.get("seconds"), *losses.values()):
        if type(number) is not float or not -math.inf < number < math.inf:
            return False
    return True


def decode_arrays(body: dict[str, Any], parts: list[Bytes]) -> dict[str, np.ndarray]:
    """Lay the raw parts out as arrays (read-only views) as `body["arrays"]` describes them."""
    if not parts:
        return {}
    described = body.get("arrays", [])
    if not isinstance(described, list) or len(described) != len(parts) or len(parts) > MAX_ARRAYS:
        raise DecodeError(f"{len(parts)} arrays came, the event describes {len(body.get('arrays') or ())}")
    if sum(len(part) for part in parts) > MAX_ARRAY_BYTES:
        raise DecodeError(f"the arrays are larger than {MAX_ARRAY_BYTES} bytes together")
    return dict(_decode_array(one, part) for one, part in zip(described, parts, strict=True))


def _decode_array(described: Any, part: Bytes) -> tuple[str, np.ndarray]:
    if not isinstance(described, dict):
        raise DecodeError("an array is not described by an object")
    name, dtype, shape = (described.get(key) for key in ("name", "dtype", "shape"))
    stored = DTYPES.get(dtype) if isinstance(dtype, str) else None
    if not isinstance(name, str) or stored is None:
        raise DecodeError(f"array {name!r:.60} has the unknown dtype {dtype!r:.60}")
    if (
        not isinstance(shape, list)
        or len(shape) > MAX_AXES
        or not all(type(n) is int and 0 <= n <= MAX_ARRAY_BYTES for n in shape)
        or math.prod(shape) * stored.itemsize != len(part)
    ):
        raise DecodeError(f"array '{name:.60}' of shape {shape!r:.60} does not fit its {len(part)} bytes")
    return name, np.frombuffer(part, dtype=stored).reshape(shape)


def encode_request(request: Request) -> bytes:
    """Write a request as one line of JSON."""
    return to_json(attrs.asdict(request, recurse=False))


def decode_request(data: Bytes, *, limit: int = MAX_REQUEST_BYTES) -> Request:
    """Read a request of at most `limit` bytes; which verbs and arguments make sense is decided elsewhere.

    Raises DecodeError.
    """
    message = _read_object(data, limit)
    number, token, verb, args = (message.get(key) for key in ("id", "token", "verb", "args"))
    if type(number) is not int:
        raise DecodeError(f"'id' should be a whole number, got {number!r:.60}")
    if not isinstance(token, str) or not isinstance(verb, str):
        raise DecodeError("'token' and 'verb' should be text")
    if not isinstance(args, dict | None):
        raise DecodeError(f"'args' should be an object, got {type(args).__name__}")
    return Request(number, token, verb, args or {})


def encode_reply(reply: Reply) -> bytes:
    """Write a reply as one line of JSON."""
    return to_json(attrs.asdict(reply, recurse=False))


def decode_reply(data: Bytes, *, limit: int = MAX_EVENT_BYTES) -> Reply:
    """Read a reply's first part, of at most `limit` bytes. Raises DecodeError."""
    message = _read_object(data, limit)
    number, error, body = (message.get(key) for key in ("id", "error", "body"))
    ok, accepted = message.get("ok"), message.get("accepted")
    if not (number is None or type(number) is int):
        raise DecodeError("'id' should be a whole number or null")
    if not isinstance(ok, bool) or not isinstance(accepted, bool):
        raise DecodeError("'ok' and 'accepted' should be true or false")
    if not isinstance(error, str | None) or not isinstance(body, dict):
        raise DecodeError("'error' should be text or null, 'body' an object")
    return Reply(number, ok, accepted, error, body)


def _refuse_constant(name: str) -> None:
    raise DecodeError(f"{name} is not JSON")


_FROM_JSON = json.JSONDecoder(parse_constant=_refuse_constant)


def _from_json(text: str) -> Any:
    """As `decode` reads it, which looks for space around first: in a line of a journal there is none."""
    if text[:1] == "{" and text[-1:] == "}":
        message, end = _FROM_JSON.raw_decode(text)
        if end == len(text):
            return message
    return _FROM_JSON.decode(text)


def _read_object(data: Bytes, limit: int) -> dict[str, Any]:
    """Read one JSON object of at most `limit` bytes; every way it can be wrong ends in DecodeError."""
    if len(data) > limit:
        raise DecodeError(f"the message has {len(data)} bytes, at most {limit} are read")
    try:
        message = _from_json(bytes(data).decode("utf-8"))
    except DecodeError:
        raise
    except UnicodeDecodeError as error:
        raise DecodeError(f"the message is not UTF-8 ({error.reason} at byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"the message is not JSON ({str(error)[:120]})") from error
    if not isinstance(message, dict):
        raise DecodeError(f"the message should be an object, got {type(message).__name__}")
    return message
