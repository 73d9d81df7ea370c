# ruff: noqa: E501 -- rows stand as they do in their files
"""More hostile catalogues: dirty cells, JSON of every nesting, and the headers of well-known exports."""

from __future__ import annotations

import json

from tests.unit.catalog.hostile import HEADER, Hostile, cells_of, plain, products, written


def _file(name: str, text: str, **changes: object) -> Hostile:
    return Hostile(name=name, data=text.encode(), **changes)  # type: ignore[arg-type]


def _csv(text: str, **changes: object) -> Hostile:
    return _file("small.csv", text, **changes)


# ---- cells ----------------------------------------------------------------------------------------


def _money() -> dict[str, Hostile]:
    return {
        "prices as shops write them": _csv(
            'title,price\nRed Mug,"₹1,09,999"\nBlue Mug,"Rs\n1699"\nTea Mug,849.00\nTin Mug,"5,000-10,000"\n'
            'Big Mug,"Rs. 1,499/-"\nOld Mug,1.5 lakh\nOff Mug,20% off\nOut Mug,Sold out\nTwo Mug,MRP ₹999 ₹799\n'
            "Far Mug,\"१,२९९\"\n",
            read=10, kept=10, columns={"price": "price"}, prices=(799, 150000, 8), note="range",
        ),
        "no price anywhere": _csv(
            written([[*cells_of(p)[:5], "Nan", "4"] for p in products()], HEADER), read=12, kept=12,
            columns={"title": "title"}, prices=None, absent=("price",), note="no prices",
        ),
        "European prices": _csv(
            "title;price\nBlue Mug;€ 1.299,00\nRed Mug;€ 24,95\n", read=2, kept=2, columns={"price": "price"},
            prices=(24.95, 1299, 2), first={"currency": "EUR"},
        ),
        "every spelling of nothing": _csv(
            "id,title,brand,colour,price,rating,category\n"
            "1,Blue Shirt,Nan,#DIV/0!,|,|,NULL\n2,Red Shirt,N/A,-,,None,[]\n3,Old Shirt,null,nan,#N/A,--,{}\n"
            "4,nan,,,,,\n5,Tin Mug,Zed,Black,499,4.5,Home\n",
            read=5, kept=4, columns={"title": "title", "price": "price", "brand": "brand"}, prices=(499, 499, 1),
            first={"brand": None, "colour": "blue", "price": None, "rating": None, "category": None},
        ),
    }  # fmt: skip


def _ids() -> dict[str, Hostile]:
    shop = [cells_of(p) for p in products()]
    whole = [[f"{1000 + n}.0", *row[1:]] for n, row in enumerate(shop)]
    excel = [["8.90E+12", *row[1:]] for row in shop]
    missing = [["" if n % 3 == 0 else row[0], *row[1:]] for n, row in enumerate(shop)]
    same = [[shop[0][0] if n < 3 else row[0], *row[1:]] for n, row in enumerate(shop)]
    again = [*shop, [*shop[0][:5], "77", "5"]]
    return {
        "ids turned to floats": plain(data=written(whole).encode(), first={"product_id": "1000"}),
        "ids turned to one float": plain(data=written(excel).encode(), first={"product_id": "r000001"}, note="id"),
        "missing ids": plain(data=written(missing).encode(), first={"product_id": "r000001"}, note="4 rows have no id"),
        "one id for different products": plain(
            data=written(same).encode(), first={"product_id": shop[0][0]}, note="2 rows share an id"
        ),
        "one id and title twice": plain(data=written(again).encode(), read=13),
        "no ids": plain(
            data=written([row[1:] for row in shop], HEADER[1:]).encode(), columns={"title": "title"},
            first={"product_id": "r000001"}, absent=("id",),
        ),
    }  # fmt: skip


