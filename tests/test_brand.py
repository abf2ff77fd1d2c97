"""Brands: names, products, and a name that belongs to one brand only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crawlers.brand import PRODUCT_KINDS, normalised, read_brands
from crawlers.yamlfile import ConfigError
from tests.target_folder import BRANDS, write_config

ROOT = Path(__file__).parents[1]


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


PRODUCTS = """\
    products:
      - {slug: halva, name: Халва, kind: loan, aliases: [карта]}
      - {slug: card, name: {ru: Карта, en: Card}, kind: debit_card, aliases: [пластик, Дуктатор, «ХАЛВА», пластик]}
"""


def test_a_name_of_two_products_or_of_a_product_and_another_company_is_an_error(tmp_path: Path) -> None:
    text = f"brands:\n  - slug: alfa\n    name: Альфа\n{PRODUCTS}  - slug: dukator\n    name: Дукатор\n    aliases: [Дуктатор]\n"
    assert [line.rpartition("brands.yaml")[2] for line in errors_of(tmp_path, text).splitlines()] == [
        ":6: brands[0].products[1].aliases[1]: 'Дуктатор' is a name of the company dukator: another's product can't have it",
        ":6: brands[0].products[1].aliases[2]: '«ХАЛВА»' is a name of halva too: a name belongs to one product of a brand",
        ":6: brands[0].products[1].name: 'Карта' is a name of halva too: a name belongs to one product of a brand",
    ]


def test_brands_share_names_of_products_and_a_product_has_its_brands_name(tmp_path: Path) -> None:
    products = "[{{slug: card, name: {0} Карта, kind: loan, aliases: [Халва, халва]}}]"
    one = f"  - {{{{slug: {{0}}, name: {{0}}, aliases: [{{0}} Карта], products: {products}}}}}\n"
    (tmp_path / "brands.yaml").write_text("brands:\n" + one.format("alfa") + one.format("beta"), encoding="utf-8")
    assert len(read_brands(tmp_path).brands) == 2


def test_a_wrong_brand_is_the_only_error(tmp_path: Path) -> None:
    assert errors_of(tmp_path, "brands:\n  - {slug: a, name: a, aliases: Альфа}\n").endswith(
        "brands.yaml:2: brands[0].aliases: must be a list, not 'Альфа'"
    )
    assert len(errors_of(tmp_path, "brands:\n  - {slug: a, nmae: a}\n").splitlines()) == 2  # unknown, and missing


def test_the_example_for_contributors_is_right(tmp_path: Path) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## A brand")[2].partition("## A target")[0]
    (tmp_path / "brands.yaml").write_text("brands:\n" + page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    assert read_brands(tmp_path).brands[0].slug == "vestarna"
    command = next(line for line in page.splitlines() if line.startswith("echo "))
    environ = os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    done = subprocess.run(command, shell=True, cwd=ROOT, env=environ, text=True, capture_output=True, timeout=120, check=True)
    assert json.loads(done.stdout.splitlines()[0])["brand"] == "vestarna"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("brands: []\n", ":1: brands: must not be empty"),
        ("brands: &a [*a]\n", ":1: brands: has values more than"),
        ("brands:\n  - {slug: a, name: a, ours: yes}\n", ":2: brands[0].ours: must be true or false, not 'yes'"),
        ("brands:\n  - {slug: Ы, name: a}\n", ":2: brands[0].slug: must be of small Latin letters"),
        (
            "brands:\n  - slug: a\n    name: a\n    products:\n      - {slug: b, name: b, kind: card}\n",
            ":5: brands[0].products[0].kind: must be one of debit_card, credit_card",
        ),
        ("brands:\n  - {slug: a, name: {ru: А}}\n", ":2: brands[0].name.en: is missing"),
        ("brands:\n  - {slug: a, name: a, accounts: [b]}\n", ":2: brands[0].accounts[0]: must be `site:id` of an account"),
        ("brands:\n  - {slug: a, name: a, ordinary: [b]}\n", ":2: brands[0]: `ordinary`: 'b' is not a name or alias of this brand"),
        (
            "brands:\n  - slug: a\n    name: a\n    products: [{slug: general, name: b, kind: loan}]\n",
            "`general` means the company as a whole",
        ),
    ],
)
def test_wrong_brands(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in errors_of(tmp_path, text)
