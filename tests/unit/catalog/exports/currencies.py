# ruff: noqa: E501 -- rows stand as they do in their files
"""One currency a catalogue: symbols, codes, columns, rows."""

from tests.unit.catalog.exports.case import Case, Want

CURRENCIES = (
    Case(
        "a currency column, one row of another",
        "a.csv",
        "name,price,currency\nOak Stool,1299,INR\nClay Lamp,349,INR\nJute Bag,5,USD\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349), "Jute Bag": Want(0)},
        currency="INR",
        noted="USD",
    ),
    Case(
        "euros, a pound row",
        "b.csv",
        "name,price\nOak Stool,€89.00\nClay Lamp,€24.50\nJute Bag,£9.99\nTin Tray,€ 7\n",
        {"Oak Stool": Want(89), "Clay Lamp": Want(24.5), "Jute Bag": Want(0), "Tin Tray": Want(7)},
        currency="EUR",
        noted="GBP",
    ),
    Case(
        "dollars everywhere",
        "c.csv",
        "name,price\nOak Stool,$89.00\nClay Lamp,$24.50\nJute Bag,$9.99\n",
        {"Oak Stool": Want(89), "Clay Lamp": Want(24.5), "Jute Bag": Want(9.99)},
        currency="USD",
    ),
    Case(
        "three columns, the fuller one first; none filled in from another",
        "d.csv",
        "sku,name,Price EUR,Price GBP,Price INR\n1,Oak Stool,14,12,1299\n2,Clay Lamp,4,,349\n3,Jute Bag,,2,249\n4,Tin Tray,3,3,\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349), "Jute Bag": Want(249), "Tin Tray": Want(0)},
        currency="INR",
        noted="EUR",
    ),
    Case(
        "two columns as full as each other: asked",
        "e.csv",
        "name,price_usd,price_eur\nOak Stool,18,17\nClay Lamp,4,3\n",
        {"Oak Stool": Want(), "Clay Lamp": Want()},
        asks="catalog.currency",
    ),
    Case(
        "prices of shops as columns",
        "f.csv",
        "Handle,Title,Variant Price,Price / United States,Price / International\noak,Oak Stool,1299,18,20\nclay,Clay Lamp,349,5,6\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
    ),
    Case(
        "both written in one cell",
        "g.csv",
        "name,price\nOak Stool,Rs 1299 ($16)\nClay Lamp,$4 (Rs 349)\nJute Bag,Rs 249\nTin Tray,Rs 149\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349), "Jute Bag": Want(249), "Tin Tray": Want(149)},
        currency="INR",
    ),
    Case(
        "the code in the header",
        "h.csv",
        "Product,Unit price (AED)\nOak Stool,59\nClay Lamp,16\n",
        {"Oak Stool": Want(59), "Clay Lamp": Want(16)},
        currency="AED",
    ),
    Case(
        "bare numbers among others with a sign",
        "i.csv",
        "name,price\nOak Stool,₹1299\nClay Lamp,349\nJute Bag,US$3\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349), "Jute Bag": Want(0)},
        currency="INR",
    ),
)

COSTS = (
    Case(
        "landed cost, dealer price, price",
        "a.csv",
        "name,Landed Cost,Dealer Price,Retail Price\nOak Stool,500,900,1299\nClay Lamp,120,250,349\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
    ),
    Case(
        "buying price and MRP only",
        "b.csv",
        "Item,Buying Price,M.R.P.\nOak Stool,500,1299\nClay Lamp,120,349\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
    ),
    Case(
        "only a cost: no price at all",
        "c.csv",
        "Item,Cost Price,Stock\nOak Stool,500,12\nClay Lamp,120,40\n",
        {"Oak Stool": Want(0), "Clay Lamp": Want(0)},
    ),
    Case(
        "German: Einkaufspreis and Verkaufspreis",
        "d.csv",
        "Artikel;Einkaufspreis;Verkaufspreis\nOak Stool;50,00;129,90\nClay Lamp;12,00;34,90\n",
        {"Oak Stool": Want(129.9), "Clay Lamp": Want(34.9)},
    ),
    Case(
        "French and Spanish words",
        "e.csv",
        "nom;prix d'achat;prix de vente\nOak Stool;50,00;129,90\nClay Lamp;12,00;34,90\n",
        {"Oak Stool": Want(129.9), "Clay Lamp": Want(34.9)},
    ),
    Case(
        "EK, VK, UVP",
        "f.csv",
        "name;EK netto;VK brutto;UVP\nOak Stool;50,00;129,90;149,00\nClay Lamp;12,00;34,90;39,00\n",
        {"Oak Stool": Want(129.9), "Clay Lamp": Want(34.9)},
    ),
    Case(
        "Hindi: खरीद मूल्य and विक्रय मूल्य",
        "g.csv",
        "नाम,खरीद मूल्य,विक्रय मूल्य\nओक स्टूल,500,1299\nमिट्टी का दीपक,120,349\n",
        {"ओक स्टूल": Want(1299), "मिट्टी का दीपक": Want(349)},
    ),
    Case(
        "vendor price, shipping cost, margin, price",
        "h.csv",
        "name,Vendor Price,Shipping Cost,Margin,Tax,Our Price\nOak Stool,500,40,300,18,1299\nClay Lamp,120,40,90,18,349\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
    ),
    Case(
        "floor price and list price",
        "i.csv",
        "name,Floor Price,Ceiling Price,List Price\nOak Stool,800,1999,1299\nClay Lamp,200,549,349\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
    ),
    Case(
        "transfer price to the outlet, unit cost, sp",
        "j.csv",
        "Item Name,CP,SP,MRP\nOak Stool,500,1299,1499\nClay Lamp,120,349,399\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
    ),
)

