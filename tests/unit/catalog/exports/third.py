# ruff: noqa: E501 -- rows stand as they do in their files
"""A third round of exports: other systems, languages and envelopes."""

import json

from tests.unit.catalog.exports.case import Case, Want

CHAIR_AND_DIYA = {"Pine Chair": Want(2499), "Brass Diya": Want(199)}


def _json(name: str, value: object, products: dict[str, Want] = CHAIR_AND_DIYA, **more: object) -> Case:
    return Case(name, "shop.json", json.dumps(value, ensure_ascii=False), products, **more)  # type: ignore[arg-type]


THIRD = (
    Case(
        "amazon de",
        "a.txt",
        "Produkttyp\tVerkäufer-SKU\tMarke\tProduktname\tFarbe\tPreis\tHierarchie\tÜbergeordnete SKU\tGröße\nfeed_product_type\titem_sku\tbrand_name\titem_name\tcolor_name\tstandard_price\tparent_child\tparent_sku\tsize_name\nshirt\tH1\tZed\tHemp Shirt\t\t\tparent\t\t\nshirt\tH1-S\tZed\tHemp Shirt Blue S\tBlue\t999\tchild\tH1\tS\nshirt\tH1-M\tZed\tHemp Shirt Red M\tRed\t949\tchild\tH1\tM\n",
        {"Hemp Shirt": Want(949, "S M", "blue,red")},
    ),
    Case(
        "woo polish",
        "w.csv",
        """ID,Rodzaj,SKU,Nazwa,Opublikowano,Widoczność w katalogu,Cena promocyjna,Cena regularna,Kategorie,Nadrzędny,Nazwa atrybutu 1,Wartości atrybutu 1
1,variable,hs,Hemp Shirt,1,visible,,,Odzież > Shirts,,Rozmiar,"S, M"
2,variation,hs-s,Hemp Shirt - S,1,visible,"39,90","49,90",,hs,Rozmiar,S
3,variation,hs-m,Hemp Shirt - M,1,visible,,"49,90",,hs,Rozmiar,M
4,simple,pc,Pine Chair,1,visible,,"129,00",Dom > Chairs,,,
""",
        {"Hemp Shirt": Want(39.9, "S M"), "Pine Chair": Want(129)},
    ),
    Case(
        "woo turkish",
        "w.csv",
        """Kimlik,Tür,Stok kodu (SKU),İsim,Yayımlanmış,İndirimli satış fiyatı,Normal fiyat,Kategoriler,Ebeveyn,Nitelik 1 ismi,Nitelik 1 değer(ler)i
1,variable,hs,Hemp Shirt,1,,,Giyim > Shirts,,Beden,"S, M"
2,variation,hs-s,Hemp Shirt - S,1,"39,90","49,90",,hs,Beden,S
3,variation,hs-m,Hemp Shirt - M,1,,"49,90",,hs,Beden,M
4,simple,pc,Pine Chair,1,,"129,00",Ev > Chairs,,,
""",
        {"Hemp Shirt": Want(39.9), "Pine Chair": Want(129)},
    ),
    Case(
        "shopify google columns",
        "s.csv",
        """Handle,Title,Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option1 Linked To,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Fulfillment Service,Variant Price,Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Image Src,Image Position,Gift Card,SEO Title,Google Shopping / Google Product Category,Google Shopping / Gender,Google Shopping / Condition,Variant Weight Unit,Cost per item,Included / India,Price / India,Price / International,Status
hemp-shirt,Hemp Shirt,Zed,Apparel & Accessories > Clothing > Shirts,Shirts,"a, b",TRUE,Color,Blue,product.metafields.shopify.color-pattern,h1,200,shopify,5,deny,manual,999.00,1499.00,TRUE,TRUE,https://x.invalid/1.jpg,1,FALSE,,1604,unisex,new,kg,400,TRUE,,,active
hemp-shirt,,,,,,,,Red,,h2,200,shopify,5,deny,manual,949.00,1499.00,TRUE,TRUE,https://x.invalid/2.jpg,2,,,,,,kg,400,,,,
pine-chair,Pine Chair,Zed,Furniture > Chairs,Chairs,,TRUE,Title,Default Title,,p1,200,shopify,5,deny,manual,2499.00,,TRUE,TRUE,https://x.invalid/3.jpg,1,FALSE,,443,,new,kg,900,TRUE,,,active
""",
        {"Hemp Shirt": Want(949, "", "blue,red", "shirt"), "Pine Chair": Want(2499, noun="chair")},
    ),
    Case(
        "volusion/ekm",
        "v.csv",
        "productcode,ischildofproductcode,productname,productprice,saleprice,hideproduct\nHS,,Hemp Shirt,,,N\nHS-S,HS,Hemp Shirt S,999,,N\nHS-M,HS,Hemp Shirt M,949,899,N\nPC,,Pine Chair,2499,,N\nOL,,Old Lamp,99,,Y\n",
        {"Hemp Shirt": Want(899), "Pine Chair": Want(2499)},
        left_out=1,
    ),
    Case(
        "cscart",
        "c.csv",
        "Product code;Language;Product id;Category;List price;Price;Status;Quantity;Product name\nPC;en;1;Home///Chairs;2999.00;2499.00;A;4;Pine Chair\nPC;hi;1;Home///Chairs;2999.00;2499.00;A;4;चीड़ की कुर्सी\nBD;en;2;Home///Decor;299.00;199.00;A;9;Brass Diya\nBD;hi;2;Home///Decor;299.00;199.00;A;9;पीतल का दीया\nOL;en;3;Home///Lamps;99.00;89.00;D;1;Old Lamp\n",
        {"Pine Chair": Want(2499, hindi="चीड़ की कुर्सी"), "Brass Diya": Want(199, hindi="पीतल का दीया")},
        left_out=1,
    ),
    Case(
        "quickbooks",
        "q.csv",
        "Product/Service Name,Type,SKU,Sales Description,Sales Price / Rate,Purchase Cost,Qty On Hand,Income Account\nPine Chair,Inventory,PC,x,2499,900,4,Sales\nBrass Diya,Non-inventory,BD,x,199,80,9,Sales\nHours,Service,H,x,500,,,Services\n",
        CHAIR_AND_DIYA,
        left_out=1,
    ),
    Case(
        "busy",
        "b.csv",
        "ZED STORES,,,,\nList of Items,,,,\nItem Name,Unit,Pur. Price,Sale Price,M.R.P.\nPine Chair,Pcs,900,2499,2999\nBrass Diya,Pcs,80,199,249\nTotal,,980,2698,3248\n",
        CHAIR_AND_DIYA,
        left_out=1,
    ),
    Case(
        "unicommerce",
        "u.csv",
        "Category Code*,Product Code*,Name*,Enabled,Cost Price,Max Retail Price,Base Price,Size,Color,Type\nChairs,PC,Pine Chair,TRUE,900,2999,2499,,Brown,SIMPLE\nDecor,BD,Brass Diya,TRUE,80,249,199,,Gold,SIMPLE\nLamps,OL,Old Lamp,FALSE,20,99,89,,Red,SIMPLE\n",
        CHAIR_AND_DIYA,
        left_out=1,
    ),
    Case(
        "units row",
        "u.csv",
        "Item,Weight,Price,Stock\n-,kg,Rs,nos\nPine Chair,4,2499,4\nBrass Diya,1,199,9\n",
        CHAIR_AND_DIYA,
        left_out=1,
    ),
    Case(
        "units row brackets",
        "u.csv",
        "Item,Weight,Price,Stock\n,(kg),(₹),(pcs)\nPine Chair,4,2499,4\nBrass Diya,1,199,9\n",
        CHAIR_AND_DIYA,
        left_out=1,
    ),
    Case(
        "instruction hi",
        "u.csv",
        "उत्पाद का नाम,मूल्य,रंग\nउत्पाद का पूरा नाम लिखें,केवल अंक भरें,सूची से चुनें\nचीड़ कुर्सी,2499,भूरा\nपीतल दीया,199,पीला\n",
        {"चीड़ कुर्सी": Want(2499), "पीतल दीया": Want(199)},
        left_out=1,
    ),
    Case(
        "header row 6",
        "u.csv",
        "Zed Stores Pvt Ltd,,,\nGSTIN 00AAAAA0000A0Z0,,,\nPrice List w.e.f. 1-Nov-2026,,,\nContact: 0000000000,,,\n,,,\nDescription of Goods,HSN,GST %,Price\nPine Chair,9401,18,2499\nBrass Diya,7419,12,199\n",
        CHAIR_AND_DIYA,
    ),
    Case(
        "merged header",
        "u.csv",
        ",,Price (INR),,\nProduct,Brand,MRP,Offer,Colour\nPine Chair,Zed,2999,2499,Brown\nBrass Diya,Zed,249,199,Gold\n",
        CHAIR_AND_DIYA,
    ),
    Case(
        "pct discount price",
        "d.csv",
        "name,mrp,discount_pct,price_after_discount\nPine Chair,2999,17,2499\nBrass Diya,249,20,199\n",
        CHAIR_AND_DIYA,
    ),
    Case("b2b", "d.csv", "name,Trade Price,RRP\nPine Chair,1500,2499\nBrass Diya,120,199\n", CHAIR_AND_DIYA),
    Case(
        "net rate",
        "d.csv",
        "name,Net Landing Rate,Consumer Price\nPine Chair,1500,2499\nBrass Diya,120,199\n",
        CHAIR_AND_DIYA,
    ),
    Case(
        "hinglish cost",
        "d.csv",
        "Naam,Kharid Rate,Bikri Rate\nPine Chair,1500,2499\nBrass Diya,120,199\n",
        CHAIR_AND_DIYA,
    ),
    Case(
        "rupee words",
        "d.csv",
        "name,price\nPine Chair,2499 rupees\nBrass Diya,Rs.199 only\n",
        CHAIR_AND_DIYA,
        currency="INR",
    ),
    Case(
        "usd INR slash",
        "d.csv",
        "name,price\nPine Chair,₹2499 / $30\nBrass Diya,₹199 / $2.5\n",
        CHAIR_AND_DIYA,
        currency="INR",
    ),
    Case(
        "two cols local",
        "d.csv",
        "name,Price in Dollars,Price in Rupees\nPine Chair,30,2499\nBrass Diya,2.5,199\n",
        CHAIR_AND_DIYA,
        currency="INR",
    ),
    Case(
        "sgd",
        "d.csv",
        "name,Price (S$)\nPine Chair,30.50\nBrass Diya,2.50\n",
        {"Pine Chair": Want(30.5), "Brass Diya": Want(2.5)},
        currency="SGD",
    ),
    Case(
        "currency symbol column",
        "d.csv",
        "name,amount,cur\nPine Chair,2499,₹\nBrass Diya,199,₹\nTin Tray,5,$\n",
        {"Pine Chair": Want(2499), "Brass Diya": Want(199), "Tin Tray": Want(0)},
        currency="INR",
    ),
    Case(
        "paise suffix",
        "d.csv",
        "name,selling_price_in_paise,mrp_in_paise\nPine Chair,249900,299900\nBrass Diya,19900,24900\n",
        CHAIR_AND_DIYA,
    ),
    _json(
        "amount subunits",
        [
            {"name": "Pine Chair", "price": {"subunits": 249900, "currency_iso": "INR"}},
            {"name": "Brass Diya", "price": {"subunits": 19900, "currency_iso": "INR"}},
        ],
    ),
    _json(
        "nanos",
        [
            {"name": "Pine Chair", "price": {"currencyCode": "INR", "units": "2499", "nanos": 0}},
            {"name": "Brass Diya", "price": {"currencyCode": "INR", "units": "199", "nanos": 0}},
        ],
    ),
    _json(
        "woo store api",
        [
            {
                "id": 1,
                "name": "Pine Chair",
                "prices": {"price": "249900", "currency_code": "INR", "currency_minor_unit": 2},
            },
            {
                "id": 2,
                "name": "Brass Diya",
                "prices": {"price": "19900", "currency_code": "INR", "currency_minor_unit": 2},
            },
        ],
    ),
    _json(
        "wix api",
        {
            "products": [
                {
                    "id": "a",
                    "name": "Pine Chair",
                    "visible": True,
                    "price": {
                        "currency": "INR",
                        "price": 2499,
                        "discountedPrice": 2499,
                        "formatted": {"price": "₹2,499.00"},
                    },
                },
                {
                    "id": "b",
                    "name": "Brass Diya",
                    "visible": True,
                    "price": {
                        "currency": "INR",
                        "price": 199,
                        "discountedPrice": 199,
                        "formatted": {"price": "₹199.00"},
                    },
                },
            ],
            "metadata": {"items": 2, "offset": 0},
            "totalResults": 2,
        },
    ),
    _json(
        "ecwid api",
        {
            "total": 2,
            "count": 2,
            "items": [
                {
                    "id": 1,
                    "sku": "a",
                    "name": "Pine Chair",
                    "price": 2499,
                    "enabled": True,
                    "options": [
                        {
                            "type": "SELECT",
                            "name": "Size",
                            "choices": [{"text": "S", "priceModifier": 0}, {"text": "M", "priceModifier": 0}],
                        }
                    ],
                    "combinations": [],
                },
                {"id": 2, "sku": "b", "name": "Brass Diya", "price": 199, "enabled": True, "options": []},
            ],
        },
        {"Pine Chair": Want(2499, "S M"), "Brass Diya": Want(199)},
    ),
    _json(
        "bigcommerce api",
        {
            "data": [
                {
                    "id": 1,
                    "name": "Pine Chair",
                    "type": "physical",
                    "price": 2499,
                    "cost_price": 900,
                    "is_visible": True,
                    "variants": [
                        {
                            "id": 5,
                            "price": None,
                            "sku": "a",
                            "option_values": [{"option_display_name": "Size", "label": "S"}],
                        },
                        {
                            "id": 6,
                            "price": 2399,
                            "sku": "b",
                            "option_values": [{"option_display_name": "Size", "label": "M"}],
                        },
                    ],
                },
                {
                    "id": 2,
                    "name": "Brass Diya",
                    "type": "physical",
                    "price": 199,
                    "is_visible": True,
                    "variants": [],
                },
            ],
            "meta": {"pagination": {"total": 2}},
        },
        {"Pine Chair": Want(2399, "S M"), "Brass Diya": Want(199)},
    ),
    _json(
        "response.docs solr",
        {
            "responseHeader": {"status": 0},
            "response": {
                "numFound": 2,
                "docs": [
                    {"id": "1", "title": "Pine Chair", "price": 2499},
                    {"id": "2", "title": "Brass Diya", "price": 199},
                ],
            },
        },
    ),
    _json(
        "nested list in list",
        {"data": [[{"name": "Pine Chair", "price": 2499}, {"name": "Brass Diya", "price": 199}]]},
    ),
    _json(
        "map of lists of products by category",
        {
            "data": {
                "Chairs": [{"name": "Pine Chair", "price": 2499}],
                "Decor": [{"name": "Brass Diya", "price": 199}],
            }
        },
    ),
    _json(
        "next data",
        {
            "props": {
                "pageProps": {
                    "initial": {
                        "plp": {
                            "items": [
                                {"productName": "Pine Chair", "finalPrice": 2499},
                                {"productName": "Brass Diya", "finalPrice": 199},
                            ],
                            "filters": [{"name": "Brand", "values": [{"name": "Zed"}] * 9}],
                        }
                    }
                }
            }
        },
    ),
    _json(
        "graphql alias",
        {
            "data": {
                "catalogItems": {
                    "items": [
                        {"product": {"title": "Pine Chair", "pricing": [{"price": 2499}]}},
                        {"product": {"title": "Brass Diya", "pricing": [{"price": 199}]}},
                    ]
                }
            }
        },
    ),
    _json(
        "ld itemlist w/o item",
        {
            "@type": "ItemList",
            "itemListElement": [
                {"@type": "Product", "name": "Pine Chair", "offers": {"price": "2499"}},
                {"@type": "Product", "name": "Brass Diya", "offers": {"price": "199"}},
            ],
        },
    ),
    _json(
        "users vs products",
        {
            "users": [{"id": n, "name": f"U {n}", "phone": "1"} for n in range(20)],
            "data": [{"name": "Pine Chair", "price": 2499}, {"name": "Brass Diya", "price": 199}],
        },
    ),
    _json(
        "error nested",
        {"errors": {"products": ["[API] This action requires approval"]}},
        {},
        refused="approval",
    ),
    _json("error list of strings", {"errors": ["Not Found"]}, {}, refused="Not Found"),
    _json(
        "error oauth",
        {"error": "invalid_grant", "error_description": "Token expired"},
        {},
        refused="invalid_grant",
    ),
    _json(
        "error fault",
        {"fault": {"faultstring": "Rate limit quota violation", "detail": {"errorcode": "x"}}},
        {},
        refused="Rate limit",
    ),
    Case("html utf16", "x.csv", "<html><body>Hi</body></html>".encode("utf-16"), refused="HTML"),
    Case(
        "html comment first",
        "x.csv",
        "<!-- saved from url=(0014)about:internet -->\n<html><body><table><tr><td>a</td></tr></table></body></html>",
        refused="HTML",
    ),
    Case(
        "svg",
        "x.svg",
        '<svg xmlns="http://www.w3.org/2000/svg"><title>Logo</title></svg>',
        refused="without products",
    ),
    Case(
        "yaml",
        "x.yaml",
        "products:\n  - name: Pine Chair\n    price: 2499\n  - name: Brass Diya\n    price: 199\n",
        refused="YAML",
    ),
    Case(
        "markdown",
        "x.md",
        "# Products\n\n| name | price |\n|---|---|\n| Pine Chair | 2499 |\n| Brass Diya | 199 |\n",
        CHAIR_AND_DIYA,
    ),
    Case("rtf", "text.csv", "{\\rtf1\\ansi Products\\par Pine Chair 2499\\par}", refused="RTF"),
    Case(
        "fixed width",
        "x.txt",
        "Name            Price\nPine Chair      2499\nBrass Diya      199\n",
        CHAIR_AND_DIYA,
    ),
    Case(
        "atom no prefix",
        "x.xml",
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><entry><g:id>1</g:id><g:title>Pine Chair</g:title><g:price>2999 INR</g:price><g:sale_price>2499 INR</g:sale_price></entry><entry><g:id>2</g:id><g:title>Brass Diya</g:title><g:price>199 INR</g:price></entry></feed>',
        CHAIR_AND_DIYA,
        currency="INR",
    ),
    Case(
        "tally xml",
        "x.xml",
        '<ENVELOPE><BODY><DATA><COLLECTION><STOCKITEM NAME="Pine Chair"><RATE>2499</RATE></STOCKITEM><STOCKITEM NAME="Brass Diya"><RATE>199</RATE></STOCKITEM></COLLECTION></DATA></BODY></ENVELOPE>',
        CHAIR_AND_DIYA,
    ),
    Case(
        "draft word",
        "d.csv",
        "name,price,publish_status\nPine Chair,2499,Live\nBrass Diya,199,Live\nOld Lamp,9,Draft\n",
        CHAIR_AND_DIYA,
        left_out=1,
    ),
    Case(
        "is_deleted",
        "d.csv",
        "name,price,is_deleted\nPine Chair,2499,false\nBrass Diya,199,false\nOld Lamp,9,true\n",
        CHAIR_AND_DIYA,
        left_out=1,
    ),
    Case(
        "delivery fee hi",
        "d.csv",
        "नाम,मूल्य\nलाल कुर्सी,2499\nडिलीवरी शुल्क,49\n",
        {"लाल कुर्सी": Want(2499)},
        left_out=1,
    ),
    Case("de numbers plain", "d.csv", "Name;Preis\nPine Chair;2.499,-\nBrass Diya;199,-\n", CHAIR_AND_DIYA),
    Case(
        "space rupee lakh",
        "d.csv",
        'name,price\nPine Chair,"₹ 2,499"\nBig Bed,"₹ 1.25 lakh"\nBrass Diya,"₹199"\n',
        {**CHAIR_AND_DIYA, "Big Bed": Want(125000)},
    ),
)
