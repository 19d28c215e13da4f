"""The public names: what `__all__` lists, what `dir()` shows and what can be imported are the same."""

import re

import pytest

import pytest_apigee
from pytest_apigee import policies


def test_all_is_the_public_namespace() -> None:
    """`dir()` shows the names of `__all__`, which are sorted and written once."""
    assert dir(pytest_apigee) == sorted(set(pytest_apigee.__all__))
    assert pytest_apigee.__all__ == sorted(set(pytest_apigee.__all__))


@pytest.mark.parametrize("name", pytest_apigee.__all__)
def test_public_names_resolve(name: str) -> None:
    """Each public name can be imported, and is imported but once."""
    value = getattr(pytest_apigee, name)

    assert value is getattr(pytest_apigee, name)
    assert value.__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that the package lacks is refused as any module would refuse it."""
    with pytest.raises(AttributeError, match=re.escape("module 'pytest_apigee' has no attribute 'Apigee'")):
        pytest_apigee.Apigee  # noqa: B018 - the access is the act


def test_the_policies_are_a_namespace_of_their_own() -> None:
    """`pytest_apigee.policies` lists its names sorted and once, and each can be imported."""
    names = policies.__all__

    assert len(names) == len(set(names))
    assert all(getattr(policies, name).__name__ == name for name in names if name != "NEVER")
