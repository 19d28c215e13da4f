"""Bundles as values: what their files say, and what is refused (proxies.yaml; the documentation of bundles)."""

import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_apigee.edge import bundle_archive
from pytest_apigee.edge.bundle import Bundle, Listener, read_bundle
from pytest_apigee.edge.bundle_archive import BundleError, read_archive, write_archive
from pytest_apigee.edge.safe_xml import UnfitXmlError, parse_xml
from tests.edge.bundle_support import BUNDLE, FILES, ROOT, endpoint, small, zipped

BARE = "<APIProxy/>"


def bundle_of(**files: str) -> Bundle:
    """Return a bundle of a base configuration that says nothing, and of some files by `folder__name`."""
    named = {f"apiproxy/{name.replace('__', '/')}.xml": content for name, content in files.items()}
    return read_bundle(zipped({"apiproxy/x.xml": BARE, **named}))


def test_says_what_its_base_configuration_says():
    """Names, texts, base paths and manifest lists are those of the base configuration."""
    bundle = read_bundle(BUNDLE)

    assert (bundle.display_name, bundle.description) == ("Weather", "The weather of tomorrow.")
    assert bundle.spec == "https://specs.example/weather.yaml"
    assert bundle.base_paths == ("/weather",)
    assert (bundle.proxy_endpoints, bundle.target_endpoints) == (("default",), ("default",))
    assert bundle.target_servers == ("backend",)


def test_says_what_its_folders_hold():
    """Policies, endpoints and resources are those in the folders."""
    bundle = read_bundle(BUNDLE)

    assert bundle.policies == {"verify-key": "apiproxy/policies/verify-key.xml"}
    assert bundle.proxies == {"default": "apiproxy/proxies/default.xml"}
    assert bundle.targets == {"default": "apiproxy/targets/default.xml"}
    assert bundle.resources == (("jsc", "lib/check.js"), ("openapi", "association.json"))
    assert bundle.listeners == (Listener(base_path="/weather", virtual_hosts=("default", "secure")),)


def test_falls_back_to_its_folders():
    """What the base configuration does not list is taken from the other files (GUESS)."""
    bundle = read_bundle(zipped({**FILES, "apiproxy/weatherapi.xml": BARE}))

    assert (bundle.display_name, bundle.description, bundle.spec) == (None, None, "")
    assert bundle.base_paths == ("/weather",)
    assert (bundle.proxy_endpoints, bundle.target_endpoints) == (("default",), ("default",))
    assert bundle.target_servers == ("one", "two")


def test_a_manifest_list_may_be_empty():
    """A list that is there counts, even without anything in it."""
    root = "<APIProxy><ProxyEndpoints/><TargetEndpoints> </TargetEndpoints><TargetServers/></APIProxy>"
    bundle = read_bundle(zipped({**FILES, "apiproxy/weatherapi.xml": root}))

    assert (bundle.proxy_endpoints, bundle.target_endpoints, bundle.target_servers) == ((), (), ())


def test_may_hold_a_name_alone():
    """A base configuration alone is a bundle: apigeetool imports that first."""
    bundle = bundle_of()

    assert (bundle.policies, bundle.proxies, bundle.targets, bundle.resources) == ({}, {}, {}, ())
    assert (bundle.base_paths, bundle.listeners) == ((), ())


def test_what_has_no_name_has_that_of_its_file():
    """The name of a part is its attribute `name`, or else that of its file (GUESS)."""
    bundle = bundle_of(policies__p1="<Quota/>", policies__p2='<Quota name="limit"/>')

    assert bundle.policies == {"p1": "apiproxy/policies/p1.xml", "limit": "apiproxy/policies/p2.xml"}


@pytest.mark.parametrize(
    ("connection", "listener"),
    [
        ("", Listener(base_path="/", virtual_hosts=("default", "secure"))),
        (
            "<HTTPProxyConnection><BasePath> /a </BasePath><VirtualHost> secure </VirtualHost></HTTPProxyConnection>",
            Listener(base_path="/a", virtual_hosts=("secure",)),
        ),
        (
            "<HTTPProxyConnection><BasePath/><VirtualHost/></HTTPProxyConnection>",
            Listener(base_path="/", virtual_hosts=("default", "secure")),
        ),
    ],
)
def test_an_endpoint_listens_somewhere(connection, listener):
    """Without a base path an endpoint listens on all paths, without virtual hosts on both (GUESS)."""
    assert bundle_of(proxies__p=f"<ProxyEndpoint>{connection}</ProxyEndpoint>").listeners == (listener,)


