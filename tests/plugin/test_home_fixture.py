"""`apigee_home`: a home directory of the test."""

import os


def homes() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if "HOME" in name or name == "USERPROFILE"}


def test_home_points_there_during_the_test(run, monkeypatch):
    """HOME and its kin point to the directory in the test and in what it starts, and back afterwards."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    monkeypatch.delenv("USERPROFILE", raising=False)
    before = homes()

    done = run("""
        import os, subprocess, sys
        from pathlib import Path

        def test_it(apigee_home):
            child = subprocess.check_output([sys.executable, "-c", "import pathlib; print(pathlib.Path.home())"])
            assert Path.home() == apigee_home.path == Path(child.decode().strip())
            assert os.environ["USERPROFILE"] == str(apigee_home)
            assert "XDG_CACHE_HOME" not in os.environ
            assert not list(apigee_home.path.iterdir())
    """)

    assert done.counts == {"passed": 1}
    assert homes() == before


def test_two_tests_have_two_homes(run):
    """What one test leaves in its home, another does not find."""
    done = run("""
        import pytest

        @pytest.mark.parametrize("name", ["a", "b"])
        def test_it(apigee_home, name):
            assert not (apigee_home / "state").exists()
            (apigee_home / "state").write_text(name)
    """)

    assert done.counts == {"passed": 2}


def test_holds_logins_of_the_shared_world(run):
    """Beside `apigee_shared` it keeps logins of the shared world."""
    done = run("""
        import requests

        def test_it(apigee_shared, apigee_home):
            apigee_home.cache_tokens()
            token = apigee_home.cached_answer()["access_token"]
            url = f"{apigee_shared.management_url}/v1/o/acme"
            assert requests.get(url, headers={"Authorization": f"Bearer {token}"}).ok
    """)

    assert done.counts == {"passed": 1}
