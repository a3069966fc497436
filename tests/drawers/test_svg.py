"""What is shown of a stranger's SVG: pictures as they were, and nothing that runs, or fetches."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from marl.drawers.svg import harmless
from marl.games import drawing

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("<script>alert(1)</script>", "holds <script>"),
        ("<g><x:script xmlns:x='http://www.w3.org/2000/svg'>alert(1)</x:script></g>", "holds <script>"),
        ("<rect onload='alert(1)'/>", "the handler onload= in <rect>"),
        ("<rect ONCLICK='alert(1)'/>", "the handler ONCLICK= in <rect>"),
        ("<a href='javascript:alert(1)'><rect/></a>", "holds <a>"),
        ("<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>", "holds <foreignObject>"),
        ("<h:img xmlns:h='http://www.w3.org/1999/xhtml' src='x'/>", "holds <img>"),
        ("<image href='http://example.org/spy.png'/>", "href='http://example.org/spy.png'"),
        ("<image xlink:href='file:///etc/passwd'/>", "href='file:///etc/passwd'"),
        ("<image href='data:image/svg+xml;base64,PHN2Zy8+'/>", "href='data:image/svg"),
        ("<use href='other.svg#x'/>", "href='other.svg#x'"),
        ("<rect fill='url(http://example.org/x)'/>", "fill='url(http"),
        ("<rect style='background: u\\72l(//example.org)'/>", "style="),
        ("<style>@import '//example.org/x.css';</style>", "a style that refers to elsewhere"),
        ("<set attributeName='href' to='javascript:alert(1)'/>", "holds <set>"),
        ("<rect>", "not well-formed"),
    ],
)
def test_what_runs_or_fetches_is_refused(inside, words):
    with pytest.raises(ValueError, match=r"which a page does not show|not well-formed") as raised:
        harmless(f"{HEAD}{inside}</svg>")
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html/>", "starts with <html>"),
        ("<svg/>", "starts with <svg>: <svg xmlns="),  # in a page it would be no picture
        ('<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + HEAD + "<text>&a;</text></svg>", "declares entities"),
        ("a picture", "not well-formed"),
        (HEAD + "<g>" * 5000 + "</g>" * 5000 + "</svg>", "too deeply"),
    ],
)
def test_what_is_no_picture_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        harmless(text)


def test_shapes_come_through_unchanged():
    picture = drawing.svg(
        40, 20, [drawing.rect(1, 2, 3, 4, "red"), drawing.text(1, 1, "a < b", 9), drawing.circle(1, 2, 3, "blue")]
    )
    same = harmless(picture)
    assert [(one.tag, one.attrib, one.text) for one in ElementTree.fromstring(same).iter()] == [
        (one.tag, one.attrib, one.text) for one in ElementTree.fromstring(picture).iter()
    ]
    assert same.startswith("<svg xmlns=") and harmless(same) == same


def test_what_other_tools_write_around_a_picture_goes_and_the_picture_stays():
    made = (
        '<?xml version="1.0" encoding="utf-8"?><?xml-stylesheet href="//example.org"?>'
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><!-- a -->'
        f"{HEAD}<metadata><x xmlns='y'/></metadata><style>*{{stroke: red}}</style>"
        '<defs><path id="a" d="M0 0"/></defs><use xlink:href="#a" fill="url(#a)"/>'
        '<image href="data:image/png;base64,AAAA"/></svg>'
    )
    same = harmless(made)
    for gone in ("<?", "<!", "example.org", "metadata", "DOCTYPE"):
        assert gone not in same
    for kept in ("stroke: red", 'd="M0 0"', 'xlink:href="#a"', "url(#a)", "data:image/png;base64,AAAA"):
        assert kept in same
