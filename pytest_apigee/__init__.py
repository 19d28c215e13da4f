"""Fixtures for testing code that talks to Apigee Edge, without Edge and with it. Its names stand in `public.py`."""

TYPE_CHECKING = False  # as typing's, which is not imported here: this module is loaded in runs that use none of it
if TYPE_CHECKING:
    from pytest_apigee.public import *  # noqa: F403


def __getattr__(name: str) -> object:
    """Import the public names when the first is asked for."""
    if name == "__all__" or not name.startswith("_"):
        import pytest_apigee.public as names  # noqa: PLC0415 - what it imports is for runs that use it

        if name == "__all__" or name in names.__all__:
            return getattr(names, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    import pytest_apigee.public as names  # noqa: PLC0415 - as above

    return names.__all__
