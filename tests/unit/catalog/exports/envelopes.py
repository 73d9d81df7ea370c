# ruff: noqa: E501 -- rows stand as they do in their files
"""The list of products inside what an API or a plug-in wraps around it."""

import json

from tests.unit.catalog.exports.case import Case, Want

TWO = {"Oak Stool": Want(1299), "Clay Lamp": Want(349)}
ITEMS = [{"id": 1, "name": "Oak Stool", "price": 1299}, {"id": 2, "name": "Clay Lamp", "price": 349}]


def _json(name: str, value: object, products: dict[str, Want] = TWO, **more: object) -> Case:
    return Case(name, "shop.json", json.dumps(value, ensure_ascii=False), products, **more)  # type: ignore[arg-type]


ENVELOPES = (
    _json("payload.catalog.entries", {"ok": True, "payload": {"catalog": {"entries": ITEMS}}}),
    _json(
        "GraphQL nodes",
        {
            "data": {
                "collection": {
                    "title": "All",
                    "products": {"nodes": ITEMS, "pageInfo": {"hasNextPage": False}},
                }
            }
        },
    ),
    _json(
        "longer lists of other things",
        {
            "brands": [{"id": n, "name": f"Brand {n}"} for n in range(9)],
            "users": [{"id": n, "name": f"Asha {n}", "email": "a@x.invalid"} for n in range(8)],
            "inventory": ITEMS,
        },
    ),
    _json(
        "orders beside products",
        {"orders": [{"id": n, "total": 1000 + n, "status": "paid"} for n in range(6)], "items": ITEMS},
    ),
    _json(
        "keyed by sku at the root",
        {"os-1": {"title": "Oak Stool", "price": 1299}, "cl-1": {"title": "Clay Lamp", "price": 349}},
    ),
    _json("pages of a crawl", [{"page": 1, "products": ITEMS[:1]}, {"page": 2, "products": ITEMS[1:]}]),
    _json(
        "search hits with _source",
        {
            "took": 3,
            "hits": {
                "total": {"value": 2},
                "hits": [
                    {"_id": "1", "_score": 1.0, "_source": ITEMS[0]},
                    {"_id": "2", "_score": 1.0, "_source": ITEMS[1]},
                ],
            },
        },
    ),
    _json(
        "attributes of a content system",
        {
            "data": [
                {"id": 1, "attributes": {"name": "Oak Stool", "price": 1299}},
                {"id": 2, "attributes": {"name": "Clay Lamp", "price": 349}},
            ],
            "meta": {"pagination": {"page": 1}},
        },
    ),
    _json(
        "columns as arrays of rows",
        {"columns": ["name", "price"], "rows": [["Oak Stool", 1299], ["Clay Lamp", 349]]},
    ),
    _json("a list of lists with a header", [["name", "price"], ["Oak Stool", 1299], ["Clay Lamp", 349]]),
    _json(
        "products under their shelf",
        {"categories": [{"name": "Stools", "products": ITEMS[:1]}, {"name": "Lamps", "products": ITEMS[1:]}]},
    ),
    _json(
        "JSON-LD graph with a website and an aggregate offer",
        {
            "@context": "https://schema.org",
            "@graph": [
                {"@type": "WebSite", "name": "Kiln", "url": "https://x.invalid"},
                {
                    "@type": "Product",
                    "name": "Oak Stool",
                    "brand": {"@type": "Brand", "name": "Kiln"},
                    "offers": {
                        "@type": "AggregateOffer",
                        "lowPrice": 1299,
                        "highPrice": 1599,
                        "priceCurrency": "INR",
                    },
                },
                {
                    "@type": "Product",
                    "name": "Clay Lamp",
                    "offers": [{"@type": "Offer", "price": "349.00", "priceCurrency": "INR"}],
                },
            ],
        },
        currency="INR",
    ),
    _json(
        "JSON-LD group with variants",
        {
            "@context": "https://schema.org",
            "@type": "ProductGroup",
            "name": "Linen Shirt",
            "hasVariant": [
                {
                    "@type": "Product",
                    "name": "Linen Shirt S",
                    "size": "S",
                    "color": "White",
                    "offers": {"price": 899, "priceCurrency": "INR"},
                },
                {
                    "@type": "Product",
                    "name": "Linen Shirt M",
                    "size": "M",
                    "color": "Green",
                    "offers": {"price": 849, "priceCurrency": "INR"},
                },
            ],
        },
        {"Linen Shirt": Want(849, "S M", "white, green")},
    ),
    _json(
        "variants as GraphQL edges",
        {
            "data": {
                "products": {
                    "edges": [
                        {
                            "node": {
                                "title": "Linen Shirt",
                                "productType": "Shirts",
                                "variants": {
                                    "edges": [
                                        {
                                            "node": {
                                                "title": "S / White",
                                                "price": {"amount": "899.0", "currencyCode": "INR"},
                                                "selectedOptions": [
                                                    {"name": "Size", "value": "S"},
                                                    {"name": "Color", "value": "White"},
                                                ],
                                            }
                                        },
                                        {
                                            "node": {
                                                "title": "M / Green",
                                                "price": {"amount": "849.0", "currencyCode": "INR"},
                                                "selectedOptions": [
                                                    {"name": "Size", "value": "M"},
                                                    {"name": "Color", "value": "Green"},
                                                ],
                                            }
                                        },
                                    ]
                                },
                            }
                        },
                        {
                            "node": {
                                "title": "Oak Stool",
                                "productType": "Stools",
                                "variants": {
                                    "edges": [
                                        {
                                            "node": {
                                                "title": "Default Title",
                                                "price": {"amount": "1299.0", "currencyCode": "INR"},
                                            }
                                        }
                                    ]
                                },
                            }
                        },
                    ]
                }
            }
        },
        {"Linen Shirt": Want(849, "S M", "white, green", "shirt"), "Oak Stool": Want(1299, "", noun="stool")},
    ),
    _json(
        "variants with amounts by currency",
        {
            "count": 2,
            "products": [
                {
                    "title": "Linen Shirt",
                    "status": "published",
                    "options": [{"title": "Size"}],
                    "variants": [
                        {
                            "title": "S",
                            "prices": [
                                {"amount": 899, "currency_code": "inr"},
                                {"amount": 12, "currency_code": "usd"},
                            ],
                        },
                        {"title": "M", "prices": [{"amount": 949, "currency_code": "inr"}]},
                    ],
                },
                {
                    "title": "Oak Stool",
                    "status": "published",
                    "variants": [{"title": "Default", "prices": [{"amount": 1299, "currency_code": "inr"}]}],
                },
            ],
        },
        {"Linen Shirt": Want(899, "S M"), "Oak Stool": Want(1299)},
        currency="INR",
    ),
    _json(
        "objects with item_data and price_money",
        {
            "objects": [
                {
                    "type": "ITEM",
                    "id": "A",
                    "item_data": {
                        "name": "Linen Shirt",
                        "variations": [
                            {
                                "type": "ITEM_VARIATION",
                                "id": "A1",
                                "item_variation_data": {
                                    "name": "S",
                                    "price_money": {"amount": 89900, "currency": "INR"},
                                },
                            },
                            {
                                "type": "ITEM_VARIATION",
                                "id": "A2",
                                "item_variation_data": {
                                    "name": "M",
                                    "price_money": {"amount": 84900, "currency": "INR"},
                                },
                            },
                        ],
                    },
                },
                {
                    "type": "ITEM",
                    "id": "B",
                    "item_data": {
                        "name": "Oak Stool",
                        "variations": [
                            {
                                "type": "ITEM_VARIATION",
                                "id": "B1",
                                "item_variation_data": {
                                    "name": "Regular",
                                    "price_money": {"amount": 129900, "currency": "INR"},
                                },
                            }
                        ],
                    },
                },
                {"type": "CATEGORY", "id": "C", "category_data": {"name": "Shirts"}},
            ]
        },
        {"Linen Shirt": Want(849, "S M"), "Oak Stool": Want(1299)},
    ),
    Case(
        "JSON lines: one object a page",
        "pages.jsonl",
        '{"page": 1, "data": {"items": [{"name": "Oak Stool", "price": 1299}]}}\n{"page": 2, "data": {"items": [{"name": "Clay Lamp", "price": 349}]}}\n',
        TWO,
    ),
    Case(
        "bulk lines: variants and pictures point at their parent",
        "bulk.jsonl",
        '{"id": "gid://shop/Product/9", "title": "Linen Shirt", "productType": "Shirts", "status": "ACTIVE"}\n'
        '{"id": "gid://shop/ProductVariant/91", "title": "S", "price": "899.00", "selectedOptions": [{"name": "Size", "value": "S"}], "__parentId": "gid://shop/Product/9"}\n'
        '{"id": "gid://shop/ProductVariant/92", "title": "M", "price": "849.00", "selectedOptions": [{"name": "Size", "value": "M"}], "__parentId": "gid://shop/Product/9"}\n'
        '{"id": "gid://shop/MediaImage/93", "image": {"url": "https://x.invalid/a.jpg"}, "__parentId": "gid://shop/Product/9"}\n'
        '{"id": "gid://shop/Product/8", "title": "Old Lamp", "productType": "Lamps", "status": "DRAFT"}\n'
        '{"id": "gid://shop/ProductVariant/81", "title": "Default Title", "price": "99.00", "__parentId": "gid://shop/Product/8"}\n'
        '{"id": "gid://shop/Product/7", "title": "Oak Stool", "productType": "Stools", "status": "ACTIVE"}\n'
        '{"id": "gid://shop/ProductVariant/71", "title": "Default Title", "price": "1299.00", "__parentId": "gid://shop/Product/7"}\n',
        {"Linen Shirt": Want(849, "S M", noun="shirt"), "Oak Stool": Want(1299, "", noun="stool")},
        left_out=1,
    ),
    _json(
        "one product at the root",
        {"id": 1, "title": "Oak Stool", "price": 1299, "images": [{"src": "a"}, {"src": "b"}]},
        {"Oak Stool": Want(1299)},
    ),
)
