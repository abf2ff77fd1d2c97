"""Brands: names, products, and a name that belongs to one brand only."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlers.brand import PRODUCT_KINDS, normalised, read_brands
from crawlers.yamlfile import ConfigError
from tests.target_folder import BRANDS, write_config


def errors_of(tmp_path: Path, text: str) -> str:
    (tmp_path / "brands.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_brands(tmp_path)
    return str(caught.value)


def test_names_are_found_whatever_their_case_quotes_and_hyphens(tmp_path: Path) -> None:
    brands = read_brands(write_config(tmp_path))
    for said in ("Вестарна", "ВЕСТАРНА", " вестарна ", "ООО «Вестарна»", 'ООО "Вестарна"', "vestarna", "Vestarna.Example"):
        brand = brands.by_name(said)
        assert brand is not None and brand.slug == "vestarna", said
    assert brands.by_name("Вестарна плюс") is None
    assert normalised("Пойдём! — «Ёлка»-банк") == "пойдем! елка банк"


def test_labels_products_and_official_accounts(tmp_path: Path) -> None:
    brands = read_brands(write_config(tmp_path))
    vestarna, dukator = brands.brands
    assert (vestarna.label("ru"), vestarna.label("en"), dukator.label("en")) == ("Вестарна", "Vestarna", "Дукатор")
    assert vestarna.ours and not dukator.ours
    card = vestarna.product("card")
    assert card is not None and card.kind in PRODUCT_KINDS and card.label("en") == "Карта"
    assert brands.official == {"reviews.example:official"}


def test_doubled_names_slugs_and_accounts_are_errors(tmp_path: Path) -> None:
    more = BRANDS + (
        '  - slug: dukator\n    name: Третий\n    aliases: [ДУКАТОР]\n    accounts: ["reviews.example:official"]\n'
        "    products:\n      - {slug: card, name: А, kind: loan}\n      - {slug: card, name: Б, kind: loan}\n"
    )
    found = errors_of(tmp_path, more)
    assert ":11: brands[2].slug: the slug 'dukator' is taken already, in line 9" in found
    assert ":13: brands[2].aliases[0]: 'ДУКАТОР' is a name of dukator too: a name belongs to one brand" in found
    assert ":14: brands[2].accounts: 'reviews.example:official' is an account of vestarna too" in found
    assert ":17: brands[2].products[1].slug: the slug of a product 'card' is taken already, in line 16" in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("brands: []\n", "brands: "),
        ("brands:\n  - {slug: Ы, name: a}\n", ":2: brands[0].slug: must be of small Latin letters"),
        (
            "brands:\n  - slug: a\n    name: a\n    products:\n      - {slug: b, name: b, kind: card}\n",
            ":5: brands[0].products[0].kind: must be one of debit_card, credit_card",
        ),
        ("brands:\n  - {slug: a, name: {ru: А}}\n", ":2: brands[0].name.en: is missing"),
        ("brands:\n  - {slug: a, name: a, accounts: [b]}\n", ":2: brands[0].accounts[0]: must be `site:id` of an account"),
        ("brands:\n  - {slug: a, name: a, ordinary: [b]}\n", "'b' is not a name or alias of this brand"),
        (
            "brands:\n  - slug: a\n    name: a\n    products: [{slug: general, name: b, kind: loan}]\n",
            "`general` means the company as a whole",
        ),
    ],
)
def test_wrong_brands(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in errors_of(tmp_path, text)
