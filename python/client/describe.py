"""Writes the API's description so that openapi-python-client makes a client of all of it.

The generator takes one kind of body for an endpoint and knows JSON and files. So every body that is lines or a table becomes a file,
and jobs take CSV alone; other tables go through `client.get_httpx_client()`. Of words that are described one by one it reads the
first alone, so they become a plain list of words.
"""

import json
import sys

FILE = {"schema": {"type": "string", "format": "binary"}}
JSON = "application/json"


def one_kind(content: dict) -> dict:
    """Returns the JSON of a body, or the first of its other kinds as a file."""
    if JSON in content:
        return {JSON: content[JSON]}
    return dict.fromkeys(list(content)[:1], FILE)


def plain(schema: object) -> object:
    """Returns a schema in which each choice among words is a list of them."""
    if isinstance(schema, list):
        return [plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    choices = schema.get("oneOf", [])
    if choices and all("const" in choice for choice in choices):
        others = {key: value for key, value in schema.items() if key != "oneOf"}
        return others | {"type": "string", "enum": [choice["const"] for choice in choices]}
    return {key: plain(value) for key, value in schema.items()}


def main() -> None:
    api = plain(json.load(sys.stdin))
    for operations in api["paths"].values():
        for operation in operations.values():
            for body in (operation.get("requestBody"), *operation["responses"].values()):
                if body and "content" in body:
                    body["content"] = one_kind(body["content"])
    json.dump(api, sys.stdout)


if __name__ == "__main__":
    main()