@pytest.mark.parametrize(
    ("base_path", "path", "serves"),
    [
        ("/a", "/a", True),
        ("/a", "/a/b", True),
        ("/a/", "/a", True),
        ("/a", "/ab", False),
        ("/a/b", "/a", False),
        ("/", "/anything", True),
        ("/a/*/c", "/a/b/c/d", True),
        ("/a/*/c", "/a/b/d", False),
    ],
)
def test_a_listener_serves_the_paths_below_it(base_path, path, serves):
    """A base path is served with all below it; a star is any one segment."""
    listener = Listener(base_path=base_path, virtual_hosts=("secure",))

    assert listener.serves("secure", path) is serves
    assert not listener.serves("default", path)


@pytest.mark.parametrize(
    ("path", "hosts", "collides"),
    [
        ("/a/", ("secure", "x"), True),
        ("/a/b", ("secure",), False),
        ("/a", ("default",), False),
    ],
)
def test_listeners_collide(path, hosts, collides):
    """Two listeners with one base path and a virtual host in common cannot be told apart."""
    listener = Listener(base_path="/a", virtual_hosts=("secure",))

    assert listener.collides_with(Listener(base_path=path, virtual_hosts=hosts)) is collides


def test_its_files_can_be_read_and_changed():
    """A file can be read, added, changed and taken away; the bundle then says so."""
    bundle = bundle_of()
    more = bundle.with_file("apiproxy/policies/q.xml", b'<Quota name="q"/>')

    assert more.file("apiproxy/policies/q.xml") == b'<Quota name="q"/>'
    assert list(more.policies) == ["q"]
    assert not more.without_file("apiproxy/policies/q.xml").policies
    assert more.version != bundle.version


def test_shows_no_content():
    """The repr of a bundle holds no content: scripts may hold secrets."""
    assert "content" not in repr(read_bundle(BUNDLE))


def encrypted() -> bytes:
    """Return an archive whose file says that it is encrypted."""
    content = bytearray(small())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def truncated_file() -> bytes:
    """Return an archive with a file whose content is damaged."""
    content = bytearray(zipped({"apiproxy/x.xml": BARE}, compression=zipfile.ZIP_STORED))
    content[content.index(b"<APIProxy")] ^= 1
    return bytes(content)


def claiming(size: int) -> bytes:
    """Return an archive with a file that says it is larger than any may be."""
    content = bytearray(small())
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, size)
    return bytes(content)


def twice() -> bytes:
    """Return an archive with one path twice."""
    return zipped({"apiproxy/x.xml": BARE, "apiproxy/y.xml": BARE}).replace(b"y.xml", b"x.xml")


