"""A brand: a company that is watched, ours or a competitor, with its names and products (`brands.yaml`).

The rule to know: a name belongs to one brand only, and within a brand to one product. Two that share an alias are an error of
the file, because nothing later could tell which of them a post is about. Brands may share names of products («карта»); a product
may have a name of its own brand («Т-Инвестиции»), never one of another brand.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from crawlers.yamlfile import ConfigError, Many, NotEmpty, Strict, Where, YamlFile, check_yaml

PRODUCT_KINDS: tuple[str, ...] = (
    "debit_card", "credit_card", "loan", "mortgage", "deposit", "transfers_fx", "brokerage", "insurance",
    "business_account", "app_online", "branch_support", "mobile_network", "home_internet", "tariffs", "jobs", "flight",
    "general",
)  # fmt: skip
"""What a product can be. Competitors compare by kind, because each names its products its own way."""


def _slug(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", text):
        raise ValueError(f"must be of small Latin letters, digits, `-` and `_`, not {text!r}")
    return text


def _kind(text: str) -> str:
    if text not in PRODUCT_KINDS:
        raise ValueError(f"must be one of {', '.join(PRODUCT_KINDS)}, not {text!r}")
    return text


def _account(text: str) -> str:
    site, _, native = text.partition(":")
    if not site or not native:
        raise ValueError(f"must be `site:id` of an account, as in `vk.com:123`, not {text!r}")
    return text


Slug = Annotated[str, AfterValidator(_slug)]
Name = Annotated[str, Field(min_length=1)]


class Names(Strict):
    """A name in the languages of the dashboard."""

    ru: Name
    en: Name


class Product(Strict):
    """One product of a brand, as its clients call it."""

    slug: Slug
    name: Name | Names
    kind: Annotated[str, AfterValidator(_kind)]
    aliases: Many[Name] = ()
    not_when: Many[Name] = ()

    def label(self, lang: str) -> str:
        """The product's name in `ru` or `en`."""
        return label(self.name, lang)


class Brand(Strict):
    """A company that is watched."""

    slug: Slug
    name: Name | Names
    ours: bool = False
    aliases: Many[Name] = ()
    """Other names, inflected or not, in any script; domains and handles too."""
    not_when: Many[Name] = ()
    """Words beside which a name does not mean this company."""
    ordinary: Many[Name] | None = None
    """Names that are ordinary words besides, found only with evidence; None: the reader's dictionary decides."""
    accounts: Many[Annotated[str, AfterValidator(_account)]] = ()
    """`site:id` of accounts that speak for the company: their posts are official."""
    products: Many[Product] = ()

    def label(self, lang: str) -> str:
        """The brand's name in `ru` or `en`."""
        return label(self.name, lang)

    def names(self) -> tuple[str, ...]:
        """All names of the company as a whole, its label first."""
        return tuple(dict.fromkeys((*labels(self.name), *self.aliases)))

    def product(self, slug: str) -> Product | None:
        """The product with this slug."""
        return next((product for product in self.products if product.slug == slug), None)

    @model_validator(mode="after")
    def _ordinary_are_names(self) -> Brand:
        known = {normalised(name) for name in self.names()}
        for name in self.ordinary or ():
            if normalised(name) not in known:
                raise ValueError(f"`ordinary`: {name!r} is not a name or alias of this brand")
        return self


class Brands(Strict):
    """All watched companies, in the order of the file."""

    brands: Annotated[Many[Brand], NotEmpty]

    @cached_property
    def _by_name(self) -> dict[str, Brand]:
        named = {normalised(name): brand for brand in self.brands for name in brand.names()}
        return {brand.slug: brand for brand in self.brands} | named

    @cached_property
    def _by_slug(self) -> dict[str, Brand]:
        return {brand.slug: brand for brand in self.brands}

    @cached_property
    def official(self) -> frozenset[str]:
        """`site:id` of every account that speaks for a watched company."""
        return frozenset(account for brand in self.brands for account in brand.accounts)

    def by_name(self, text: str) -> Brand | None:
        """The brand with exactly this name, alias or slug; case, ё, quotes and hyphens do not matter."""
        return self._by_name.get(normalised(text)) or self._by_slug.get(text)

    def told_by(self) -> str:
        """Every name that `by_name` knows with its brand, as one text: another one where it would answer otherwise."""
        known = self._by_slug | self._by_name
        return json.dumps({name: brand.slug for name, brand in known.items()}, ensure_ascii=False, sort_keys=True)

    def by_slug(self, slug: str) -> Brand | None:
        """The brand with this slug."""
        return self._by_slug.get(slug)


