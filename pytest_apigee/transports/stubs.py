"""Finds a user's own mock for a host that a door answers, which would never be asked."""

from collections.abc import Iterator

from requests import PreparedRequest
from requests.adapters import BaseAdapter

from pytest_apigee.errors import ConfigurationError
from pytest_apigee.transports.genuine import HTTPAdapter, responses
from pytest_apigee.transports.switchboard import OpenDoor, host_in


def refuse_users_mock(door: OpenDoor, adapter: BaseAdapter, request: PreparedRequest) -> None:
    """Refuse a request that a mock of the user's own was meant to answer: a `responses` stub, a requests_mock adapter.

    Args:
        adapter: The session's own for this request.

    Raises:
        ConfigurationError: There is such a mock, and the test does not allow that it is passed over. The door has
            complained of it too, should the client swallow the error.
    """
    url, host = str(request.url).partition("?")[0], host_in(str(request.url))
    if _is_mock(adapter):
        found = f"An adapter of requests_mock is mounted for {url}"
    elif any(_has_stub(mock, request) for mock in _active_mocks(HTTPAdapter.send)):
        found = f"A stub of your own `responses` matches {url}"
    else:
        return
    message = (
        f"{found}, but the fake answers for {host}. Stub it on `apigee.responses` instead, or leave the host to your "
        f'mock: @pytest.mark.apigee(release=["{host}"]) or fake_edge(release=["{host}"]).'
    )
    if door.complain("user_stub", message):
        raise ConfigurationError(message)


def _is_mock(adapter: BaseAdapter) -> bool:
    return any(kind.__module__ == "requests_mock.adapter" for kind in type(adapter).__mro__)


def _has_stub(mock: responses.RequestsMock, request: PreparedRequest) -> bool:
    return any(
        stub.method == request.method and stub._url_matches(stub.url, str(request.url))  # noqa: SLF001 - the comparison that `responses` makes
        for stub in mock.registered()
        if not stub.passthrough
    )


def _active_mocks(send: object) -> Iterator[responses.RequestsMock]:
    """Yield the mocks behind a replaced `send`, the innermost `with` first; nothing for replacements of other kinds."""
    found = next((value for value in _enclosed(send) if isinstance(value, responses.RequestsMock)), None)
    if found is not None:
        yield found
        yield from _active_mocks(getattr(found._patcher, "temp_original", None))  # noqa: SLF001 - what it replaced


def _enclosed(function: object) -> Iterator[object]:
    for cell in getattr(function, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a cell that is still empty
            continue