MINOR_UNITS = (
    Case(
        "cents in the header",
        "a.csv",
        "name,price_cents,currency\nOak Stool,8900,USD\nClay Lamp,2450,USD\n",
        {"Oak Stool": Want(89), "Clay Lamp": Want(24.5)},
        currency="USD",
    ),
    Case(
        "price in paise, in words",
        "b.csv",
        "name,Price (in paise)\nOak Stool,129900\nClay Lamp,34900\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
    ),
    Case(
        "unit_amount of a payment service",
        "c.json",
        """{"object": "list", "data": [{"id": "price_1", "nickname": null, "unit_amount": 129900, "currency": "inr", "product": {"id": "prod_1", "name": "Oak Stool", "active": true}},
 {"id": "price_2", "nickname": null, "unit_amount": 34900, "currency": "inr", "product": {"id": "prod_2", "name": "Clay Lamp", "active": true}}], "has_more": false}""",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
        currency="INR",
    ),
    Case(
        "centAmount and fractionDigits",
        "d.json",
        """{"limit": 20, "offset": 0, "count": 2, "results": [
 {"id": "a", "key": "os", "name": {"en": "Oak Stool", "hi": "ओक स्टूल"}, "masterVariant": {"id": 1, "sku": "os", "prices": [{"value": {"type": "centPrecision", "currencyCode": "INR", "centAmount": 129900, "fractionDigits": 2}}]}, "variants": []},
 {"id": "b", "key": "cl", "name": {"en": "Clay Lamp", "hi": "मिट्टी का दीपक"}, "masterVariant": {"id": 1, "sku": "cl", "prices": [{"value": {"type": "centPrecision", "currencyCode": "INR", "centAmount": 34900, "fractionDigits": 2}}]}, "variants": []}]}""",
        {"Oak Stool": Want(1299, hindi="ओक स्टूल"), "Clay Lamp": Want(349, hindi="मिट्टी का दीपक")},
        currency="INR",
    ),
    Case(
        "currency_minor_unit beside the price",
        "e.json",
        """[{"id": 1, "name": "Oak Stool", "prices": {"price": "129900", "regular_price": "149900", "sale_price": "129900", "currency_code": "INR", "currency_minor_unit": 2}},
 {"id": 2, "name": "Clay Lamp", "prices": {"price": "34900", "regular_price": "34900", "sale_price": "34900", "currency_code": "INR", "currency_minor_unit": 2}}]""",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
        currency="INR",
    ),
    Case(
        "price_micros",
        "f.csv",
        "id,title,price_micros,currency_code\n1,Oak Stool,1299000000,INR\n2,Clay Lamp,349000000,INR\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
    ),
    Case(
        "yen has no minor unit",
        "g.csv",
        "title,amount_minor,currency\nOak Stool,8900,JPY\nClay Lamp,2450,JPY\n",
        {"Oak Stool": Want(8900), "Clay Lamp": Want(2450)},
        currency="JPY",
    ),
    Case(
        "amount beside a column of nothing else: asked",
        "h.csv",
        "title,amount,currency\n" + "".join(f"Oak Stool {n},{129900 + 1000 * n},INR\n" for n in range(9)),
        asks="catalog.minor_units",
    ),
)
