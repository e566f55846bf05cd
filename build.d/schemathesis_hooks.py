"""Lines of JSON, which Schemathesis doesn't write by itself: an event, or several, or what is none."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(context: schemathesis.SerializationContext, value: object) -> bytes:
    """Returns a value as a line, and a list as several."""
    if isinstance(value, (bytes, str)):
        return value if isinstance(value, bytes) else value.encode()
    values = value if isinstance(value, list) else [value]
    return "".join(f"{json.dumps(one)}\n" for one in values).encode()
