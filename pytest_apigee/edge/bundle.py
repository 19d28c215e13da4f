"""The bundle of an API proxy revision as a value: what its files say of it.

Source: proxies.yaml for what is shown of one; "API proxy configuration reference" of Edge's documentation for the
files; Apigee community article 79021: the base paths that are shown are those of the base configuration, and calls are
routed by those of the proxy endpoints.

GUESS: where the base configuration does not list base paths, endpoints or target servers, those of the other files are
shown; what has no name in its file has that of the file; a proxy endpoint without a base path listens on all paths, and
one without virtual hosts on the two that every environment has; how much XML a bundle may hold.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha512
from xml.etree.ElementTree import Element

from pytest_apigee.edge.bundle_archive import BundleError, read_archive, write_archive
from pytest_apigee.edge.safe_xml import UnfitXmlError, parse_xml, xml_attribute, xml_text

VIRTUAL_HOSTS = ("default", "secure")
FOLDER = "apiproxy/"
_XML = ".xml"
_LONGEST_XML = 4 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """Where a proxy endpoint listens; `*` in a base path is any one segment."""

    base_path: str
    virtual_hosts: tuple[str, ...]

    def serves(self, virtual_host: str, path: str) -> bool:
        """Return whether a path on a virtual host is its own."""
        words = _segments(self.base_path)
        given = _segments(path)[: len(words)]
        fits = len(given) == len(words) and all(word in ("*", part) for word, part in zip(words, given, strict=True))
        return fits and virtual_host in self.virtual_hosts

    def collides_with(self, other: "Listener") -> bool:
        """Return whether calls could not be told apart."""
        is_same = _segments(self.base_path) == _segments(other.base_path)
        return is_same and bool(set(self.virtual_hosts) & set(other.virtual_hosts))


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """A bundle: the archive as it was sent, and what its files say.

    Args:
        content: The archive.
        display_name: None where the base configuration has none.
        description: None likewise.
        spec: The OpenAPI specification that it was made from; empty for none.
        base_paths: Those that are shown.
        policies: The file of each policy, by its name.
        proxies: The file of each proxy endpoint, by its name.
        targets: The file of each target endpoint, by its name.
        resources: Types and names of resource files.
        listeners: Where its proxy endpoints listen.
        proxy_endpoints: As the base configuration lists them.
        target_endpoints: Likewise.
        target_servers: Likewise.
    """

    content: bytes = field(repr=False)
    display_name: str | None
    description: str | None
    spec: str
    base_paths: tuple[str, ...]
    policies: Mapping[str, str]
    proxies: Mapping[str, str]
    targets: Mapping[str, str]
    resources: tuple[tuple[str, str], ...]
    listeners: tuple[Listener, ...]
    proxy_endpoints: tuple[str, ...]
    target_endpoints: tuple[str, ...]
    target_servers: tuple[str, ...]

    @property
    def version(self) -> str:
        """What tells it from other bundles (GUESS: of what Edge makes its hash)."""
        return f"SHA-512:{sha512(self.content).hexdigest()}"

    def file(self, path: str) -> bytes:
        """Return one of its files."""
        return read_archive(self.content)[path]

    def with_file(self, path: str, content: bytes) -> "Bundle":
        """Return it with one file more, or another one in its place.

        Raises:
            BundleError: It is no bundle then.
        """
        return read_bundle(write_archive({**read_archive(self.content), path: content}))

    def without_file(self, path: str) -> "Bundle":
        """Return it with one file less.

        Raises:
            BundleError: It is no bundle then.
        """
        files = read_archive(self.content)
        del files[path]
        return read_bundle(write_archive(files))


def read_bundle(content: bytes) -> Bundle:
    """Return a bundle out of a zip archive.

    Raises:
        BundleError: It is none.
    """
    files = {path: data for path, data in read_archive(content).items() if path.startswith(FOLDER)}
    if sum(len(data) for path, data in files.items() if path.endswith(_XML)) > _LONGEST_XML:
        msg = f"its XML files hold more than {_LONGEST_XML:,} bytes"
        raise BundleError(msg)
    root = _base_configuration(files)
    policies = _parts(files, "policies", "")
    proxies = _parts(files, "proxies", "ProxyEndpoint")
    targets = _parts(files, "targets", "TargetEndpoint")
    listeners = tuple(_listener(element) for _, element in proxies.values())
    servers = tuple(dict.fromkeys(name for _, element in targets.values() for name in _servers(element)))
    return Bundle(
        content=content,
        display_name=_text(root, "DisplayName"),
        description=_text(root, "Description"),
        spec=_text(root, "Spec") or "",
        base_paths=_base_paths(root) or tuple(dict.fromkeys(listener.base_path for listener in listeners)),
        policies={name: path for name, (path, _) in policies.items()},
        proxies={name: path for name, (path, _) in proxies.items()},
        targets={name: path for name, (path, _) in targets.items()},
        resources=tuple(_resources(files)),
        listeners=listeners,
        proxy_endpoints=_listed(root, "ProxyEndpoint", tuple(proxies)),
        target_endpoints=_listed(root, "TargetEndpoint", tuple(targets)),
        target_servers=_listed(root, "TargetServer", servers),
    )


def empty_bundle(name: str) -> bytes:
    """Return the archive of a bundle that holds a name alone."""
    return write_archive({f"{FOLDER}{name}{_XML}": f"<APIProxy name={xml_attribute(name)}/>".encode()})


def describing_bundle(
    name: str, listener: Listener, *, policies: Mapping[str, str], target_url: str, file_name: str
) -> bytes:
    """Return the archive of a bundle that describes what has none of its own.

    Args:
        name: Of the API proxy.
        listener: Where it listens.
        policies: The XML of each policy by a name that is fit for a file.
        target_url: Where its target is; empty for none.
        file_name: The name of the API proxy as it is fit for a file.
    """
    path = xml_text(listener.base_path)
    hosts = "".join(f"<VirtualHost>{xml_text(host)}</VirtualHost>" for host in listener.virtual_hosts)
    route = "<TargetEndpoint>default</TargetEndpoint>" if target_url else ""
    files = {
        f"{file_name}{_XML}": f"<APIProxy name={xml_attribute(name)}><Basepaths>{path}</Basepaths>"
        f"<DisplayName>{xml_text(name)}</DisplayName></APIProxy>",
        f"proxies/default{_XML}": f'<ProxyEndpoint name="default"><HTTPProxyConnection><BasePath>{path}</BasePath>'
        f'{hosts}</HTTPProxyConnection><RouteRule name="default">{route}</RouteRule></ProxyEndpoint>',
        **{f"policies/{policy}{_XML}": content for policy, content in policies.items()},
    }
    if target_url:
        files[f"targets/default{_XML}"] = (
            f'<TargetEndpoint name="default"><HTTPTargetConnection><URL>{xml_text(target_url)}</URL>'
            "</HTTPTargetConnection></TargetEndpoint>"
        )
    return write_archive({f"{FOLDER}{path}": content.encode() for path, content in files.items()})


def element_of(path: str, content: bytes) -> Element:
    """Return the root element of a file of a bundle.

    Raises:
        BundleError: It has none that can be read.
    """
    try:
        return parse_xml(content)
    except UnfitXmlError as error:
        msg = f"{path!r} in it cannot be read: {error}"
        raise BundleError(msg) from None


def _base_configuration(files: Mapping[str, bytes]) -> Element:
    for path, content in files.items():
        if path.endswith(_XML) and path.count("/") == 1:
            element = element_of(path, content)
            if element.tag == "APIProxy":
                return element
    msg = "it has no file apiproxy/*.xml with an APIProxy element"
    raise BundleError(msg)


def _parts(files: Mapping[str, bytes], folder: str, tag: str) -> dict[str, tuple[str, Element]]:
    """Return file and root element of each part, by its name; every root element of a kind has one tag."""
    found = {}
    start = f"{FOLDER}{folder}/"
    for path, content in files.items():
        name = path.removeprefix(start).removesuffix(_XML)
        if path == f"{start}{name}{_XML}" and "/" not in name:
            element = element_of(path, content)
            if tag and element.tag != tag:
                msg = f"{path!r} in it holds no {tag}"
                raise BundleError(msg)
            found[element.get("name") or name] = (path, element)
    return found


def _resources(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    for path in files:
        _, _, rest = path.partition(f"{FOLDER}resources/")
        kind, _, name = rest.partition("/")
        if name:
            yield kind, name


def _listener(element: Element) -> Listener:
    connection = element.find("HTTPProxyConnection")
    hosts = () if connection is None else tuple(_texts(connection, "VirtualHost"))
    return Listener(
        base_path=element.findtext("HTTPProxyConnection/BasePath", "").strip() or "/",
        virtual_hosts=hosts or VIRTUAL_HOSTS,
    )


def _servers(element: Element) -> Iterator[str]:
    for server in element.iterfind("HTTPTargetConnection/LoadBalancer/Server"):
        yield server.get("name", "")


def _base_paths(root: Element) -> tuple[str, ...]:
    return (*_texts(root, "Basepaths"), *_texts(root, "BasePaths"))


def _listed(root: Element, tag: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the base configuration lists of a kind, if it has such a list."""
    listing = root.find(f"{tag}s")
    return otherwise if listing is None else tuple(_texts(listing, tag))


def _text(root: Element, tag: str) -> str | None:
    element = root.find(tag)
    return None if element is None else (element.text or "").strip()


def _texts(element: Element, tag: str) -> list[str]:
    texts = ((found.text or "").strip() for found in element.iterfind(tag))
    return [text for text in texts if text]


def _segments(path: str) -> list[str]:
    return [] if path.strip("/") == "" else path.strip("/").split("/")
