"""HTML: what a person saw becomes text; what acts, loads or hides never passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.html import sanitise, to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<div>one<div>two</div></div>three", "one\ntwo\nthree"),
        ("a   b\n c&nbsp;d", "a b c d"),
        ("&lt;b&gt; &amp; &uuml; &#252; &bogus;", "<b> & ü ü &bogus;"),
        ("<ul><li>one<li>two</ul>", "* one\n* two"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"),
        ("<pre>  x\n   y</pre>", "  x\n   y"),
        ('<a href="https://example.org/a">here</a>', "here <https://example.org/a>"),
        ('<a href="https://example.org/">example.org</a>', "example.org"),
        ('<a href="mailto:ann@example.org">ann@example.org</a>', "ann@example.org"),
        ('<a href="javascript:x()">here</a>', "here"),
        ('<img alt="A chart" src="x">', "[image: A chart]"),
        ("<blockquote>old<br>words</blockquote>new", "> old\n> words\n\nnew"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n> > b"),
        ('<div class="gmail_attr">On Monday Ann wrote:</div>', "> On Monday Ann wrote:"),
        ("<head><title>t</title><style>p {}</style></head><body>words", "words"),
        ("<script>alert('</p>')</script>words", "words"),
        ("<!-- <p>no</p> -->words", "words"),
        ('<p style="display: none">no</p><p>yes</p>', "yes"),
        ('<span style="font-size:0px">no</span><span style="font-size:0.9em">yes</span>', "yes"),
        ('<div style="opacity:0;">no</div><div style="opacity:0.9">yes</div>', "yes"),
        ('<div style="max-height: 0px; overflow:hidden">no</div>yes', "yes"),
        ('new<div id="x_appendonsend"></div>old', f"new\n{'_' * 32}\nold"),
        ("<div hidden>no <b>no</b></div>yes", "yes"),
        ("a < b and <3", "a < b and <3"),
        ('<p title="a > b">words</p>', "words"),
        ("<b>not closed", "not closed"),
        ("</p></div>words", "words"),
        ("<p>a<p>b", "a\n\nb"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_a_body_reads_as_a_person_saw_it(html: str, text: str) -> None:
    assert to_text(html) == text


MARKUP = [
    "<",
    ">",
    "<div",
    "</div>",
    "<blockquote>",
    "<pre>",
    "<a href='",
    '"',
    "'",
    "=",
    "<!--",
    "-->",
    "x",
    "<style>",
]
MARKUP += ["</style>", "<li>", "&#x0;", "<br>", "\n", "\0", "<!", "<?", "/>", " hidden "]


@given(st.lists(st.sampled_from(MARKUP)))
def test_no_markup_raises(pieces: list[str]) -> None:
    to_text("".join(pieces))
    sanitise("".join(pieces))


@pytest.mark.parametrize(
    ("html", "harmless"),
    [
        ("<p onclick=x()>words</p>", "<p>words</p>"),
        ("<script>alert(1)</script>words", "words"),
        ('<a href="javascript:x()">here</a>', '<a rel="noopener noreferrer">here</a>'),
        ('<a href="https://example.org">here</a>', '<a href="https://example.org" rel="noopener noreferrer">here</a>'),
        ('<img src="https://example.org/track.gif">', "<img>"),
        ('<img src="cid:logo@x" alt="Logo">', '<img src="cid:logo@x" alt="Logo">'),
        ('<p style="position:fixed">words</p>', "<p>words</p>"),
        ("<iframe src=x></iframe><form><input></form>words", "words"),
        ('<base href="https://evil.example"><meta http-equiv=refresh>words', "words"),
    ],
)
def test_what_acts_or_loads_is_taken_out(html: str, harmless: str) -> None:
    assert sanitise(html) == harmless
