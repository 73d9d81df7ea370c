# ruff: noqa: E501 -- rows stand as they do in their files
"""More exports, of other systems and languages, written down after the first ones were right."""

import json

from tests.unit.catalog.exports.case import Case, Want

TWO = {"Oak Stool": Want(1299), "Clay Lamp": Want(349)}


def _json(name: str, value: object, products: dict[str, Want] = TWO, **more: object) -> Case:
    return Case(name, "shop.json", json.dumps(value, ensure_ascii=False), products, **more)  # type: ignore[arg-type]


FURTHER = (
    Case(
        "prestashop",
        "p.csv",
        """Product ID;Active (0/1);Name *;Categories (x,y,z...);Price tax excluded;Tax rules ID;Wholesale price;On sale (0/1);Discount amount;Reference #;Manufacturer;Quantity
1;1;Oak Stool;Home,Stools;1299.00;1;500.00;0;;OS;Kiln;4
2;1;Clay Lamp;Home,Lamps;349.00;1;120.00;0;;CL;Kiln;9
3;0;Old Tray;Home,Trays;99.00;1;20.00;0;;OT;Kiln;0
""",
        TWO,
        left_out=1,
    ),
    Case(
        "woo italian",
        "w.csv",
        """ID,Tipo,COD,Nome,Pubblicato,"Visibilità nel catalogo","In stock?","Prezzo in offerta","Prezzo di listino",Categorie,Genitore,"Nome dell'attributo 1","Valore dell'attributo 1"
1,variable,ls,Linen Shirt,1,visible,1,,,Moda > Shirts,,Taglia,"S, M"
2,variation,ls-s,Linen Shirt - S,1,visible,1,"39,90","49,90",,ls,Taglia,S
3,variation,ls-m,Linen Shirt - M,1,visible,1,,"49,90",,ls,Taglia,M
4,simple,os,Oak Stool,1,visible,1,,"129,00",Casa > Stools,,,
""",
        {"Linen Shirt": Want(39.9, "S M"), "Oak Stool": Want(129)},
    ),
    Case(
        "woo portuguese",
        "w.csv",
        """ID,Tipo,SKU,Nome,Publicado,Visibilidade no catálogo,Em estoque?,Preço promocional,Preço,Categorias,Ascendente,Nome do atributo 1,Valores do atributo 1
1,variable,ls,Linen Shirt,1,visible,1,,,Moda > Shirts,,Tamanho,"P, M"
2,variation,ls-s,Linen Shirt - P,1,visible,1,39.90,49.90,,ls,Tamanho,P
3,variation,ls-m,Linen Shirt - M,1,visible,1,,49.90,,ls,Tamanho,M
4,simple,os,Oak Stool,1,visible,1,,129.00,Casa > Stools,,,
5,simple,ol,Old Lamp,0,visible,1,,29.00,Casa > Lamps,,,
""",
        {"Linen Shirt": Want(39.9, "P M"), "Oak Stool": Want(129)},
        left_out=1,
    ),
    Case(
        "woo dutch",
        "w.csv",
        """ID,Type,SKU,Naam,Gepubliceerd,Zichtbaarheid in catalogus,Op voorraad?,Actieprijs,Reguliere prijs,Categorieën,Hoofd,Naam kenmerk 1,Waarde(n) kenmerk 1
1,variable,ls,Linen Shirt,1,visible,1,,,Mode > Shirts,,Maat,"S, M"
2,variation,ls-s,Linen Shirt - S,1,visible,1,"39,90","49,90",,ls,Maat,S
3,variation,ls-m,Linen Shirt - M,1,visible,1,,"49,90",,ls,Maat,M
4,simple,os,Oak Stool,1,visible,1,,"129,00",Huis > Stools,,,
""",
        {"Linen Shirt": Want(39.9, "S M"), "Oak Stool": Want(129)},
    ),
    Case(
        "woo hindi headers",
        "w.csv",
        """आईडी,प्रकार,SKU,नाम,प्रकाशित,बिक्री मूल्य,नियमित मूल्य,श्रेणियां,मूल
1,variable,ls,Linen Shirt,1,,,Shirts,
2,variation,ls-s,Linen Shirt - S,1,399,499,,ls
3,simple,os,Oak Stool,1,,1299,Stools,
4,simple,ol,Old Lamp,0,,129,Lamps,
""",
        {"Linen Shirt": Want(399), "Oak Stool": Want(1299)},
        left_out=1,
    ),
    Case(
        "etsy",
        "e.csv",
        """TITLE,DESCRIPTION,PRICE,CURRENCY_CODE,QUANTITY,TAGS,MATERIALS,IMAGE1,VARIATION 1 TYPE,VARIATION 1 NAME,VARIATION 1 VALUES,VARIATION 2 TYPE,VARIATION 2 NAME,VARIATION 2 VALUES,SKU
Linen Shirt,Airy,899,INR,4,"a,b",linen,https://x.invalid/a.jpg,Size,Size,"S,M",Primary color,Color,"White,Green",ls
Oak Stool,Solid,1299,INR,2,,oak,https://x.invalid/b.jpg,,,,,,,os
""",
        {"Linen Shirt": Want(899, "S M", "white,green"), "Oak Stool": Want(1299)},
        currency="INR",
    ),
    Case(
        "matrixify",
        "m.csv",
        """ID,Handle,Command,Title,Body HTML,Vendor,Type,Status,Published,Row #,Top Row,Variant ID,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Compare At Price,Variant Cost
901,linen-shirt,MERGE,Linen Shirt,x,Kiln,Shirts,Active,TRUE,1,TRUE,11,Size,S,a,899,999,300
901,linen-shirt,MERGE,Linen Shirt,x,Kiln,Shirts,Active,TRUE,2,,12,Size,M,b,849,999,300
902,oak-stool,MERGE,Oak Stool,x,Kiln,Stools,Active,TRUE,1,TRUE,13,Title,Default Title,c,1299,,500
903,old-lamp,MERGE,Old Lamp,x,Kiln,Lamps,Draft,FALSE,1,TRUE,14,Title,Default Title,d,99,,50
""",
        {"Linen Shirt": Want(849, "S M", noun="shirt"), "Oak Stool": Want(1299)},
        left_out=1,
    ),
    Case(
        "lightspeed",
        "l.csv",
        """id,handle,sku,composite_name,name,type,variant_option_one_name,variant_option_one_value,variant_option_two_name,variant_option_two_value,tags,supply_price,retail_price,brand_name,active
1,linenshirt,ls1,,Linen Shirt,Shirts,Size,S,Color,White,,300,899,Kiln,1
2,linenshirt,ls2,,Linen Shirt,Shirts,Size,M,Color,Green,,300,849,Kiln,1
3,oakstool,os,,Oak Stool,Stools,,,,,,500,1299,Kiln,1
4,oldlamp,ol,,Old Lamp,Lamps,,,,,,50,99,Kiln,0
""",
        {"Linen Shirt": Want(849, "S M", "white,green", "shirt"), "Oak Stool": Want(1299)},
        left_out=1,
    ),
    Case(
        "bigcommerce v2",
        "b.csv",
        """Item Type,Product ID,Product Name,Product Type,Product Code/SKU,Option Set,Brand Name,Price,Cost Price,Retail Price,Sale Price,Product Visible?,Category
Product,11,Linen Shirt,P,LS,Set,Kiln,899,300,999,,Y,Shirts
  SKU,1,"[S]Size=S,[S]Color=White",,LS-S,,,,,,,,
  SKU,2,"[S]Size=M,[S]Color=Green",,LS-M,,,,,,,,
Product,12,Oak Stool,P,OS,,Kiln,1299,500,,,Y,Stools
Product,13,Old Lamp,P,OL,,Kiln,99,50,,,N,Lamps
""",
        {"Linen Shirt": Want(899), "Oak Stool": Want(1299)},
        left_out=1,
    ),
    Case(
        "flipkart",
        "f.csv",
        """Seller SKU ID,Listing Status,Product Title,MRP,Your selling price,Brand Colour,Size,Stock,Parent SKU
Seller's identifier for a listing,Inactive listings are not available for buyers,Title of the product as shown,Maximum retail price of the product,Price at which you want to sell,Color as by the brand,Size,Number of items in stock,
Single - Text,Single - Text,Single - Text,Single - Decimal,Single - Decimal,Single - Text,Single - Text,Single - Positive_integer,
os,ACTIVE,Oak Stool,1499,1299,Brown,,4,
cl,ACTIVE,Clay Lamp,399,349,Red,,9,
ol,INACTIVE,Old Lamp,199,99,Red,,0,
""",
        TWO,
        left_out=3,
    ),
    Case(
        "meesho 3 rows",
        "m.csv",
        """Meesho Catalog Template v4,,,,
Product Details,,Price,,
Product Name,Brand,Meesho Price,MRP,Color
Compulsory,Optional,Compulsory,Compulsory,Compulsory
Oak Stool,Kiln,1299,1499,Brown
Clay Lamp,Kiln,349,399,Red
""",
        TWO,
        left_out=1,
    ),
    Case(
        "vyapar",
        "v.csv",
        """Item name*,Item code,HSN,Sale price,Purchase price,Discount Type,Sale Discount,Opening stock quantity,Tax Rate
Oak Stool,OS,9401,1299,500,Discount Amount,0,4,GST@18%
Clay Lamp,CL,6912,349,120,Discount Amount,0,9,GST@12%
""",
        TWO,
    ),
    Case(
        "marg",
        "m.csv",
        """Kiln Traders - Rate List,,,,
As on 12-11-2026,,,,
,,,,
Sr.,Item,P.Rate,S.Rate,M.R.P.
1,Oak Stool,500,1299,1499
2,Clay Lamp,120,349,399
,TOTAL,620,1648,
""",
        TWO,
        left_out=1,
    ),
    Case(
        "facebook",
        "f.csv",
        """# Required | The unique id,# Required | The title,# Required | availability,# Required | price
id,title,availability,price
os,Oak Stool,in stock,1299 INR
cl,Clay Lamp,in stock,349 INR
""",
        TWO,
    ),
    Case(
        "odoo record kinds en",
        "o.csv",
        """Name,Can be Sold,Product Type,Sales Price,Cost,Quantity On Hand,Active
Oak Stool,True,Storable Product,1299,500,4,True
Clay Lamp,True,Consumable,349,120,9,True
Workshop hour,True,Service,500,0,0,True
Raw Oak,False,Storable Product,99,50,4,True
""",
        TWO,
        left_out=2,
    ),
    Case(
        "sap",
        "s.csv",
        """Material;Material Description;Material Type;Base Unit;Standard Price;Sales Price;Currency;Deletion Flag
100;Oak Stool;FERT;PC;500,00;1.299,00;INR;
101;Clay Lamp;HAWA;PC;120,00;349,00;INR;
102;Old Lamp;HAWA;PC;20,00;99,00;INR;X
""",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
        left_out=1,
    ),
    Case(
        "tax incl/excl",
        "t.csv",
        """name,price_excl_tax,price_incl_tax
Oak Stool,1100.85,1299
Clay Lamp,295.76,349
""",
        TWO,
    ),
    Case(
        "kwd",
        "k.csv",
        "name,price,currency\nOak Stool,12.500,KWD\nClay Lamp,3.250,KWD\n",
        {"Oak Stool": Want(12.5), "Clay Lamp": Want(3.25)},
        currency="KWD",
    ),
    Case(
        "per-row currency majority USD",
        "k.csv",
        "name,price,currency\nOak Stool,12.50,USD\nClay Lamp,3.25,USD\nJute Bag,499,INR\n",
        {"Oak Stool": Want(12.5), "Clay Lamp": Want(3.25), "Jute Bag": Want(0)},
        currency="USD",
        noted="INR",
    ),
    Case(
        "currency codes around",
        "k.csv",
        "name,price\nOak Stool,1299 INR\nClay Lamp,349 INR\nJute Bag,EUR 9\nTin Tray,9 €\n",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349), "Jute Bag": Want(0), "Tin Tray": Want(0)},
        currency="INR",
        noted="EUR",
    ),
    Case(
        "price_inr price_usd sale",
        "k.csv",
        "name,sale_price_usd,sale_price_inr,mrp_inr\nOak Stool,18,1299,1499\nClay Lamp,4,349,399\n",
        TWO,
        currency="INR",
    ),
    Case(
        "pence",
        "k.csv",
        "sku,name,unit_price_pence\nos,Oak Stool,8900\ncl,Clay Lamp,2450\n",
        {"Oak Stool": Want(89), "Clay Lamp": Want(24.5)},
    ),
    Case(
        "price in cents words",
        "k.csv",
        "name,Price (cents),Currency\nOak Stool,8900,EUR\nClay Lamp,2450,EUR\n",
        {"Oak Stool": Want(89), "Clay Lamp": Want(24.5)},
        currency="EUR",
    ),
    _json(
        "amount in cents json",
        [
            {"name": "Oak Stool", "price": {"amount_in_cents": 129900, "currency": "INR"}},
            {"name": "Clay Lamp", "price": {"amount_in_cents": 34900, "currency": "INR"}},
        ],
    ),
    _json(
        "priceCents",
        {"data": [{"name": "Oak Stool", "priceCents": 129900}, {"name": "Clay Lamp", "priceCents": 34900}]},
    ),
    _json(
        "priceMinor+ currency minor",
        {
            "items": [
                {"name": "Oak Stool", "price_minor": 129900, "currency": "INR"},
                {"name": "Clay Lamp", "price_minor": 34900, "currency": "INR"},
            ]
        },
    ),
    _json(
        "saleor",
        {
            "data": {
                "products": {
                    "totalCount": 2,
                    "edges": [
                        {
                            "node": {
                                "id": "a",
                                "name": "Oak Stool",
                                "category": {"name": "Stools"},
                                "pricing": {
                                    "priceRange": {
                                        "start": {"gross": {"amount": 1299.0, "currency": "INR"}},
                                        "stop": {"gross": {"amount": 1499.0, "currency": "INR"}},
                                    }
                                },
                            }
                        },
                        {
                            "node": {
                                "id": "b",
                                "name": "Clay Lamp",
                                "category": {"name": "Lamps"},
                                "pricing": {
                                    "priceRange": {
                                        "start": {"gross": {"amount": 349.0, "currency": "INR"}},
                                        "stop": {"gross": {"amount": 399.0, "currency": "INR"}},
                                    }
                                },
                            }
                        },
                    ],
                }
            }
        },
    ),
    _json(
        "strapi v5",
        {
            "data": [
                {
                    "id": 1,
                    "documentId": "x",
                    "name": "Oak Stool",
                    "price": 1299,
                    "category": {"id": 3, "name": "Stools"},
                },
                {
                    "id": 2,
                    "documentId": "y",
                    "name": "Clay Lamp",
                    "price": 349,
                    "category": {"id": 4, "name": "Lamps"},
                },
            ],
            "meta": {"pagination": {"page": 1, "total": 2}},
        },
    ),
    _json(
        "algolia",
        {
            "hits": [
                {
                    "objectID": "1",
                    "name": "Oak Stool",
                    "price": 1299,
                    "_highlightResult": {"name": {"value": "Oak Stool", "matchLevel": "none"}},
                },
                {
                    "objectID": "2",
                    "name": "Clay Lamp",
                    "price": 349,
                    "_highlightResult": {"name": {"value": "Clay Lamp", "matchLevel": "none"}},
                },
            ],
            "nbHits": 2,
            "facets": {"brand": {"Kiln": 2}},
        },
    ),
    _json(
        "firebase",
        {"-Nx1": {"name": "Oak Stool", "price": 1299}, "-Nx2": {"name": "Clay Lamp", "price": 349}},
    ),
    _json(
        "root object of shelves",
        {"stools": [{"name": "Oak Stool", "price": 1299}], "lamps": [{"name": "Clay Lamp", "price": 349}]},
    ),
    _json(
        "merchant api",
        {
            "products": [
                {
                    "name": "accounts/1/products/a",
                    "offerId": "a",
                    "productAttributes": {
                        "title": "Oak Stool",
                        "price": {"amountMicros": "1299000000", "currencyCode": "INR"},
                    },
                },
                {
                    "name": "accounts/1/products/b",
                    "offerId": "b",
                    "productAttributes": {
                        "title": "Clay Lamp",
                        "price": {"amountMicros": "349000000", "currencyCode": "INR"},
                    },
                },
            ]
        },
    ),
    _json(
        "content api",
        {
            "kind": "content#productsListResponse",
            "resources": [
                {
                    "kind": "content#product",
                    "id": "a",
                    "title": "Oak Stool",
                    "price": {"value": "1299.00", "currency": "INR"},
                },
                {
                    "kind": "content#product",
                    "id": "b",
                    "title": "Clay Lamp",
                    "price": {"value": "349.00", "currency": "INR"},
                },
            ],
        },
    ),
    _json(
        "variants dict",
        {
            "products": [
                {"name": "Linen Shirt", "variants": {"S": {"price": 899}, "M": {"price": 849}}},
                {"name": "Oak Stool", "price": 1299},
            ]
        },
        {"Linen Shirt": Want(849, "S M"), "Oak Stool": Want(1299)},
    ),
    _json(
        "woo variations inline",
        {
            "products": [
                {
                    "name": "Linen Shirt",
                    "type": "variable",
                    "variations": [
                        {"id": 1, "price": "899", "attributes": [{"name": "Size", "option": "S"}]},
                        {"id": 2, "price": "849", "attributes": [{"name": "Size", "option": "M"}]},
                    ],
                },
                {"name": "Oak Stool", "type": "simple", "price": "1299", "variations": []},
            ]
        },
        {"Linen Shirt": Want(849, "S M"), "Oak Stool": Want(1299)},
    ),
    _json(
        "shopify with color option",
        {
            "products": [
                {
                    "title": "Linen Shirt",
                    "options": [
                        {"name": "Color", "values": ["White", "Green"]},
                        {"name": "Size", "values": ["S", "M"]},
                    ],
                    "variants": [
                        {"title": "White / S", "option1": "White", "option2": "S", "price": "899.00"},
                        {"title": "Green / M", "option1": "Green", "option2": "M", "price": "849.00"},
                    ],
                },
                {
                    "title": "Oak Stool",
                    "options": [{"name": "Title", "values": ["Default Title"]}],
                    "variants": [{"title": "Default Title", "option1": "Default Title", "price": "1299.00"}],
                },
            ]
        },
        {"Linen Shirt": Want(849, "S M", "white,green"), "Oak Stool": Want(1299, "", "")},
    ),
    _json(
        "inactive in json",
        {
            "products": [
                {"title": "Oak Stool", "price": 1299, "is_active": True},
                {"title": "Clay Lamp", "price": 349, "is_active": True},
                {"title": "Old Lamp", "price": 99, "is_active": False},
            ]
        },
        left_out=1,
    ),
    _json(
        "localized titles",
        [
            {"title": {"en": "Oak Stool", "hi": "ओक स्टूल"}, "price": 1299},
            {"title": {"en": "Clay Lamp", "hi": "दीपक"}, "price": 349},
        ],
        {"Oak Stool": Want(1299, hindi="ओक स्टूल"), "Clay Lamp": Want(349, hindi="दीपक")},
    ),
    _json(
        "ld single product",
        {
            "@context": "https://schema.org",
            "@type": "Product",
            "name": "Oak Stool",
            "offers": {"@type": "Offer", "price": "1299", "priceCurrency": "INR"},
        },
        {"Oak Stool": Want(1299)},
    ),
    _json(
        "ld list",
        [
            {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "name": "Home"}]},
            {"@type": "Product", "name": "Oak Stool", "offers": {"price": 1299}},
            {"@type": "Product", "name": "Clay Lamp", "offers": {"price": 349}},
        ],
    ),
    Case(
        "lines with arrays",
        "x.jsonl",
        '[{"name": "Oak Stool", "price": 1299}]\n[{"name": "Clay Lamp", "price": 349}]\n',
        TWO,
    ),
    Case(
        "jsonp",
        "x.json",
        'callback({"products": [{"name": "Oak Stool", "price": 1299}]});',
        {},
        refused="JSON",
    ),
    Case(
        "js assignment",
        "x.js",
        'window.__DATA__ = {"products": [{"name": "Oak Stool", "price": 1299}]};',
        {},
        refused="script",
    ),
    Case(
        "xml soap fault",
        "x.xml",
        '<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultstring>Bad key</faultstring></soap:Fault></soap:Body></soap:Envelope>',
        {},
        refused="Bad key",
    ),
    Case(
        "blog rss",
        "x.xml",
        '<rss version="2.0"><channel><title>Blog</title><item><title>News of today</title><link>https://x.invalid/1</link><description>Words</description></item><item><title>More news</title><link>https://x.invalid/2</link><description>Words</description></item></channel></rss>',
        {},
        refused="without products",
    ),
    Case(
        "billion laughs",
        "x.xml",
        '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><products><product><name>&lol2;</name><price>1</price></product></products>',
        {},
        refused="document type",
    ),
    Case(
        "prices nested xml",
        "x.xml",
        '<catalog><book id="1"><title>Oak Book</title><price currency="INR">1299</price><author>A</author></book><book id="2"><title>Clay Book</title><price currency="INR">349</price><author>B</author></book></catalog>',
        {"Oak Book": Want(1299), "Clay Book": Want(349)},
    ),
    Case(
        "html frag with bom",
        "x.csv",
        "\ufeff<table><thead><tr><th>Name</th></tr></thead></table>",
        {},
        refused="HTML",
    ),
    Case("403 text", "x.csv", "403 Forbidden\nnginx\n", {}, refused="error"),
    Case(
        "json string error",
        "x.json",
        '{"status": "error", "message": "Invalid API key", "data": []}',
        {},
        refused="Invalid API key",
    ),
    Case("json empty list", "x.json", '{"products": [], "count": 0}', {}, refused="no"),
    Case(
        "json auth",
        "x.json",
        '{"timestamp":"2026-11-01","status":401,"error":"Unauthorized","path":"/products"}',
        {},
        refused="Unauthorized",
    ),
    Case(
        "mixed decimals indian",
        "m.csv",
        'name,price\nA Stool,"1,49,999.00"\nB Stool,"12,499.50"\nC Stool,999\nD Stool,"2,499"\n',
        {"A Stool": Want(149999), "B Stool": Want(12499.5), "C Stool": Want(999), "D Stool": Want(2499)},
    ),
    Case(
        "decimal comma no thousands",
        "m.csv",
        "name;price\nA Stool;149,00\nB Stool;12,5\nC Stool;999\nD Stool;2499,90\n",
        {"A Stool": Want(149), "B Stool": Want(12.5), "C Stool": Want(999), "D Stool": Want(2499.9)},
    ),
    Case(
        "nbsp thousands kr",
        "m.csv",
        "name;price\nA Stool;1\u00a0499 kr\nB Stool;12\u00a0499,50 kr\nC Stool;999 kr\n",
        {"A Stool": Want(1499), "B Stool": Want(12499.5), "C Stool": Want(999)},
        currency="SEK",
    ),
    Case(
        "euro suffix",
        "m.csv",
        "name;price\nA Stool;1.499,00€\nB Stool;24,9 €\nC Stool;€ 999\n",
        {"A Stool": Want(1499), "B Stool": Want(24.9), "C Stool": Want(999)},
        currency="EUR",
    ),
    Case(
        "texts 2",
        "m.csv",
        'name,price\nA Stool,"MRP 1,999 Offer Price 1,499"\nB Stool,"₹ 899 only/-"\nC Stool,"Contact us"\nD Stool,"₹999/pair"\nE Stool,"Rs 799 (excl. GST)"\nF Stool,"₹499 onwards"\nG Stool,"TBD"\nH Stool,"₹ 1,299.00 per piece"\nI Stool,"Was ₹999 Now ₹799"\nJ Stool,"₹1299 (₹650/kg)"\n',
        {
            "A Stool": Want(1499),
            "B Stool": Want(899),
            "C Stool": Want(0),
            "D Stool": Want(999),
            "E Stool": Want(799),
            "F Stool": Want(499),
            "G Stool": Want(0),
            "H Stool": Want(1299),
            "I Stool": Want(799),
            "J Stool": Want(1299),
        },
    ),
    Case("cost words", "c.csv", "Item,Cost (Rs),MRP (Rs)\nOak Stool,500,1299\nClay Lamp,120,349\n", TWO),
    Case(
        "cost words 2",
        "c.csv",
        "Item,Purchase Cost,Selling Price (incl. GST),Wholesale Rate\nOak Stool,500,1299,900\nClay Lamp,120,349,250\n",
        TWO,
    ),
    Case(
        "cost words 3",
        "c.csv",
        "name,buy_rate,retail,dealer_rate\nOak Stool,500,1299,900\nClay Lamp,120,349,250\n",
        TWO,
    ),
    Case(
        "cost words 4",
        "c.csv",
        "Item Name,Last Purchase Price,Avg Cost,Sales Price\nOak Stool,500,510,1299\nClay Lamp,120,121,349\n",
        TWO,
    ),
    Case(
        "cost words 5",
        "c.csv",
        "Item Name,Reseller Price,Price\nOak Stool,900,1299\nClay Lamp,250,349\n",
        TWO,
    ),
    Case(
        "cost words es",
        "c.csv",
        "Producto;Precio de costo;Precio de venta\nOak Stool;500,00;1299,00\nClay Lamp;120,00;349,00\n",
        TWO,
    ),
    Case(
        "total variants",
        "t.csv",
        "Product,Price\nOak Stool,1299\nClay Lamp,349\nTotal:,1648\n",
        TWO,
        left_out=1,
    ),
    Case(
        "total variants 2",
        "t.csv",
        "Sl No,Product,Price\n1,Oak Stool,1299\n2,Clay Lamp,349\n,Grand Total,1648\n",
        TWO,
        left_out=1,
    ),
    Case(
        "sum de",
        "t.csv",
        "Artikel;Menge;Preis\nOak Stool;1;1299,00\nClay Lamp;2;349,00\nSumme;3;1648,00\n",
        TWO,
        left_out=1,
    ),
    Case(
        "footer notes",
        "t.csv",
        "Product,Price\nOak Stool,1299\nClay Lamp,349\n* Prices include GST,\nGenerated on 12-11-2026,\n",
        TWO,
        left_out=2,
    ),
    Case(
        "mandatory de",
        "t.csv",
        "Produktname;Preis;Farbe\nPflichtfeld;Pflichtfeld;Optional\nOak Stool;1299,00;Brown\nClay Lamp;349,00;Red\n",
        TWO,
        left_out=1,
    ),
    Case(
        "type: Product/Service",
        "t.csv",
        "Name,Type,Price\nOak Stool,Product,1299\nClay Lamp,Product,349\nHome visit,Service,99\n",
        TWO,
        left_out=1,
    ),
    Case(
        "woo booleans words",
        "t.csv",
        "Name,Visible,Price\nOak Stool,Yes,1299\nClay Lamp,Yes,349\nOld Lamp,No,99\n",
        TWO,
        left_out=1,
    ),
    Case(
        "unlisted",
        "t.csv",
        "Title,State,Price\nOak Stool,active,1299\nClay Lamp,active,349\nOld Lamp,expired,99\n",
        TWO,
        left_out=1,
    ),
)
