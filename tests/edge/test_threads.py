"""Declarations and tokens from many threads at once: nothing is lost, nothing is made twice."""

import sys
import threading
from collections.abc import Callable

import requests

from pytest_apigee import ConfigurationError, FakeEdge

THREADS = 8
ROUNDS = 20


EAGER = 1e-6


def from_all(act: Callable[[int], object]) -> list[object]:
    """Return what an act gives or raises, done at once by all threads, which switch as often as Python can.

    They are eager only once all have started: a thread that is switched while a tracer is put on it may die.
    """
    usual = sys.getswitchinterval()
    start, results = threading.Barrier(THREADS, action=lambda: sys.setswitchinterval(EAGER), timeout=30), []

    def run(number: int) -> None:
        start.wait()
        try:
            results.append(act(number))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
            results.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    sys.setswitchinterval(usual)
    assert len(results) == THREADS
    return results


def test_makes_one_default_app() -> None:
    """The default app is made once, whoever asks first."""
    for _ in range(ROUNDS):
        edge = FakeEdge()

        apps = from_all(lambda _: edge.default_app)  # noqa: B023 - used within the round

        assert {app.app_id for app in apps} == {edge.default_app.app_id}


def test_loses_no_app() -> None:
    """Apps without a name are numbered without a gap, and the developer of them all is declared once."""
    for _ in range(ROUNDS):
        edge = FakeEdge()

        apps = from_all(lambda _: edge.app())  # noqa: B023 - used within the round

        assert sorted(app.name for app in apps) == [f"app-{number}" for number in range(1, THREADS + 1)]
        assert {app.developer for app in apps} == {"developer@acme.example"}
        assert all(edge.find_app(app.name) == app for app in apps)


def test_declares_an_organization_once() -> None:
    """Of several declarations of one organization the first succeeds, and each other is told."""
    for _ in range(ROUNDS):
        edge = FakeEdge()

        results = from_all(lambda _: edge.organization("dup"))  # noqa: B023 - used within the round

        errors = [result for result in results if isinstance(result, ConfigurationError)]
        assert len(errors) == THREADS - 1
        assert {str(error) for error in errors} == {
            "The organization 'dup' was declared before. Its environments: prod, test."
        }


def test_loses_no_deployment() -> None:
    """A proxy is deployed in every environment that some thread named."""
    names = [f"env{number}" for number in range(THREADS)]
    for _ in range(ROUNDS):
        edge = FakeEdge()
        organization = edge.organization("globex", environments=["test", *names])

        from_all(lambda number: edge.deploy_oauth(names[number], org="globex"))  # noqa: B023 - used within the round

        assert sorted(organization.proxies["oauth"].environments) == sorted(["test", *names])


def test_loses_no_product_of_the_default_app() -> None:
    """The default app follows every product, whichever thread declares it."""
    for _ in range(ROUNDS):
        edge = FakeEdge()
        assert edge.default_app.products == ()

        from_all(lambda number: edge.proxy(f"/api{number}"))  # noqa: B023 - used within the round

        assert sorted(edge.default_app.products) == [f"api{number}" for number in range(THREADS)]


def test_mints_one_token() -> None:
    """An `auth` object that many threads share makes one token for all."""
    for _ in range(ROUNDS):
        edge = FakeEdge()
        auth = edge.auth()
        url = edge.gateway_url

        sent = from_all(lambda _: auth(requests.Request("GET", url).prepare()).headers["Authorization"])  # noqa: B023

        assert len(set(sent)) == 1
        assert str(sent[0]).startswith("Bearer ")
