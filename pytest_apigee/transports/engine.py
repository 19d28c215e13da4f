"""The engine of a door: `responses`, with the fake behind the stubs.

A `RequestsMock` that replaces nothing: the doors hand it their requests. Users stub on it, with all its matchers; what
no stub matches, the fake answers. It holds a lock while it looks for a match and none while it answers, so a stub's
callback or a fake target may call the fake again, from any thread.
"""

import re
from collections.abc import Callable
from typing import Any

from requests import PreparedRequest
from requests import Response as RequestsResponse
from requests.structures import CaseInsensitiveDict
from responses.registries import FirstMatchRegistry
from urllib3 import BaseHTTPResponse, HTTPResponse

from pytest_apigee.edge.message import Request
from pytest_apigee.errors import ConfigurationError
from pytest_apigee.transports.genuine import HTTPAdapter, responses
from pytest_apigee.transports.handler import HostTest
from pytest_apigee.transports.switchboard import Sent, host_in


class Envelope(PreparedRequest):
    """A prepared request that carries what was sent, and whether the fake was asked."""

    sent: Request
    fake_was_asked: bool = False

    @classmethod
    def of(cls, sent: Sent) -> "Envelope":
        """Put what a client sent into an envelope, with its body in the form in which matchers read it."""
        envelope = cls()
        if sent.prepared is not None:
            vars(envelope).update(vars(sent.prepared.copy()))
        else:
            envelope.prepare_method(sent.method)
            envelope.url = sent.url
            envelope.headers = CaseInsensitiveDict(sent.headers)
        envelope.sent = Request(method=sent.method, url=sent.url, headers=sent.headers, body=sent.body)
        if not isinstance(envelope.body, str | bytes):
            envelope.body = envelope.sent.text if envelope.sent.has_form else sent.body or None
        return envelope


Ask = Callable[[Envelope], HTTPResponse]
Keep = Callable[[responses.BaseResponse], responses.BaseResponse]


class _StubCalls(responses.CallList):
    """The calls that stubs answered: the others are in the journal."""

    def add_call(self, call: responses.Call) -> None:
        if not (isinstance(call.request, Envelope) and call.request.fake_was_asked):
            super().add_call(call)


class _FakeAnswer(responses.BaseResponse):
    """What answers where no stub does."""

    def __init__(self, ask: Ask) -> None:
        super().__init__("", re.compile(""))
        self._ask = ask
        self._calls = _StubCalls()

    def get_response(self, request: PreparedRequest) -> HTTPResponse:
        assert isinstance(request, Envelope)  # noqa: S101 - for mypy: only `Engine.answer` sends
        request.fake_was_asked = True
        return self._ask(request)


class _Builder(HTTPAdapter):
    """Builds for the engine: in full what a stub answered, and next to nothing where the client builds again."""

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> RequestsResponse:
        if not (isinstance(req, Envelope) and req.fake_was_asked):
            return super().build_response(req, resp)
        response = RequestsResponse()
        response.request, response.raw, response.status_code = req, resp, resp.status
        return response


class Engine(responses.RequestsMock):
    """A RequestsMock whose stubs stand before the fake."""

    def __init__(self, ask: Ask, *, answers: HostTest) -> None:
        self._fake = _FakeAnswer(ask)
        self._answers = answers
        super().__init__(assert_all_requests_are_fired=False, real_adapter_send=self._pass_through)
        self._calls = _StubCalls()
        self._adapter = _Builder()

    def answer(self, envelope: Envelope, **options: Any) -> RequestsResponse:  # noqa: ANN401 - as an adapter's `send`
        """Answer a request from a stub, or else from the fake."""
        return self._on_request(self._adapter, envelope, **options)

    def start(self) -> None:
        """Do nothing: it runs as long as its door is open, also after ``with apigee.responses:``."""

    @property
    def _registry(self) -> FirstMatchRegistry:
        return self._stubs

    @_registry.setter
    def _registry(self, registry: FirstMatchRegistry) -> None:
        """Keep the stubs in a registry; whichever way a stub comes, it comes through these two of its methods."""
        for name in ("add", "replace"):
            setattr(registry, name, self._checked(getattr(registry, name)))
        self._stubs = registry

    def _checked(self, keep: Keep) -> Keep:
        def keep_checked(stub: responses.BaseResponse) -> responses.BaseResponse:
            if isinstance(stub.url, str) and not self._answers(host_in(stub.url)):
                host = host_in(stub.url) or stub.url
                msg = (
                    f"A stub on `apigee.responses` for {host} would never be asked: that host is not answered by the "
                    "fake. Stub it with your own `responses`."
                )
                raise ConfigurationError(msg)
            return keep(stub)

        return keep_checked

    def _find_match(self, request: PreparedRequest) -> tuple[responses.BaseResponse | None, list[str]]:
        stub, reasons = super()._find_match(request)
        return (self._fake if stub is None else stub), reasons

    def _pass_through(
        self, adapter: HTTPAdapter, request: PreparedRequest, *_: object, **__: object
    ) -> RequestsResponse:
        return adapter.build_response(request, self._fake.get_response(request))
