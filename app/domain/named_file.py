"""A file as it is handed out: its name, its type, its bytes."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class NamedFile:
    """Bytes under a name, which may have folders in it."""

    name: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()
