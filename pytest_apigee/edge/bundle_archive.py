"""The zip archive that a bundle of an API proxy comes in: read without trust in what it says, and written.

Source: deployments.yaml for the size of a bundle. GUESS: how many files it may hold, and how much they may hold
together once they are unpacked; the bounds are far above what bundles hold, and stop what is made to exhaust a reader.
"""

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

LONGEST_BUNDLE = 15 * 1024 * 1024
LONGEST_CONTENT = 64 * 1024 * 1024
MOST_FILES = 10_000
_IS_ENCRYPTED = 0x1
_DRIVE = re.compile(r"[A-Za-z]:")
_NO_DATE = (1980, 1, 1, 0, 0, 0)


class BundleError(Exception):
    """Raised for what is no bundle; the text says why, for people."""


def read_archive(content: bytes) -> dict[str, bytes]:
    """Return the files of an archive by their paths.

    Raises:
        BundleError: It cannot be read whole, is too big, or a path in it leads out of it.
    """
    if len(content) > LONGEST_BUNDLE:
        msg = f"it has more than {LONGEST_BUNDLE:,} bytes"
        raise BundleError(msg)
    try:
        with ZipFile(BytesIO(content)) as archive:
            return {entry.filename: archive.read(entry) for entry in _checked(archive)}
    except BundleError:
        raise
    except Exception as error:  # noqa: BLE001 - zipfile and zlib raise many kinds for a broken archive
        msg = f"it is no zip archive that can be read ({type(error).__name__})"
        raise BundleError(msg) from None


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of some files; the same files give the same bytes."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(ZipInfo(path, date_time=_NO_DATE), content)
    return buffer.getvalue()


def is_safe_path(path: str) -> bool:
    """Return whether a path in an archive stays in it."""
    is_plain = "\\" not in path and not _DRIVE.match(path)
    return is_plain and not any(part in ("", ".", "..") for part in path.split("/"))


def _checked(archive: ZipFile) -> Iterator[ZipInfo]:
    """Yield the files, each after a look at it; no more can be unpacked than they say of themselves."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        msg = f"it holds more than {MOST_FILES:,} files"
        raise BundleError(msg)
    if sum(entry.file_size for entry in entries) > LONGEST_CONTENT:
        msg = f"its files hold more than {LONGEST_CONTENT:,} bytes"
        raise BundleError(msg)
    seen = set()
    for entry in entries:
        if entry.filename in seen or not is_safe_path(entry.filename):
            msg = f"a path in it comes twice or leads out of it: {entry.filename!r}"
            raise BundleError(msg)
        if entry.flag_bits & _IS_ENCRYPTED or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            msg = f"{entry.filename!r} in it is encrypted, or compressed in a way that is not read"
            raise BundleError(msg)
        seen.add(entry.filename)
        yield entry
