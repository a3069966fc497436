"""SVG that strangers may look at: held to what pictures are made of, and written anew from what was understood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_SVG, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_SHAPES = frozenset(
    (
        *(
            "svg",
            "g",
            "defs",
            "symbol",
            "use",
            "title",
            "desc",
            "style",
            "image",
            "clipPath",
            "mask",
            "pattern",
            "marker",
        ),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"),
        *("linearGradient", "radialGradient", "stop", "filter", "feGaussianBlur", "feOffset", "feBlend", "feFlood"),
        *("feComposite", "feMerge", "feMergeNode", "feColorMatrix", "feDropShadow"),
    )
)
_ASIDE = frozenset(("metadata",))  # left out, and not worth a word
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*\Z")
_OUTSIDE = re.compile(r"url\s*\((?!\s*['\"]?#)|@import|javascript:|expression\s*\(|\\", re.IGNORECASE)
RIGHT = "shapes, text, gradients, and images as data:image/png"

for _prefix, _uri in (("", _SVG), ("xlink", _LINK)):
    ElementTree.register_namespace(_prefix, _uri)


def harmless(svg: str) -> str:
    """The same picture, written anew, with nothing in it that runs or is fetched.

    Raises ValueError, in words that go on "the SVG ...", for a text that is no SVG, and for a picture with scripts,
    handlers of events, links, references to elsewhere, entities, or elements of other languages.
    """
    if "<!ENTITY" in svg.upper():
        raise ValueError("declares entities, which a page does not show")
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise ValueError(f"is not well-formed: {error}") from None
    if root.tag != f"{{{_SVG}}}svg":
        raise ValueError(f"""starts with <{_short(root.tag)}>: <svg xmlns="{_SVG}"> would be right""")
    for parent in list(root.iter()):
        for child in [child for child in parent if _short(child.tag) in _ASIDE]:
            parent.remove(child)
    for element in root.iter():
        for fault in _faults(element):
            raise ValueError(f"holds {fault}, which a page does not show: {RIGHT} would be right")
    try:
        return ElementTree.tostring(root, encoding="unicode")
    except RecursionError:
        raise ValueError("has elements within elements too deeply") from None


def _faults(element: Element) -> Iterator[str]:
    name = _short(element.tag)
    if element.tag != f"{{{_SVG}}}{name}" or name not in _SHAPES:
        yield f"<{name}>"
    if name == "style" and _OUTSIDE.search(element.text or ""):
        yield "a style that refers to elsewhere"
    for key, value in element.attrib.items():
        attribute = _short(key)
        if attribute.lower().startswith("on"):
            yield f"the handler {attribute}= in <{name}>"
        elif attribute == "href":
            if not (value.startswith("#") or (name == "image" and _PICTURE.match(value))):
                yield f"{attribute}={value[:40]!r} in <{name}>"
        elif _OUTSIDE.search(value):
            yield f"{attribute}={value[:40]!r} in <{name}>"


def _short(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else "?"
