"""What is wrong with a whole call. What is wrong with one row stands in its own columns."""

from __future__ import annotations


class Error(Exception):
    """What is wrong, and what to do.

    Attributes:
        code: The kind of error, the same in every version: match on it, never on the message.
            ``invalid_input``, ``malformed_json``, ``bundle``, ``bundle_schema``, ``version``, ...
        field: Path of what is to blame, as in ``brand.name``; None when there is none.
        message: One sentence, beginning with the field if there is one.
    """

    code: str
    field: str | None
    message: str

    def __init__(self, code: str, field: str | None, message: str) -> None:
        super().__init__(code, field, message)
        self.code, self.field, self.message = code, field, message

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"
