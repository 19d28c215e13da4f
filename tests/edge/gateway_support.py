"""Shared by the tests of the gateway: literal bytes of faults, requests as clients send them, answers as one value."""

import base64
from urllib.parse import urlencode

from pytest_apigee import App, FakeEdge, Request, Response

MOMENT = "2026-01-02T03:04:05.678Z"
MOMENT_MS = 1_767_323_045_678
JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
HOUR_MS = 3_600_000
ROUTER = ("Server", "Apigee Router")

Answer = tuple[int, list[tuple[str, str]], bytes]


def in_era(expected: Answer, era: str) -> Answer:
    """Return an answer as it leaves the gateway in an era: in 2016 the router names itself last."""
    status, headers, body = expected
    return status, [*headers, *([ROUTER] if era == "2016" else [])], body


def frozen_edge(**settings: object) -> FakeEdge:
    """Return a fake Edge whose clock stands still at `MOMENT`."""
    edge = FakeEdge(seed=7, **settings)
    edge.clock.freeze(MOMENT)
    return edge


def answer(edge: FakeEdge, request: Request) -> Answer:
    """Return everything that the wire shows of a response."""
    response = edge.handle(request)
    assert isinstance(response, Response), response
    return response.status, list(response.headers), response.body


def basic(user: str, password: str) -> tuple[str, str]:
    """Return a Basic Authorization header."""
    return "Authorization", f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def bearer(token: object) -> tuple[str, str]:
    """Return a Bearer Authorization header."""
    return "Authorization", f"Bearer {token}"


def token_request(url: str, **fields: str) -> Request:
    """Return a token request with its fields in a form."""
    return Request(method="POST", url=url, headers=[FORM], body=urlencode(fields))


def app_request(edge: FakeEdge, app: App, **fields: str) -> Request:
    """Return the token request of an app at the default token endpoint."""
    return token_request(edge.token_url, client_id=app.consumer_key, client_secret=app.consumer_secret, **fields)


def get(url: str, *headers: tuple[str, str]) -> Request:
    """Return a GET request."""
    return Request(url=url, headers=headers)


def flat(code: str, error: str) -> bytes:
    """Return an error of the token endpoint, as runtime.md 5.1 writes it."""
    return b'{"ErrorCode" : "%s", "Error" :"%s"}' % (code.encode(), error.encode())


def fault(faultstring: str, errorcode: str) -> bytes:
    """Return a fault of the gateway, as runtime.md 5.1 writes it; slashes come escaped from the caller."""
    return b'{"fault":{"faultstring":"%s","detail":{"errorcode":"%s"}}}' % (faultstring.encode(), errorcode.encode())


def challenge(faultstring: str, errorcode: str) -> tuple[str, str]:
    """Return the challenge of VerifyAccessToken, as runtime.md 5.4 writes it."""
    return (
        "WWW-Authenticate",
        f'Bearer realm="null",error="invalid_token",error_description="{errorcode}: {faultstring}"',
    )


def unauthorized(faultstring: str, errorcode: str) -> Answer:
    """Return a 401 of VerifyAccessToken whose text holds no slash."""
    return 401, [JSON, challenge(faultstring, errorcode)], fault(faultstring, errorcode)


NO_PROXY_TEXT = "Unable to identify proxy for host: {} and url: {}"
NO_PROXY_CODE = "messaging.adaptors.http.flow.ApplicationNotFound"


def no_proxy(virtual_host: str, escaped_path: str) -> Answer:
    """Return the 404 of the router; the path comes with its slashes escaped."""
    return 404, [JSON], fault(NO_PROXY_TEXT.format(virtual_host, escaped_path), NO_PROXY_CODE)


NO_MATCH = unauthorized(
    "Invalid API call as no apiproduct match found",
    "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound",
)
UNKNOWN_TOKEN = unauthorized("Invalid Access Token", "keymanagement.service.invalid_access_token")
EXPIRED = unauthorized("Access Token expired", "keymanagement.service.access_token_expired")
REVOKED = unauthorized("Access Token not approved", "keymanagement.service.access_token_not_approved")
MISSING_TOKEN = unauthorized("Invalid access token", "oauth.v2.InvalidAccessToken")