BROKEN = {
    "nothing": (b"", "it is no zip archive that can be read (BadZipFile)"),
    "other": (b"PK\x03\x04 and no more", "it is no zip archive that can be read (BadZipFile)"),
    "half": (BUNDLE[: len(BUNDLE) // 2], "it is no zip archive that can be read (BadZipFile)"),
    "damaged": (truncated_file(), "it is no zip archive that can be read (BadZipFile)"),
    "encrypted": (encrypted(), "'apiproxy/x.xml' in it is encrypted, or compressed in a way that is not read"),
    "compressed": (
        zipped({"apiproxy/x.xml": BARE}, compression=zipfile.ZIP_BZIP2),
        "'apiproxy/x.xml' in it is encrypted, or compressed in a way that is not read",
    ),
    "bomb": (claiming(2**31), "its files hold more than 67,108,864 bytes"),
    "many": (zipped({f"{number}": "" for number in range(10_001)}), "it holds more than 10,000 files"),
    "long": (b"x" * (15 * 1024 * 1024 + 1), "it has more than 15,728,640 bytes"),
    "twice": (twice(), "a path in it comes twice or leads out of it: 'apiproxy/x.xml'"),
    "rootless": (zipped({"apiproxy/proxies/default.xml": endpoint()}), "no APIProxy"),
    "elsewhere": (zipped({"x.xml": BARE, "other/x.xml": BARE}), "no APIProxy"),
    "shared flow": (zipped({"apiproxy/x.xml": "<SharedFlowBundle/>"}), "no APIProxy"),
    "text": (zipped({"apiproxy/x.xml": "hello"}), "'apiproxy/x.xml' in it cannot be read: it is no XML (ParseError)"),
    "wrong part": (
        zipped({"apiproxy/x.xml": BARE, "apiproxy/proxies/p.xml": "<TargetEndpoint/>"}),
        "'apiproxy/proxies/p.xml' in it holds no ProxyEndpoint",
    ),
    "much XML": (
        zipped({"apiproxy/x.xml": f"<APIProxy>{' ' * 4 * 1024 * 1024}</APIProxy>"}),
        "its XML files hold more than 4,194,304 bytes",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_refuses_what_is_no_bundle(kind):
    """What is broken, too big, encrypted, or has no base configuration is refused, and it is said why."""
    content, reason = BROKEN[kind]
    expected = "it has no file apiproxy/*.xml with an APIProxy element" if reason == "no APIProxy" else reason

    with pytest.raises(BundleError) as refused:
        read_bundle(content)

    assert str(refused.value) == expected


@pytest.mark.parametrize(
    "path", ["../x", "/x", "apiproxy/../../x", "apiproxy//x", "./x", "C:/x", "a\\..\\x", "apiproxy/.."]
)
def test_refuses_paths_that_lead_out(path):
    """A path in an archive that leads out of it is refused."""
    with pytest.raises(BundleError, match="comes twice or leads out of it"):
        read_archive(zipped({path: ""}))


def test_reads_no_folders():
    """Folders in an archive are no files, and what is beside `apiproxy` counts for nothing."""
    bundle = read_bundle(zipped({"apiproxy/": "", "apiproxy/policies/": "", "apiproxy/x.xml": BARE, "README.xml": "?"}))

    assert not bundle.policies


def test_takes_the_first_base_configuration():
    """Another file beside the base configuration does not hide it."""
    root = "<APIProxy><DisplayName>D</DisplayName></APIProxy>"
    bundle = read_bundle(zipped({"apiproxy/a.xml": "<Other/>", "apiproxy/b.txt": "?", "apiproxy/c.xml": root}))

    assert bundle.display_name == "D"


def test_unpacks_a_whole_bomb_never():
    """An archive that would unpack to more than is allowed is refused before it is unpacked."""
    size = bundle_archive.LONGEST_CONTENT + 1

    with pytest.raises(BundleError, match="its files hold more than"):
        read_archive(zipped({"apiproxy/x.xml": b"\0" * size}))


def test_writes_the_same_bytes_again():
    """The same files give the same archive, and come out of it as they went in."""
    files = {"apiproxy/x.xml": b"<a/>", "apiproxy/y": bytes(range(256))}

    assert write_archive(files) == write_archive(files)
    assert read_archive(write_archive(files)) == files


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "it has a DTD"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "it has a DTD"),
        (b"<a>" * 101 + b"</a>" * 101, "its elements are nested more than 100 deep"),
        (b"<a>&b;</a>", "it is no XML (ParseError)"),
        (b"", "it is no XML (ParseError)"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "it is no XML (LookupError)"),
        (b'<?xml version="1.0" encoding="shift_jis"?><a/>', "it is no XML (ValueError)"),
        (b"<a>\xff</a>", "it is no XML (ParseError)"),
    ],
)
def test_reads_xml_without_harm(content, reason):
    """XML with a DTD, and so with entities, is refused, and so is what is nested without end."""
    with pytest.raises(UnfitXmlError) as refused:
        parse_xml(content)

    assert str(refused.value) == reason


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.integers(min_value=0), st.integers(min_value=0))
def test_damage_anywhere_is_a_bundle_error_or_none(noise, start, cut):
    """Whatever bytes come instead of a part of a bundle, the bundle is read or refused."""
    place = start % len(BUNDLE)
    content = BUNDLE[:place] + noise + BUNDLE[place + cut % 40 :]

    with suppress(BundleError):
        assert read_bundle(content).content == content


def test_the_root_of_the_sample_is_xml():
    """The sample base configuration is read as it stands."""
    assert parse_xml(ROOT.encode()).tag == "APIProxy"
