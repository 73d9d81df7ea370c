# ruff: noqa: E501 -- rows stand as they do in their files
"""Exports with a row for each variant, the shared values in the first row only, and drafts among them."""

from tests.unit.catalog.exports.case import Case, Want

SHOPIFY = (
    Case(
        "shopify: the newer header words, colours before sizes, a title on every row",
        "products_export.csv",
        """Title,URL handle,Description,Vendor,Type,Status,SKU,Option1 name,Option1 value,Option2 name,Option2 value,Price,Compare-at price,Cost per item
Linen Shirt,linen-shirt,Airy,Kiln,Shirts,Active,l1,Color,White,Size,S,899.00,1299.00,300.00
,linen-shirt,,,,,l2,,White,,M,899.00,1299.00,300.00
,linen-shirt,,,,,l3,,Green,,M,849.00,1299.00,300.00
Oak Stool,oak-stool,Solid,Kiln,Stools,Active,o1,Title,Default Title,,,1299.00,,500.00
""",
        {
            "Linen Shirt": Want(849, "S M", "white, green", "shirt"),
            "Oak Stool": Want(1299, "", "", "stool"),
        },
    ),
    Case(
        "shopify: rows of one handle apart from each other, semicolons",
        "apart.csv",
        """Handle;Title;Vendor;Type;Option1 Name;Option1 Value;Variant Price;Status
linen-shirt;Linen Shirt;Kiln;Shirts;Size;S;899.00;active
oak-stool;Oak Stool;Kiln;Stools;Title;Default Title;1299.00;active
linen-shirt;;;;;M;879.00;
linen-shirt;;;;;L;899.00;
""",
        {"Linen Shirt": Want(879, "S M L", noun="shirt"), "Oak Stool": Want(1299, noun="stool")},
    ),
    Case(
        "shopify: drafts and archived ones with their variants",
        "drafts.csv",
        """Handle,Title,Type,Status,Published,Option1 Name,Option1 Value,Variant Price
linen-shirt,Linen Shirt,Shirts,active,true,Size,S,899
linen-shirt,,,,,,M,899
old-shirt,Old Shirt,Shirts,draft,false,Size,S,10
old-shirt,,,,,,M,10
gone-lamp,Gone Lamp,Lamps,archived,true,Title,Default Title,20
oak-stool,Oak Stool,Stools,active,true,Title,Default Title,1299
hid-stool,Hidden Stool,Stools,active,false,Title,Default Title,1299
""",
        {"Linen Shirt": Want(899, "S M"), "Oak Stool": Want(1299)},
        left_out=4,
    ),
    Case(
        "wix: Product and Variant rows, surcharges, hidden products",
        "wix.csv",
        """handleId,fieldType,name,description,productImageUrl,collection,sku,price,surcharge,visible,inventory,cost,productOptionName1,productOptionType1,productOptionDescription1,productOptionName2,productOptionType2,productOptionDescription2
product_1,Product,Linen Shirt,Airy,a.jpg,Shirts,ls,899,,true,InStock,300,Size,DROP_DOWN,S;M,Color,COLOR,#ffffff:White;#00ff00:Green
product_1,Variant,,,,,ls-1,,0,true,5,300,,,S,,,White
product_1,Variant,,,,,ls-2,,50,true,5,300,,,M,,,Green
product_2,Product,Oak Stool,Solid,b.jpg,Stools,os,1299,,true,InStock,500,,,,,,
product_3,Product,Old Lamp,,c.jpg,Lamps,ol,99,,false,InStock,10,,,,,,
""",
        {
            "Linen Shirt": Want(899, "S M", "white, green", "shirt"),
            "Oak Stool": Want(1299, noun="stool"),
        },
        left_out=1,
    ),
    Case(
        "squarespace: variant rows without a title, sale price only when on sale",
        "squarespace.csv",
        """Product ID [Non Editable],Variant ID [Non Editable],Product Type [Non Editable],Product Page,Product URL,Title,Description,SKU,Option Name 1,Option Value 1,Option Name 2,Option Value 2,Price,Sale Price,On Sale,Stock,Categories,Visible
5f1,6a1,PHYSICAL,shop,linen-shirt,Linen Shirt,Airy,SQ1,Size,S,Color,White,899.00,0.00,No,5,/shirts,Yes
,6a2,,,,,,SQ2,Size,M,Color,Green,899.00,799.00,Yes,5,,
5f2,6b1,PHYSICAL,shop,oak-stool,Oak Stool,Solid,SQ3,,,,,1299.00,0.00,No,5,/stools,Yes
5f3,6c1,SERVICE,shop,styling,Styling Hour,Talk,SQ4,,,,,500.00,0.00,No,5,/services,Yes
5f4,6d1,PHYSICAL,shop,old-lamp,Old Lamp,,SQ5,,,,,99.00,0.00,No,5,/lamps,No
""",
        {
            "Linen Shirt": Want(799, "S M", "white, green", "shirt"),
            "Oak Stool": Want(1299, noun="stool"),
        },
        left_out=2,
    ),
    Case(
        "ecwid: product, option and variation rows",
        "ecwid.csv",
        """type,product_internal_id,product_sku,product_name,product_price,product_is_available,product_category_1,product_option_name,product_option_value,product_option_markup,product_variation_sku,product_variation_price,product_variation_option_Size
product,501,LS,Linen Shirt,899,true,Shirts,,,,,,
product_option,501,LS,,,,,Size,S,0,,,
product_option,501,LS,,,,,Size,M,0,,,
product_variation,501,LS,,,,,,,,LS-M,949,M
product,502,OS,Oak Stool,1299,true,Stools,,,,,,
product,503,OL,Old Lamp,99,false,Lamps,,,,,,
""",
        {"Linen Shirt": Want(899, "S M", noun="shirt"), "Oak Stool": Want(1299, noun="stool")},
        left_out=1,
    ),
    Case(
        "bigcommerce: Item column, variants in options, images as rows",
        "bigcommerce.csv",
        """Item,ID,Name,Type,SKU,Options,Price,Cost Price,Retail Price,Sale Price,Categories,Is Visible
Product,77,Linen Shirt,physical,LS,,899,300,1299,0,Shirts,TRUE
Variant,901,,,LS-S,Type=Rectangle|Name=Size|Value=S,,,,,,
Variant,902,,,LS-M,Type=Rectangle|Name=Size|Value=M,849,,,,,
Image,31,,,,,,,,,,
Product,78,Oak Stool,physical,OS,,1299,500,,0,Stools,TRUE
Product,79,Old Lamp,physical,OL,,99,10,,0,Lamps,FALSE
""",
        {"Linen Shirt": Want(849, "S M", noun="shirt"), "Oak Stool": Want(1299, noun="stool")},
        left_out=1,
    ),
    Case(
        "shopware: children by parent_id, gross and net price",
        "shopware.csv",
        """id;parent_id;product_number;active;stock;name;price_net;price_gross;manufacturer_name;categories;options
aa1;;SW1;1;9;Linen Shirt;41,93;49,90;Kiln;Shirts;
aa2;aa1;SW1.1;1;3;;41,93;49,90;;;Size: S
aa3;aa1;SW1.2;1;3;;37,73;44,90;;;Size: M
bb1;;SW2;1;2;Oak Stool;109,24;129,99;Kiln;Stools;
cc1;;SW3;0;2;Old Lamp;8,40;9,99;Kiln;Lamps;
""",
        {"Linen Shirt": Want(44.9, "S M", noun="shirt"), "Oak Stool": Want(129.99, noun="stool")},
        left_out=1,
    ),
    Case(
        "merchant feed: one row a variant under item_group_id",
        "feed.tsv",
        "id\ttitle\tlink\tavailability\tprice\tsale_price\tbrand\titem_group_id\tcolor\tsize\tproduct_type\n"
        "a1\tLinen Shirt\thttps://x.invalid/1\tin stock\t899.00 INR\t\tKiln\tLS\tWhite\tS\tApparel > Shirts\n"
        "a2\tLinen Shirt\thttps://x.invalid/2\tin stock\t899.00 INR\t799.00 INR\tKiln\tLS\tGreen\tM\tApparel > Shirts\n"
        "b1\tOak Stool\thttps://x.invalid/3\tout of stock\t1299.00 INR\t\tKiln\t\t\t\tHome > Stools\n",
        {
            "Linen Shirt": Want(799, "S M", "white, green", "shirt"),
            "Oak Stool": Want(1299, noun="stool"),
        },
        currency="INR",
    ),
)
