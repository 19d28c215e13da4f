"""One request to the management API, after authentication, and how handlers read it and answer.

Source: management.md sections 1, 2 and 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_apigee.edge.jackson import Json, pretty
from pytest_apigee.edge.journal import Notes
from pytest_apigee.edge.management.body import Body, read_json
from pytest_apigee.edge.management.errors import ApiError, error_of
from pytest_apigee.edge.message import Request, Response
from pytest_apigee.edge.organization import Organization
from pytest_apigee.edge.records import Stamp
from pytest_apigee.edge.refusal import BareFault, NotModelled, Refusal
from pytest_apigee.edge.state import WorldState
from pytest_apigee.edge.users import User

_JSON = {"Content-Type": "application/json"}
_JSON_TYPES = ("", "application/json")
_XML_TYPES = ("application/xml", "text/xml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What a handler needs to answer.

    Args:
        state: The world.
        request: The request.
        user: Who asks.
        organization: About what.
        parameters: The parameters of the path, decoded.
        notes: What the journal is told.
    """

    state: WorldState
    request: Request
    user: User
    organization: Organization
    parameters: Mapping[str, str]
    notes: Notes

    def __getitem__(self, parameter: str) -> str:
        """Return a parameter of the path."""
        return self.parameters[parameter]

    def query(self, name: str) -> str:
        """Return a query parameter, empty where it is absent or empty."""
        return self.request.query.get(name) or ""

    @property
    def expands(self) -> bool:
        """Whether whole entities are asked for, not names: only the word `true` asks for them."""
        return self.query("expand") == "true"

    @property
    def now_ms(self) -> int:
        """Edge's time."""
        return self.state.clock.now_ms

    def stamp(self) -> Stamp:
        """Return the stamp of what this call makes."""
        return Stamp.of(self.now_ms, self.user.email)

    def changed(self, stamp: Stamp) -> Stamp:
        """Return the stamp of what this call changes."""
        return stamp.changed(self.now_ms, self.user.email)

    @property
    def media_type(self) -> str:
        """The Content-Type of the request in lower case, without parameters; empty where it has none."""
        return (self.request.headers.get("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def prefers_xml(self) -> bool:
        """Whether the first type that the client accepts is XML."""
        return prefers_xml(self.request)

    def body(self) -> Body:
        """Return the body, a JSON object; an empty body is an empty object.

        Raises:
            Refusal: 400; it is none. 415; it claims to be something else.
            NotModelled: It is XML.
        """
        if not self.request.body.strip():
            return Body({}, self.refusal)
        if self.media_type in _XML_TYPES:
            what = f"{self.request.shown} with a body of type {self.media_type}"
            raise NotModelled(what)
        if self.media_type not in _JSON_TYPES:
            fault = BareFault(status=415, body=self.state.guesses.mgmt_unsupported_media_body)
            raise Refusal(fault, f"the body is of type {self.media_type!r}, not application/json")
        try:
            value = read_json(self.request.body)
        except (ValueError, RecursionError):
            raise self.malformed("the body is not JSON") from None
        if not isinstance(value, dict):
            raise self.malformed("the body is no JSON object")
        return Body(value, self.refusal)

    def require_modelled(self, *unmodelled: str) -> None:
        """Demand that a call has none of the query parameters that the fake does not read.

        Raises:
            NotModelled: It has one.
        """
        for name in unmodelled:
            if self.query(name):
                what = f"{self.request.shown} with the query parameter {name}"
                raise NotModelled(what)

    def malformed(self, reason: str) -> Refusal:
        """Return the refusal of a request that cannot be read."""
        return Refusal(BareFault(status=400, body=self.state.guesses.mgmt_malformed_body), reason)

    def forbidden(self, reason: str) -> Refusal:
        """Return the refusal of a user who lacks a role or a permission."""
        return Refusal(BareFault(status=403, body=self.state.guesses.mgmt_forbidden_body), reason)

    def refusal(self, row: str, **blanks: str) -> Refusal:
        """Return the refusal that a row of the guess `mgmt_errors` describes.

        Args:
            row: Its name.
            **blanks: What to fill in; `org` is known.
        """
        known = {"org": self.organization.name, **self.parameters, **blanks}
        return self.error(error_of(self.state.guesses.mgmt_errors[row], known))

    def error(self, error: ApiError, reason: str = "") -> Refusal:
        """Return the refusal that is an error; its message is the reason unless another one is given."""
        return Refusal(error, reason or error.message)


def prefers_xml(request: Request) -> bool:
    """Return whether the first type that the client of a request accepts is XML."""
    accepted = (request.headers.get("Accept") or "").partition(",")[0].partition(";")[0]
    return accepted.strip().lower() in _XML_TYPES


def answer(body: Json, *, status: int = 200) -> Response:
    """Return a response with a JSON body."""
    return Response(status=status, headers=_JSON, body=pretty(body))


def no_content() -> Response:
    """Return the answer to an action."""
    return Response(status=204)