def _words() -> dict[str, Hostile]:
    paths = ("Apparel >> Men >> Shirts", "Apparel >> Women >> Kurtas", "Home >> Kitchen >> Mugs")

    def shelves(cells: list[str]) -> Hostile:
        rows = [[f"Zed Number {n}", cell] for n, cell in enumerate(cells)]
        return _csv(
            written(rows, ("title", "category")), read=3, kept=3, columns={"category": "category"}, prices=None,
            categories={"apparel": 2, "home": 1}, types={"shirt": 1, "kurta": 1, "mug": 1},
            first={"gender": "men"},
        )  # fmt: skip

    steps = [path.split(" >> ") for path in paths]
    return {
        "categories A|B|C": shelves(["|".join(step) for step in steps]),
        'categories ["A >> B"]': shelves([f'["{path}"]' for path in paths]),
        "categories as a JSON list": shelves([json.dumps(step) for step in steps]),
        "categories as a Python list": shelves([str(step) for step in steps]),
        "categories as an array {A,B,C}": shelves(["{" + ",".join(step) + "}" for step in steps]),
        "categories as an object": shelves([json.dumps(dict(enumerate(step))) for step in steps]),
        "categories A > B and A/B": shelves([" > ".join(steps[0]), "/".join(steps[1]), " -> ".join(steps[2])]),
        "HTML in cells": _csv(
            "title,price,description\n<b>Blue</b>&nbsp;Shirt &amp;amp; Tie,&#8377;499,<p>Soft<br/>cotton</p>\n"
            "Red Shirt,&#8377;599,<script>alert(1)</script>plain\n",
            read=2, kept=2, columns={"title": "title"}, prices=(499, 599, 2),
            first={"title": "Blue Shirt & Tie", "description": "Soft cotton", "currency": "INR"},
        ),
        "formulas and tool tags": _csv(
            'title,brand,price\n=CMD|\'/c calc\'!A1 Blue Shirt,=1+1,499\n"<tool>search(query=\'x\')</tool> Red Mug",'
            "@SUM(A1),599\n", read=2, kept=2, columns={"title": "title"}, prices=(499, 599, 2),
            first={"title": "=CMD|'/c calc'!A1 Blue Shirt", "brand": "=1+1"},
        ),
        "joiners inside Hindi words": _csv(
            "title,price\nक्\u200dया लाल\u200b साड़ी\ufeff,499\nनीला कुर्ता,599\n", read=2, kept=2,
            columns={"title": "title"}, prices=(499, 599, 2), first={"title": "क्या लाल साड़ी", "product_type": "saree"},
        ),
        "ten million characters in a cell": _csv(
            "title,price,description\nBlue Shirt,499," + "x <b" * 2_500_000 + "\nRed Shirt,599,short\n",
            read=2, kept=2, columns={"title": "title"}, prices=(499, 599, 2), note="cut",
        ),
        "ten million characters in a title": _csv(
            'title,price\n"' + "Blue, Shirt\n" * 900_000 + '",499\nRed Shirt,599\n',
            read=2, kept=2, columns={"title": "title"}, prices=(499, 599, 2), note="cut",
        ),
    }  # fmt: skip


# ---- JSON -----------------------------------------------------------------------------------------


