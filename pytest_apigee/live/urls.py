"""Where credentials may be sent: https, or this machine."""

import ipaddress
from urllib.parse import urlsplit

from pytest_apigee.errors import ConfigurationError


def checked_origin(name: str, url: str) -> str:
    """Return a URL without the slash at its end, if credentials may be sent there.

    Args:
        name: What it is called where it was set.
        url: As it was set.

    Raises:
        ConfigurationError: It is no URL, it has more than an origin, or it is plain http to another machine.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host:
        msg = f"{name} is no URL: it takes one as 'https://login.apigee.com'."
        raise ConfigurationError(msg)
    if "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
        msg = f"{name} has more than a host: it takes a URL without user, path and query, as 'https://{host}'."
        raise ConfigurationError(msg)
    if parts.scheme == "http" and not is_loopback(host):
        msg = f"{name} is plain http to {host}: credentials leave over https alone, or to this machine."
        raise ConfigurationError(msg)
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
