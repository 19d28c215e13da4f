"""Finds a user's own `responses` stub for a host that a door answers, which would never be asked."""

from collections.abc import Iterator

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from responses import RequestsMock

from pytest_apigee.errors import ConfigurationError
from pytest_apigee.transports.switchboard import OpenDoor, host_in


def refuse_foreign_stub(door: OpenDoor, request: PreparedRequest) -> None:
    """Refuse a request that a stub of the user's own `responses` was meant to answer.

    Raises:
        ConfigurationError: There is such a stub. The door complains of it too, should the client swallow the error.
    """
    url = str(request.url)
    if not any(_has_stub(mock, url) for mock in _active_mocks(HTTPAdapter.send)):
        return
    host = host_in(url)
    message = (
        f"A stub of your own `responses` matches {url.partition('?')[0]}, but the fake answers for {host}. "
        f"Stub it on `apigee.responses` instead, or leave the host to your mock: "
        f'@pytest.mark.apigee(release=["{host}"]).'
    )
    door.complain("user_stub", message)
    raise ConfigurationError(message)


def _has_stub(mock: RequestsMock, url: str) -> bool:
    return any(stub._url_matches(stub.url, url) for stub in mock.registered() if not stub.passthrough)  # noqa: SLF001 - the comparison that `responses` makes


def _active_mocks(send: object) -> Iterator[RequestsMock]:
    """Yield the mocks behind a replaced `send`, the innermost `with` first; nothing for replacements of other kinds."""
    found = next((value for value in _enclosed(send) if isinstance(value, RequestsMock)), None)
    if found is not None:
        yield found
        yield from _active_mocks(getattr(found._patcher, "temp_original", None))  # noqa: SLF001 - what it replaced


def _enclosed(function: object) -> Iterator[object]:
    for cell in getattr(function, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a cell that is still empty
            continue
