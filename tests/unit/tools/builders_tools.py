"""A shop of eight products, a shopper, and the real index over them."""

from __future__ import annotations

import io

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.tools.base import ShopWorld, new_world
from muse_core.tools.toolbox import Toolbox
from muse_core.types import JsonValue, Product, Profile, ToolCall, ToolResult


def product(product_id: str = "p1", **facts: object) -> Product:
    """A valid product; anything may be overridden."""
    defaults: dict[str, object] = {
        "product_id": product_id, "title": "Tarang Men Black Cotton Casual Shirt", "product_type": "shirt",
        "category": "fashion", "brand": "Tarang", "colour": "black", "gender": "men", "sizes": ("M", "L"),
        "material": "cotton", "occasion": "casual", "price": 899.0, "rating": 4.0,
    }  # fmt: skip
    return Product(**{**defaults, **facts})  # type: ignore[arg-type]


def profile(**facts: object) -> Profile:
    """A valid shopper."""
    defaults: dict[str, object] = {
        "profile_id": "u1", "side": "train", "language": "mixed", "name": "Asha", "gender": "women",
        "age_group": "25-34", "city": "Pune", "formality": "casual", "style": "ethnic",
        "budget_min": 500.0, "budget_max": 2000.0,
    }  # fmt: skip
    return Profile(**{**defaults, **facts})  # type: ignore[arg-type]


def shop() -> Catalog:
    """Three shirts for men, a saree, two kurtas, headphones and a bottle; p3 has no price or rating."""
    women = {"gender": "women", "sizes": ()}
    thing = {"gender": None, "sizes": (), "occasion": None}
    return Catalog(
        (
            product("p1"),
            _shirt("p2", "Tarang Men Blue Linen Shirt", colour="blue", material="linen",
                   price=1299.0, rating=4.5),
            _shirt("p3", "Nilgiri Men White Shirt", colour="white", brand="Nilgiri",
                   price=None, rating=None),
            product("p4", title="Nilgiri Women Red Silk Saree", product_type="saree", colour="red",
                    brand="Nilgiri", material="silk", occasion="wedding", price=3499.0, rating=4.7, **women),
            product("p5", title="Tarang Women Green Cotton Kurta", product_type="kurta", colour="green",
                    price=749.0, rating=4.2, occasion="ethnic", **women),
            product("p6", title="Dhwani Wireless Headphones", product_type="headphones", price=1999.0,
                    category="electronics", brand="Dhwani", material=None, rating=4.1, **thing),
            product("p7", title="Tarang Women Yellow Kurta <new>", product_type="kurta", colour="yellow",
                    price=1100.5, rating=4.2, occasion="ethnic", **women),
            product("p8", title="Kahani Steel Bottle", product_type="bottle", category="home", price=399.0,
                    brand="Kahani", material="stainless steel", rating=3.9, **thing),
        )
    )  # fmt: skip


def _shirt(product_id: str, title: str, **facts: object) -> Product:
    return product(product_id, title=title, **facts)


def world(shopper: Profile | None = None, attachments: dict[str, bytes] | None = None) -> ShopWorld:
    return new_world(CatalogIndex(shop()), shopper, attachments)


def run(box: Toolbox, name: str, **arguments: JsonValue) -> ToolResult:
    return box.run(ToolCall("c0.0", name, arguments))


def ids(result: ToolResult) -> list[JsonValue]:
    """The product ids of a result that must not be an error."""
    assert result.error is None, result.error
    assert isinstance(result.value, dict) and isinstance(result.value["items"], list)
    return [item["id"] for item in result.value["items"] if isinstance(item, dict)]


def picture(red: int, green: int, blue: int) -> bytes:
    """A box of one colour on white, as PNG."""
    from PIL import Image

    image = Image.new("RGB", (64, 64), (255, 255, 255))
    image.paste((red, green, blue), (16, 8, 48, 56))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def laptops() -> Catalog:
    """Six laptops, a gaming laptop and a bag for one, with facets of every kind; l5 tells none of them."""
    rows = [
        ("l1", "Meghna Book 14", "laptop", 42000.0, 4.1, ("16 gb",), ("intel core i5",), "no"),
        ("l2", "Meghna Book 15", "laptop", 39000.0, 4.4, ("8 gb",), ("intel core i5",), "yes"),
        ("l3", "Tarang Air", "laptop", 61000.0, 4.6, ("16 gb", "32 gb"), ("amd ryzen 7",), "yes"),
        ("l4", "Kahani Intel Core i5 Note", "laptop", 55000.0, None, ("8 gb",), (), "no"),
        ("l5", "Kahani Slate", "laptop", None, 3.9, (), (), ""),
        ("l6", "Tarang Pro", "laptop", 42500.0, 4.0, ("16 gb",), ("intel core i7",), "yes"),
        ("l7", "Dhwani Blaze", "gaming laptop", 90000.0, 4.8, ("32 gb",), ("amd ryzen 7",), "no"),
        ("b1", "Tarang Laptop Bag", "bag", 900.0, 4.2, (), (), ""),
    ]
    return Catalog(tuple(_laptop(*row) for row in rows))


def _laptop(
    product_id: str, title: str, kind: str, price: float | None, rating: float | None,
    memory: tuple[str, ...], processor: tuple[str, ...], touch: str,
) -> Product:  # fmt: skip
    told = {"memory": memory, "processor": processor, "touchscreen": (touch,) if touch else ()}
    return Product(
        product_id, title, kind, category="electronics", brand=title.split()[0], price=price, rating=rating,
        facets={name: values for name, values in told.items() if values},
    )  # fmt: skip


def laptop_box(shopper: Profile | None = None) -> Toolbox:
    return Toolbox(new_world(CatalogIndex(laptops()), shopper))
