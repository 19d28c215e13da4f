"""XML from anywhere, read without harm: no DTD, so no entities; no nesting without bounds.

Writing: what cannot stand in XML at all becomes a question mark.
"""

import re
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

_DEEPEST = 100
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class UnfitXmlError(Exception):
    """Raised for what is no XML, or holds what is not read."""


class _Tree(ET.TreeBuilder):
    """Builds elements, and stops at a DTD and where they are nested too deeply."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        """Open an element."""
        self._depth += 1
        if self._depth > _DEEPEST:
            msg = f"its elements are nested more than {_DEEPEST} deep"
            raise UnfitXmlError(msg)
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        """Close an element."""
        self._depth -= 1
        return super().end(tag)

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002 - none is read
        """Stop at a DTD: entities are declared in one."""
        msg = "it has a DTD"
        raise UnfitXmlError(msg)


def parse_xml(content: bytes) -> Element:
    """Return the root element.

    Raises:
        UnfitXmlError: It is no XML, has a DTD, or is nested too deeply.
    """
    parser = ET.XMLParser(target=_Tree())  # noqa: S314 - a DTD, and so every entity, is refused
    try:
        parser.feed(content)
        root: Element = parser.close()
    except (ET.ParseError, LookupError, ValueError) as error:
        msg = f"it is no XML ({type(error).__name__})"
        raise UnfitXmlError(msg) from None
    return root


def xml_text(text: str) -> str:
    """Return text as it stands between tags."""
    return escape(_UNFIT.sub("?", text))


def xml_attribute(text: str) -> str:
    """Return text as the value of an attribute, with its quotes."""
    return quoteattr(_UNFIT.sub("?", text))
