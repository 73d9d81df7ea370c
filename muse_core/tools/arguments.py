"""Argument types that several tools share, with the words that describe them to a model.

Values are docs/decisions.md#english-arguments: text is trimmed and lower-cased, a size is upper-cased; a
number may come as int or float.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

SortBy = Literal["price_low", "price_high", "rating"]


def _trimmed(text: str) -> str:
    words = text.split()
    if not words:
        raise ValueError("text that is not blank")
    return " ".join(words)


def _lower(text: str) -> str:
    return _trimmed(text).lower()


def _upper(text: str) -> str:
    return _trimmed(text).upper()


def _size_text(value: object) -> object:
    """A size written as a number (`size=8`) is the text '8'."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    return value


def _different(values: list[str]) -> str | list[str]:
    """A list without repeats; the value itself where one is left."""
    kept = list(dict.fromkeys(values))
    return kept[0] if len(kept) == 1 else kept


NonEmpty = Field(min_length=1, max_length=200)
Word = Annotated[str, NonEmpty, AfterValidator(_lower)]
Text = Annotated[str, NonEmpty, AfterValidator(_trimmed)]
SizeWord = Annotated[str, BeforeValidator(_size_text), NonEmpty, AfterValidator(_upper)]
Money = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Stars = Annotated[float, Field(ge=0, le=5, allow_inf_nan=False)]

Several = Field(min_length=1, max_length=4)  # "red or maroon": any of these
Words = Word | Annotated[list[Word], Several, AfterValidator(_different)]
Texts = Text | Annotated[list[Text], Several, AfterValidator(_different)]
SizeWords = SizeWord | Annotated[list[SizeWord], Several, AfterValidator(_different)]

Colour = Annotated[Words | None, Field(description="colour in English, such as 'navy blue'")]
Brand = Annotated[Texts | None, Field(description="brand name as written by its maker")]
Gender = Annotated[Word | None, Field(description="men, women, boys, girls or unisex")]
Size = Annotated[SizeWords | None, Field(description="size such as 'M', 'XL' or '8'")]
Material = Annotated[Words | None, Field(description="material in English, such as 'cotton'")]
Occasion = Annotated[Words | None, Field(description="occasion in English, such as 'wedding'")]
NotWord = Annotated[Words | None, Field(description="what it must not be: 'not cotton'")]
NotBrand = Annotated[Texts | None, Field(description="brands that it must not be of")]
Category = Annotated[
    Word | None, Field(description="shelf of the catalogue, such as 'fashion' or 'electronics'")
]
MinPrice = Annotated[Money | None, Field(description="lowest price, in the catalogue's currency")]
MaxPrice = Annotated[Money | None, Field(description="highest price, in the catalogue's currency")]
MinRating = Annotated[Stars | None, Field(description="lowest rating, 0 to 5 stars")]
Sort = Annotated[SortBy | None, Field(description="order of the results")]
