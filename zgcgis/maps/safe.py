"""Text that came from elsewhere, on its way into a page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..language.safe_text import markup_text
from .packed.codec import pack_text

__all__ = ["escape_text", "json_for_page", "script_body", "style_body", "told_in_page"]

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_INERT = [*map(ord, "<>&{}\u2028\u2029"), *range(0x7F, 0xA0)]
_UNSAFE = {code: f"\\u{code:04x}" for code in _INERT}


def json_for_page(data: Any) -> str:
    r"""Write data as JSON that is inert in HTML, in a script and in a template.

    Inside strings ``< > & { }``, the two line separators and controls become escapes, so that neither the
    HTML parser nor a template compiler finds anything of its own. Lone surrogates become U+FFFD.

    Examples
    --------
    >>> json_for_page({"a": "</script>{{ 1 }}"})
    '{"a":"\\u003c/script\\u003e\\u007b\\u007b 1 \\u007d\\u007d"}'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _STRING.sub(lambda found: found[0].translate(_UNSAFE), text)


def escape_text(text: str) -> str:
    """Write text so that it is text in HTML, and inert in a template too."""
    return markup_text(text).replace("{", "&#123;").replace("}", "&#125;")


def script_body(code: str) -> str:
    """Make code safe inside a script element: the parser looks for its end and for comments."""
    return re.sub(r"<(?=/script|script|!--)", r"\\x3C", code, flags=re.IGNORECASE)


def style_body(code: str) -> str:
    """Make style rules safe inside a style element."""
    return re.sub(r"</(?=style)", r"<\\/", code, flags=re.IGNORECASE)


_PACKED_FROM = 400_000


def told_in_page(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the data of a page as it stands there: ``json``, or ``packed`` where it is long."""
    text = json_for_page(content)
    return {"json": text} if len(text) < _PACKED_FROM else {"packed": pack_text(text)}
