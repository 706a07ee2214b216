"""Numbers, addresses and other signs of a person: made comparable, and masked for the screen."""

from __future__ import annotations

import re
import unicodedata

from console.text import clean, clean_line


def natural_key(text: str) -> str:
    """Return an identifier (account, meter, customer number) as it is compared: NFKC, trimmed; case and zeros stay."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return clean_line(unicodedata.normalize("NFKC", clean(text)))


def normalise_phone(text: str) -> str:
    """Return a telephone number as digits, with ``+`` before a foreign country code; empty when there is no digit.

    Chinese numbers are written as they are dialled at home: +86 138… is 138…, +86 10 … is 010….
    """
    folded = unicodedata.normalize("NFKC", text).strip()
    digits = "".join(str(unicodedata.digit(char)) for char in folded if char.isdecimal())
    is_international = folded.startswith("+") or digits.startswith("00")
    if digits.startswith("00"):
        digits = digits[2:]
    if digits.startswith("86") and (is_international or (len(digits) == 13 and digits[2] == "1")):
        home = digits[2:]
        return home if len(home) == 11 and home.startswith("1") else "0" + home.lstrip("0")
    return "+" + digits if is_international and digits else digits


PHONE_DIGITS = (5, 20)
"""Fewest and most digits of a telephone number: short service numbers have five; E.164 allows 15, and extensions follow."""

_PHONE = re.compile(
    r"(?:(?:tel|phone|mobile|fax|fon)[.:]?|电话[::]?|手机[::]?)?[\s+(]{0,4}\d[\d\s().\-/‐-―−·]*"
    r"(?:(?:ext|extension|x|#|转|分机)[.:]?\s*\d{1,6})?",
    re.IGNORECASE,
)


def is_phone(text: str) -> bool:
    """Return whether a text is one telephone number, in any usual writing: digits, what parts them, an extension."""
    folded = unicodedata.normalize("NFKC", text).strip()
    digits = normalise_phone(folded).lstrip("+")
    return (
        PHONE_DIGITS[0] <= len(digits) <= PHONE_DIGITS[1]
        and bool(digits.strip("0"))
        and _PHONE.fullmatch(folded) is not None
    )


def _masked(text: str, first: int, last: int, stars: int) -> str:
    return text[:first] + "*" * stars + (text[-last:] if last else "")


def mask_phone(text: str) -> str:
    """Return a telephone number for the screen: 138****8000; of a shorter one only the end shows."""
    phone = normalise_phone(text)
    count = len(phone.lstrip("+"))
    if count >= 11:
        return _masked(phone, len(phone) - count + 3, 4, count - 7)
    if count >= 8:
        return _masked(phone, 0, 4, len(phone) - 4)
    return _masked(phone, 0, 2, len(phone) - 2) if count >= 5 else "*" * len(phone)


def mask_email(text: str) -> str:
    """Return an e-mail address with only the first letter of the name and the domain shown: ``w***@example.org``."""
    name, at, domain = clean_line(text).rpartition("@")
    return f"{name[:1]}***@{domain}" if at and name else "***" if domain else ""


def mask_identity(text: str) -> str:
    """Return an identity or bank number with the first three and last four characters shown, nothing below 12."""
    number = natural_key(text)
    return _masked(number, 3, 4, len(number) - 7) if len(number) >= 12 else "*" * len(number)


_DISTRICT = re.compile(
    "^.{0,30}?[\u3400-\u9fff](?:特别行政区|自治区|自治州|自治县|[省市区县旗州盟])"
    "(?:.{0,12}?[区县旗](?![\u3400-\u9fff]{0,1}[路街]))?"
)


def mask_address(text: str) -> str:
    """Return an address with its town or district shown only: ``临澜市城中区****``, ``****, Lindan Center``."""
    address = clean_line(text)
    if not address:
        return ""
    district = _DISTRICT.match(address)
    if district:
        return district.group() + "****"
    _, comma, town = address.rpartition(",")
    return f"****, {town.strip()}" if comma and town.strip() and not any(char.isdigit() for char in town) else "****"
