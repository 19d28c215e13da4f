"""Tests in headless Chromium, which run where Selenium is installed, as in `tox -e browser`.

They are skipped, saying so, where Chromium, its driver or the tool that makes it trust an authority is missing.
"""

import os
import shutil
import subprocess
from importlib.util import find_spec

import pytest

collect_ignore = [] if find_spec("selenium") else ["test_pages.py"]
PROGRAMS = ("chromium", "chromedriver", "certutil")
PATIENCE_S = 20
# It is never to ask anyone but the fake for anything.
QUIET = (
    "--headless",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture
def open_browser(tmp_path, monkeypatch):
    """Return what opens a browser with settings of its own: `proxy` is the server whose proxy it is to use."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs Debian's chromium, chromium-driver and libnss3-tools; not found: {', '.join(missing)}")
    from selenium import webdriver

    monkeypatch.setenv("HOME", str(tmp_path))  # where it keeps whom it trusts
    for name in [name for name in os.environ if "proxy" in name.lower()]:
        monkeypatch.delenv(name)
    browsers = []

    def open_one(proxy=None):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for argument in (*QUIET, f"--user-data-dir={tmp_path / str(len(browsers))}"):
            options.add_argument(argument)
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.add_argument("--no-sandbox")  # root cannot have one
        if proxy is not None:
            trust(tmp_path / ".pki" / "nssdb", proxy.ca_path)
            options.add_argument(f"--proxy-server={proxy.proxy_url}")
        service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
        browsers.append(webdriver.Chrome(options=options, service=service))
        browsers[-1].set_page_load_timeout(PATIENCE_S)
        return browsers[-1]

    yield open_one
    for browser in browsers:
        browser.quit()


def trust(database, authority):
    """Make a browser trust an authority as a person would."""
    database.mkdir(parents=True)
    command = [shutil.which("certutil"), "-d", f"sql:{database}"]
    subprocess.run([*command, "-N", "--empty-password"], check=True, timeout=PATIENCE_S)
    subprocess.run([*command, "-A", "-t", "C,,", "-n", "throw-away", "-i", authority], check=True, timeout=PATIENCE_S)