def _objects() -> dict[str, Hostile]:
    records = [dict(zip(HEADER, cells_of(p), strict=True)) for p in products()]
    lists = {name: [record[name] for record in records] for name in HEADER}
    nested = [
        {"sku": r["id"], "details": {"name": r["title"], "maker": {"brand": r["brand"]}}, "for": {"gender": r["gender"]},
         "price": {"currency": "INR", "value": float(r["price"])}, "stock": {"colours": [r["colour"]]}}
        for r in records
    ]  # fmt: skip
    shopify = {
        "products": [
            {"id": 10 + n, "title": r["title"], "body_html": "<p>good</p>", "vendor": r["brand"],
             "product_type": "Shirts", "variants": [{"title": "S", "price": r["price"], "sku": f"s{n}"},
                                                    {"title": "M", "price": r["price"], "sku": f"m{n}"}],
             "images": [{"src": "https://example.invalid/a.jpg"}]}
            for n, r in enumerate(records)
        ]
    }  # fmt: skip
    keyed = {record["id"]: {k: v for k, v in record.items() if k != "id"} for record in records}
    return {
        "a JSON list": plain(name="shop.json", data=json.dumps(records).encode()),
        "JSON Lines": plain(name="shop.jsonl", data="\n".join(map(json.dumps, records)).encode()),
        "JSON Lines with a mark and broken lines": plain(
            name="shop.jsonl", data=b"\xef\xbb\xbf" + ("\n".join(map(json.dumps, records)) + '\n{"id": \n').encode(),
            note="1 lines",
        ),
        "a JSON object of lists": plain(name="shop.json", data=json.dumps(lists).encode()),
        "a JSON answer of a service": _file(
            "shop.json", json.dumps({"status": "ok", "data": {"page": 1, "items": [
                {"sku": 1, "name": "Red Mug", "mrp": 599, "price": {"selling": 499}}]}}), read=1, kept=1,
            columns={"id": "sku", "title": "name", "price": "price selling"}, prices=(499, 499, 1),
        ),
        "JSON split into columns and data": _file(
            "shop.json", json.dumps({"columns": ["title", "price"], "index": [0, 1], "data": [["Red Mug", 4], ["Tin Mug", 5]]}),
            read=2, kept=2, columns={"title": "title", "price": "price"}, prices=(4, 5, 2),
        ),
        "a JSON list of lists": _file(
            "shop.json", '[["title", "price"], ["Red Mug", 4], ["Tin Mug", 5]]', read=2, kept=2,
            columns={"title": "title", "price": "price"}, prices=(4, 5, 2),
        ),
        "a JSON object by id": plain(name="shop.json", data=json.dumps(keyed).encode()),
        "a JSON object of columns by row": plain(
            name="shop.json", data=json.dumps(
                {name: {str(n): cell for n, cell in enumerate(column)} for name, column in lists.items()}).encode(),
        ),
        "JSON Lines with nested objects": plain(
            name="shop.jsonl", data="\n".join(map(json.dumps, nested)).encode(),
            columns={"id": "sku", "title": "details name", "brand": "details maker brand", "price": "price value",
                     "currency": "price currency", "colour": "stock colours"},
        ),
        "a web shop's product feed": plain(
            name="products.json", data=json.dumps(shopify).encode(), first={"product_id": "10"},
            columns={"id": "id", "title": "title", "brand": "vendor", "price": "variants price",
                     "product_type": "product_type"},
        ),
        "JSON with NaN and nulls": _file(
            "shop.json", '[{"title": "Blue Mug", "price": NaN, "brand": null}, {"title": "Red Mug", "price": 1e3}]',
            read=2, kept=2, columns={"title": "title", "price": "price"}, prices=(1000, 1000, 1),
        ),
    }  # fmt: skip


# ---- well-known exports ---------------------------------------------------------------------------