def labels(name: str | Names) -> tuple[str, ...]:
    """The name in each language; a name without languages is the same in all."""
    return (name,) if isinstance(name, str) else (name.ru, name.en)


def label(name: str | Names, lang: str) -> str:
    """The name in `ru` or `en`."""
    return labels(name)[0 if lang == "ru" else -1]


def normalised(name: str) -> str:
    """A name as it is compared: without case, ё, quotes, hyphens and doubled spaces."""
    text = unicodedata.normalize("NFKC", name).casefold().replace("ё", "е")
    return " ".join(re.sub("[\"'«»„“”‘’`‐‑‒–—-]", " ", text).split())


def read_brands(config: Path) -> Brands:
    """The brands of a configuration folder. Raises ConfigError with everything that is wrong in `brands.yaml`."""
    path = config / "brands.yaml"
    if not path.exists():
        raise ConfigError(path, None, "", "is missing: it says whom to look for; begin with a copy of dags/brands.yaml")
    file = YamlFile(path)
    brands = check_yaml(file, file.data, Brands)
    errors = _doubles(file, brands)
    if errors:
        raise ConfigError.of(errors)
    return brands


def unknown_brands(file: YamlFile, brands: Brands | None) -> list[ConfigError]:
    """The brands that a target's file names in `about` and that are not watched; none where nobody knows which are."""
    about = file.data.get("about")
    mapping = about.get("mapping") if isinstance(about, dict) else None
    named: dict[Where, object] = {("about",): about}
    if isinstance(mapping, dict):
        named |= {("about", "mapping", said): brand for said, brand in mapping.items()}
    return [
        file.error(where, f"{brand!r} isn't in brands.yaml")
        for where, brand in named.items()
        if brands is not None and isinstance(brand, str) and brands.by_name(brand) is None
    ]


def _doubles(file: YamlFile, brands: Brands) -> list[ConfigError]:
    """Slugs, names and accounts that stand twice."""
    errors: list[ConfigError] = []
    slugs: dict[str, Where] = {}
    names: dict[str, Brand] = {}
    accounts: dict[str, str] = {}
    for number, brand in enumerate(brands.brands):
        root: Where = ("brands", number)
        errors += _double(file, slugs, brand.slug, (*root, "slug"), "slug")
        for name, where in _names_with_places(brand, root):
            owner = names.setdefault(normalised(name), brand)
            if owner is not brand:
                errors.append(file.error(where, f"{name!r} is a name of {owner.slug} too: a name belongs to one brand"))
        for account in brand.accounts:
            if accounts.setdefault(account, brand.slug) != brand.slug:
                errors.append(file.error((*root, "accounts"), f"{account!r} is an account of {accounts[account]} too"))
    for number, brand in enumerate(brands.brands):
        errors += _doubles_of_products(file, brand, ("brands", number, "products"), names)
    return errors


def _doubles_of_products(file: YamlFile, brand: Brand, root: Where, brand_names: dict[str, Brand]) -> list[ConfigError]:
    """Slugs and names that two products of a brand share, and names of products that are another brand's."""
    errors: list[ConfigError] = []
    slugs: dict[str, Where] = {}
    names: dict[str, Product] = {}
    for number, product in enumerate(brand.products):
        errors += _double(file, slugs, product.slug, (*root, number, "slug"), "slug of a product")
        if product.slug == "general":
            errors.append(file.error((*root, number, "slug"), "`general` means the company as a whole: choose another"))
        for name, where in _names_with_places(product, (*root, number)):
            company = brand_names.get(normalised(name), brand)
            if company is not brand:
                errors.append(file.error(where, f"{name!r} is a name of the company {company.slug}: another's product can't have it"))
            owner = names.setdefault(normalised(name), product)
            if owner is not product:
                errors.append(file.error(where, f"{name!r} is a name of {owner.slug} too: a name belongs to one product of a brand"))
    return errors


def _double(file: YamlFile, known: dict[str, Where], value: str, where: Where, what: str) -> list[ConfigError]:
    first = known.setdefault(value, where)
    if first == where:
        return []
    return [file.error(where, f"the {what} {value!r} is taken already, in line {file.lines.get(first, 1)}")]


def _names_with_places(named: Brand | Product, root: Where) -> list[tuple[str, Where]]:
    own = [(name, (*root, "name")) for name in labels(named.name)]
    return own + [(name, (*root, "aliases", number)) for number, name in enumerate(named.aliases)]
