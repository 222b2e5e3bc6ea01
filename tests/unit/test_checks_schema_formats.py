"""The formats of JSON Schema, each with what it takes and what it does not."""

from __future__ import annotations

import builtins
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.checks.schema_formats import FORMATS

CASES = {
    "color": (
        ["fuchsia", "Red", "#CC8899", "#c89", "rgb(255, 0,0)", "rgb(10%, 0%, 0%)"],
        ["#00332520", "puce", "#", "rgb(1,2)", "light_grayish_red-violet"],
    ),
    "date": (["2024-02-29"], ["2023-02-29", "2024-2-9", "২024-01-01", "2024-01-01\n", "20240101"]),
    "date-time": (
        ["1990-12-31T15:59:60-08:00", "1963-06-19t08:30:06.28z"],
        ["1990-12-31T15:59:60Z", "1990-02-31T15:59:59Z", "1963-06-19 08:30:06Z", "1963-06-19T08:30:06", ""],
    ),
    "duration": (
        ["P4DT12H30M5S", "P4Y", "PT0S", "P1M", "P1W", "P1Y2M3D", "PT1M"],
        ["P", "PT", "P1YT", "P1Y2D", "PT1H2S", "P1WT1H", "-P1D", "PT0.5S", "P1", "1D"],
    ),
    "email": (
        ["joe.bloggs@example.com", '"joe bloggs"@example.com', "j@[127.0.0.1]", "j@[IPv6:::1]", "te~st@a"],
        ["2962", ".a@b.de", "a..b@c.de", "a@b_c.de", "a@[127.0.0.300]", "a@", "@a", "a b@c.de", "a@b@c"],
    ),
    "hostname": (
        ["www.example.com", "a", "1host", "xn--4gbwdl.xn--wgbh1c", "a" * 63],
        ["-a", "a-", "a_b", "a..b", ".a", "a.", "", "a" * 64, "ab--cd", "xn--X", "a." * 127 + "a"],
    ),
    "idn-email": (["실례@실례.테스트", "user@café.com"], ["2962", "a@-b"]),
    "idn-hostname": (["실례.테스트", "www.example.com"], ["〮실례", "example.", "0a.א", "-a", "a" * 64]),
    "ipv4": (["192.168.0.1"], ["256.1.1.1", "127.0.0", "01.1.1.1", "1২7.0.0.1", "127.0.0.1/8"]),
    "ipv6": (["::1", "::ffff:1.2.3.4"], ["12345::", "fe80::a%eth1", "::1\n", "::ffff:1.2.3.04", "laptop"]),
    "iri": (["http://ƒøø.ßår/?∂éœ=πîx#πîüx"], ["/abc", "âππ", "http://ƒøø.ßår/\n"]),
    "iri-reference": (["//ƒøø.ßår/x", "âππ", "#ƒrägmênt"], ["\\\\WINDOWS", "#ƒräg\\mênt"]),
    "json-pointer": (["", "/foo/bar~0/~1", "/"], ["foo", "/foo~", "/~2", "#/"]),
    "regex": (["([abc])+\\s+$"], ["^(abc]", "a\\Z"]),
    "relative-json-pointer": (["0", "100/foo", "0#"], ["/foo", "01/a", "-1/a", "٣/a", "0##"]),
    "time": (
        ["08:30:06Z", "23:59:60Z", "01:29:60+01:30"],
        ["24:00:00Z", "08:30:06", "22:59:60Z", "08:60:00Z"],
    ),
    "uri": (
        [
            "http://a.b/?q=%20#x",
            "urn:a:b",
            "mailto:a@b.de",
            "http://[::1]:80/",
            "http://u:p@h/",
            "http://[v1.x]",
        ],
        [
            "//a/b",
            "/a",
            "a",
            "http:// a",
            ":// a",
            "bar,://x",
            "http://a:b/",
            "http://[::1",
            "http://[::1]x/",
            "h://%zz",
        ],
    ),
    "uri-reference": (["", "/a", "a/b?c#d", "//a", "#"], ["\\\\WINDOWS", "#a\\b", "1a:b", "//[1.2]"]),
    "uri-template": (
        ["http://a/{+path}{/x*}/{?q,r:3}", "{v:9999}", "{%41}", "~a"],
        ["{", "{a b}", "{a..b}", "{v:01}", "a b", "{a,}", "{x=1}", "a}"],
    ),
    "uuid": (
        ["2EB8AA08-aa98-11ea-b4aa-73b441d16380"],
        ["2eb8aa08", "2eb8aa08-aa98-11ea-b4aa-73b441d1638g", ""],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_format_takes_what_its_specification_does(name):
    """Good texts pass, bad ones do not."""
    if name.startswith("idn") or name == "hostname":
        pytest.importorskip("idna")
    good, bad = CASES[name]
    assert [text for text in good if not FORMATS[name](text)] == []
    assert [text for text in bad if FORMATS[name](text)] == []


def test_every_format_is_tested():
    """Draft 3's other names are the same tests."""
    assert FORMATS.keys() - {"ip-address", "host-name"} == CASES.keys()
    assert FORMATS["ip-address"] is FORMATS["ipv4"]
    assert FORMATS["host-name"] is FORMATS["hostname"]


def test_without_idna_its_names_pass(monkeypatch):
    """What cannot be read is not refused; `json_schema` says beforehand that the package is missing."""
    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "idna":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert FORMATS["idn-hostname"]("〮실례")
    assert FORMATS["hostname"]("xn--x")


@given(st.sampled_from(sorted(FORMATS)), st.text(alphabet='aP1T:/?#[]@%{},.-+"~é0Z\n\\ ') | st.text())
def test_any_text_is_judged(name, text):
    """Nothing raises."""
    assert FORMATS[name](text) in (True, False)


@pytest.mark.parametrize("name", FORMATS)
def test_a_long_text_ends_in_time(name):
    """A hundred thousand characters of what starts well take a fraction of a second."""
    start = time.thread_time()
    for unit in ("a", "1", "a.", "%20", "{a}", "{a", "/a", "[", "a@", '"\\a', ":", "P1D"):
        FORMATS[name](unit * 50_000)
    assert time.thread_time() - start < 3
