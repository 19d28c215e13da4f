"""What the management API says when it refuses: a code, a message, and an empty list of contexts.

Source: management.md section 5; the errors of which a part is a guess are in `management_guesses.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from pytest_apigee.edge.jackson import pretty
from pytest_apigee.edge.message import Response

_UNFIT_FOR_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiError:
    """An error of the management API."""

    status: int
    code: str
    message: str

    def render(self) -> Response:
        """Return the response, as JSON."""
        body = pretty({"code": self.code, "message": self.message, "contexts": []})
        return Response(status=self.status, headers={"Content-Type": "application/json"}, body=body)


@dataclass(frozen=True, kw_only=True, slots=True)
class XmlError:
    """The same error for a client that prefers XML. Source: management.md section 2, OLD 115."""

    error: ApiError

    def render(self) -> Response:
        """Return the response, as XML."""
        code, message = (escape(_UNFIT_FOR_XML.sub("?", text)) for text in (self.error.code, self.error.message))
        body = f"<Error><Code>{code}</Code><Message>{message}</Message><Contexts/></Error>"
        return Response(status=self.error.status, headers={"Content-Type": "application/xml"}, body=body)


def error_of(row: str, blanks: Mapping[str, str]) -> ApiError:
    """Return the error that a row of the guess `mgmt_errors` describes, its blanks filled in."""
    status, _, rest = row.partition(" ")
    code, _, text = rest.partition(" ")
    message = _BLANK.sub(lambda match: blanks.get(match[1], match[0]), text)
    return ApiError(status=int(status), code=code, message=message)
