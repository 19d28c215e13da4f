"""The file in a form that was sent as multipart/form-data.

The body is cut at its boundary and nowhere else, so that a file comes out byte for byte. Source: RFC 7578, RFC 2046.
"""

import re

_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,70})"|([^\s";]{1,70}))', re.IGNORECASE)
_FILE = re.compile(rb"\r\ncontent-disposition:[^\r\n]*;\s*filename\*?=", re.IGNORECASE)
_MOST_PARTS = 100


def file_of(content_type: str, body: bytes) -> bytes | None:
    """Return the content of the first part that is a file, or else of the first part; None for what is no form.

    Args:
        content_type: The whole header.
        body: The body of the request.
    """
    parts = _parts(content_type, body)
    if not parts:
        return None
    return next((content for head, content in parts if _FILE.search(head)), parts[0][1])


def _parts(content_type: str, body: bytes) -> list[tuple[bytes, bytes]]:
    """Return head and content of each part; none where the boundary or the end of the form is missing."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return []
    delimiter = b"\r\n--" + (boundary[1] or boundary[2]).encode("latin-1", "replace")
    parts: list[tuple[bytes, bytes]] = []
    for chunk in (b"\r\n" + body).split(delimiter, _MOST_PARTS)[1:]:
        if chunk.startswith(b"--"):
            return parts
        head, _, content = chunk.partition(b"\r\n\r\n")
        parts.append((head, content))
    return []
