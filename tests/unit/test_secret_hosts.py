"""The hosts of a secret: how they are written, compared, and read from an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.nodes.http_secrets import constant_address
from runledger.nodes.secret_hosts import MAX_HOSTS, allows, normal_host, parse_hosts
from runledger.nodes.secret_use import hidden_uses

HOSTS = ("api.partner.example", "*.shop.example", "pay.example:8443", "192.0.2.7", "[2001:db8::1]")


@pytest.mark.parametrize(
    ("host", "port", "is_allowed"),
    [
        ("api.partner.example", 443, True),
        ("api.partner.example", 80, True),
        ("API.Partner.Example.", 443, True),
        ("api.partner.example", None, True),
        ("partner.example", 443, False),
        ("evil.api.partner.example", 443, False),
        ("api.partner.example.evil.example", 443, False),
        ("apixpartner.example", 443, False),
        ("a.shop.example", 443, True),
        ("a.b.shop.example", 443, True),
        ("shop.example", 443, False),
        ("ashop.example", 443, False),
        ("pay.example", 8443, True),
        ("pay.example", 443, False),
        ("pay.example", None, True),
        ("192.0.2.7", 443, True),
        ("192.0.2.07", 443, False),
        ("0xc0000207", 443, False),
        ("3221225991", 443, False),
        ("2001:db8::1", 443, True),
        ("[2001:DB8:0:0::1]", 443, True),
        ("", 443, False),
        ("api.partner.example@evil.example", 443, False),
    ],
)
def test_only_listed_hosts_are_allowed(host: str, port: int | None, is_allowed: bool) -> None:
    assert allows(HOSTS, host, port) is is_allowed


def test_a_name_is_compared_in_the_form_of_a_lookup() -> None:
    assert parse_hosts(["Bücher.Example."]) == ("xn--bcher-kva.example",)
    assert allows(("xn--bcher-kva.example",), "bücher.example", 443)
    # The Cyrillic a is another letter.
    assert not allows(("api.partner.example",), "\u0430pi.partner.example", 443)


def test_each_entry_is_stored_once_and_in_one_form() -> None:
    written = [" API.partner.example ", "api.partner.example.", "*.Partner.example:443", "::1"]
    assert parse_hosts(written) == ("api.partner.example", "*.partner.example:443", "[::1]")
    assert parse_hosts([]) == ()


@pytest.mark.parametrize(
    "entry",
    [
        *(
            "",
            "*",
            "*.",
            "*.com",
            "*.*.example.com",
            "a.*.example",
            "https://a.example",
            "a.example/",
        ),
        *("a.example/path", "me@a.example", "a.example:0", "a.example:70000", "a.example:x"),
        *(
            "a.example:",
            "a b.example",
            "-a.example",
            "*.192.0.2.7",
            "0x7f.1",
            "127.1",
            "a..example",
        ),
        *("[::1", "a.example\\evil", "{{trigger.cb}}", "a" * 64 + ".example", "a.example?x"),
    ],
)
def test_an_invalid_host_is_refused_and_quoted(entry: str) -> None:
    with pytest.raises(ValueError, match="cannot be allowed"):
        parse_hosts([entry])


def test_the_number_of_hosts_is_limited() -> None:
    parse_hosts(f"h{n}.example" for n in range(MAX_HOSTS))
    with pytest.raises(ValueError, match="at most 20"):
        parse_hosts(f"h{n}.example" for n in range(MAX_HOSTS + 1))


@given(st.text(max_size=40))
def test_no_text_crashes_the_parser(text: str) -> None:
    assert not allows((), text, 443)
    try:
        name = normal_host(text)
    except ValueError:
        return
    assert normal_host(name) == name


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://api.example.com/a", ("https", "api.example.com")),
        ("HTTP://api.example.com:8080", ("http", "api.example.com")),
        ("https://[2001:db8::1]:8443/", ("https", "[2001:db8::1]")),
        ("https://api.example.com/{{trigger.a}}", ("https", "api.example.com")),
        ("https://api.example.com?q={{trigger.a}}", ("https", "api.example.com")),
        ("https://good.example@evil.example/", ("https", "evil.example")),
        ("{{trigger.cb}}", None),
        ("https://{{trigger.host}}/a", None),
        ("https://{{'api.example.com'}}/a", None),
        ("https://api.example.com{{trigger.path}}", None),
        ("https://api.example.com:{{trigger.port}}/", None),
        ("https://{{trigger.user}}@api.example.com/", None),
        ("https://a{% if trigger.x %}/{% else %}.evil.example/{% endif %}", None),
        ("https://a{{ trigger.x | append: '/' }}.example/", None),
        ("https://a{{ trigger.x | append: '/{{' }}.example/", None),
        ("https://api.example.com\\{{trigger.x}}/", None),
        ("{{trigger.scheme}}://api.example.com/", None),
        ("https:{{trigger.x}}//api.example.com/", None),
    ],
)
def test_the_constant_part_of_an_address_is_found(url: str, found: tuple[str, str] | None) -> None:
    assert constant_address(url) == found


@pytest.mark.parametrize(
    "source",
    [
        "{{secret.X}}",
        "Bearer {{ secret.X | strip }}",
        "{{ secret.X | base64_encode }}",
        "{{ secret.X | append: ':' | base64_encode }}",
        "{{ 'me:' | append: secret.X | base64_encode }}",
        "{{ secret.X | base64_encode | url_encode }}",
        "{{ secret.X | base64_url_safe_encode | prepend: 'a' }}",
        "{% if trigger.a %}{{secret.X}}{% else %}{{ secret.Y | json }}{% endif %}",
        "{% for each in trigger.list %}{{ each }}{{secret.X}}{% endfor %}",
        "{{ trigger.a | upcase }} {{secret.X}}",
        "{% case trigger.a %}{% when 1 %}{{secret.X}}{% endcase %}",
    ],
)
def test_these_uses_of_a_secret_are_allowed(source: str) -> None:
    assert hidden_uses(source) == ()


@pytest.mark.parametrize(
    "source",
    [
        "{{ secret.X | url_encode | base64_encode }}",
        "{{ secret.X | base64_encode | base64_encode }}",
        "{{ secret.X | base64_encode | escape }}",
        "{{ secret.X | json | url_encode }}",
        "{{ secret.X | url_encode | url_encode }}",
        "{{ secret.X | url_encode | append: 'a' | base64_encode }}",
        "{{ trigger.a | append: secret.X | url_encode | base64_encode }}",
        *(
            f"{{{{ secret.X | {each} }}}}"
            for each in (
                *("upcase", "downcase", "capitalize", "slice: 0, 4", "truncate: 5", "size"),
                *("split: ''", "replace: 'a', 'b'", "remove: 'a'", "reverse", "first", "last"),
                *("base64_decode", "url_decode", "strip_html", "newline_to_br", "lstrip"),
                *("default: 'x'", "truncatewords: 1", "escape_once", "date: '%Y'", "plus: 1"),
            )
        ),
        "{% assign a = secret.X %}{{ a }}",
        "{% assign a = secret.X | url_encode %}{{ a | base64_encode }}",
        "{% capture a %}{{secret.X}}{% endcapture %}{{ a | base64_encode }}",
        "{% capture a %}{% if trigger.a %}{{secret.X}}{% endif %}{% endcapture %}{{ a }}",
        "{% for c in secret.X %}{{ c }} {% endfor %}",
        "{% if secret.X contains 'a' %}yes{% endif %}",
        "{% case secret.X %}{% when 'a' %}yes{% endcase %}",
        "{% cycle secret.X, 'a' %}",
        "{% echo secret.X | upcase %}",
        "{% liquid\n echo secret.X | slice: 0\n%}",
        "{{ trigger[secret.X] }}",
        "{% unless secret.X == 'a' %}no{% endunless %}",
    ],
)
def test_these_uses_of_a_secret_are_refused(source: str) -> None:
    assert hidden_uses(source)