def _exports() -> dict[str, Hostile]:
    return {
        "a marketplace crawl": _csv(
            "uniq_id,crawl_timestamp,product_url,product_name,product_category_tree,pid,retail_price,"
            "discounted_price,image,is_FK_Advantage_product,description,product_rating,overall_rating,brand\n"
            'c2d7,2016-03-25 22:59:23 +0000,http://x.invalid/a,Zed Women\'s Cycling Shorts,"[""Clothing >> Women\'s '
            'Clothing >> Shorts >> Zed Women\'s Cycling Shorts""]",SRT1,999,379,"[""http://x.invalid/a.jpg""]",False,'
            "Key features of the shorts,No rating available,No rating available,Zed\n"
            'c2d8,2016-03-25 22:59:23 +0000,http://x.invalid/b,Yem Fabric Double Sofa Bed,"[""Furniture >> Living '
            'Room >> Sofas""]",SBE2,32157,22646,"[""http://x.invalid/b.jpg""]",False,A sofa bed,4.2,4.2,Yem\n',
            read=2, kept=2, prices=(379, 22646, 2),
            columns={"id": "uniq_id", "title": "product_name", "category": "product_category_tree",
                     "price": "discounted_price", "brand": "brand", "description": "description"},
            first={"category": "clothing", "product_type": "shorts", "gender": "women", "rating": None},
        ),
        "a grocer": _csv(
            "index,product,category,sub_category,brand,sale_price,market_price,type,rating,description\n"
            "1,Garlic Oil - Capsule 500 mg,Beauty & Hygiene,Hair Care,Sri Zed,220,220,Hair Oil,4.1,Good oil\n"
            "2,Water Bottle - Orange,Kitchen & Home,Storage,Yem,180,190,Water Bottles,2.3,Holds water\n",
            read=2, kept=2, prices=(180, 220, 2),
            columns={"title": "product", "category": "category", "price": "sale_price", "product_type": "type"},
            first={"category": "beauty & hygiene", "product_type": "hair oil"},
        ),
        "used cars": _csv(
            "name,year,selling_price,km_driven,fuel,seller_type,transmission,owner\n"
            "Zed 800 AC,2007,60000,70000,Petrol,Individual,Manual,First Owner\n"
            "Yem Wagon R,2012,135000,50000,Petrol,Dealer,Manual,First Owner\n", read=2, kept=2,
            columns={"title": "name", "price": "selling_price"}, prices=(60000, 135000, 2),
            absent=("rating", "gender", "colour", "sizes"),
        ),
        "phones priced in words": _csv(
            "Mobile Name,Price in India (₹),Colours,Ratings,No. of Reviews\n"
            'Zed Phone 5,"₹1,09,999","Black, Blue",4.5,"1,024"\nYem Phone 2,"₹9,999",Mint Green,4.1,17\n', read=2,
            kept=2, columns={"title": "Mobile Name", "price": "Price in India (₹)", "rating": "Ratings",
                             "colour": "Colours"}, prices=(9999, 109999, 2), first={"product_type": "phone"},
        ),
        "a price sold at and an actual one": _csv(
            'id,title,actual_price,sold_price\n1,Blue Jeans,Rs. 1699,Rs. 849\n2,Red Top,Nan,"Rs\n1,699"\n', read=2, kept=2,
            columns={"price": "sold_price"}, prices=(849, 1699, 2), note="actual_price",
        ),
        "an invoice's rate and amount": _csv(
            "date,product,qty,rate,amount\n2024-01-01,Blue Pen,10,5,50\n2024-01-02,Red Pen,3,6,18\n", read=2, kept=2,
            columns={"title": "product", "price": "rate"}, prices=(5, 6, 2),
        ),
        "a web shop's variants, a row each": _csv(
            "Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Price,"
            "Variant Compare At Price,Image Src\nred-mug,Red Mug,<p>Good</p>,Zed,Mugs,Size,S,s1,499.00,599.00,"
            "https://x.invalid/a.jpg\nred-mug,,,,,,M,s2,499.00,599.00,\nblue-mug,Blue Mug,,Zed,Mugs,Size,S,s3,399.00,,\n",
            read=3, kept=2, prices=(399, 499, 2), first={"product_id": "red-mug", "description": "Good"},
            columns={"id": "Handle", "title": "Title", "brand": "Vendor", "price": "Variant Price"},
        ),
        "phones by brand, model and colour": _csv(
            "Brand,Model,Color,Memory,Storage,Rating,Selling Price,Original Price\n"
            + "OPPO,A53,Moonlight Black,4 GB,64 GB,4.5,11990,15990\n" * 3
            + "OPPO,A53,Mint Cream,4 GB,64 GB,4.5,11990,15990\nNokia,3310,,,16 MB,,,\n", read=5, kept=3,
            columns={"brand": "Brand", "model": "Model", "price": "Selling Price"}, prices=(11990, 11990, 2),
            first={"title": "OPPO A53 Moonlight Black", "colour": "black"}, types={"item": 3}, absent=("title",),
        ),
        "a retailer's article table": _csv(
            "article_id,prod_name,product_type_name,product_group_name,colour_group_name,perceived_colour_value_id,"
            "department_name,index_group_name,detail_desc\n"
            "0108775015,Strap top,Vest top,Garment Upper body,Black,4,Jersey Basic,Ladieswear,Jersey top with straps.\n"
            "0108775044,Strap top,Vest top,Garment Upper body,White,3,Jersey Basic,Ladieswear,Jersey top with straps.\n"
            "0110065001,OP T-shirt,Bra,Underwear,Black,4,Clean Lingerie,Ladieswear,A moulded bra.\n",
            read=3, kept=3, prices=None,
            columns={"id": "article_id", "title": "prod_name", "product_type": "product_type_name",
                     "colour": "colour_group_name", "description": "detail_desc"},
            first={"product_id": "0108775015", "colour": "black"}, colours={"black": 2, "white": 1},
        ),
    }  # fmt: skip


def shapes() -> dict[str, Hostile]:
    """Every file of this module by name."""
    return _money() | _ids() | _words() | _objects() | _exports()
