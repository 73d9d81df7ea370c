# ruff: noqa: E501 -- rows stand as they do in their files
"""WooCommerce and others that name the kind of record in a column, parents and variations in rows of their own."""

from tests.unit.catalog.exports.case import Case, Want

WOOCOMMERCE = (
    Case(
        "woo: parent named by id, virtual and grouped rows",
        "woo.csv",
        """ID,Type,SKU,Name,Published,In stock?,Sale price,Regular price,Categories,Parent,Attribute 1 name,Attribute 1 value(s),Attribute 1 visible
7,variable,,Mira Kurta,1,1,,,Apparel > Kurtas,,Size,"S, M, XL",1
8,variation,,Mira Kurta - S,1,1,,1150,,id:7,Size,S,
9,variation,,Mira Kurta - M,1,1,950,1150,,id:7,Size,M,
10,variation,,Mira Kurta - XL,1,0,,1250,,id:7,Size,XL,
11,"simple, virtual",w1,Gift Wrapping,1,1,,50,Services,,,,
12,simple,jb1,Jute Bag,1,1,,349,Bags,,,,
13,grouped,set1,Festive Set,1,1,,,Sets,,,,
14,simple,lm2,Clay Lamp,0,1,,199,Home > Lamps,,,,
""",
        {"Mira Kurta": Want(950, "S M XL", noun="kurta"), "Jute Bag": Want(349, noun="bag")},
        left_out=3,
    ),
    Case(
        "woo: German headers",
        "woo-de.csv",
        """ID,Typ,Artikelnummer,Name,Veröffentlicht,Sichtbarkeit im Katalog,Kurzbeschreibung,Vorrätig?,Angebotspreis,Regulärer Preis,Kategorien,Übergeordnetes Produkt,Name des Attributs 1,Wert(e) des Attributs 1
1,variable,hd,Linen Shirt,1,visible,Leinen,1,,,Mode > Shirts,,Größe,"S, M"
2,variation,hd-s,Linen Shirt - S,1,visible,,1,"39,90","49,90",,hd,Größe,S
3,variation,hd-m,Linen Shirt - M,1,visible,,1,,"49,90",,hd,Größe,M
4,simple,kk,Copper Bottle,1,visible,Kupfer,1,,"24,50",Küche > Bottles,,,
5,simple,alt,Old Stool,-1,hidden,,0,,"99,00",Wohnen,,,
""",
        {"Linen Shirt": Want(39.9, "S M", noun="shirt"), "Copper Bottle": Want(24.5, noun="bottle")},
        left_out=1,
    ),
    Case(
        "woo: French headers, semicolons",
        "woo-fr.csv",
        """ID;Type;UGS;Nom;Publié;Visibilité dans le catalogue;En stock ?;Tarif promo;Tarif régulier;Catégories;Parent;Nom de l’attribut 1;Valeur(s) de l’attribut 1
1;variable;lin;Linen Shirt;1;visible;1;;;Mode > Shirts;;Taille;S, M
2;variation;lin-s;Linen Shirt - S;1;visible;1;29,90;39,90;;lin;Taille;S
3;variation;lin-m;Linen Shirt - M;1;visible;1;;39,90;;lin;Taille;M
4;simple;bol;Clay Bowl;1;visible;1;;12,00;Maison > Bowls;;;
""",
        {"Linen Shirt": Want(29.9, "S M", noun="shirt"), "Clay Bowl": Want(12, noun="bowl")},
    ),
    Case(
        "woo: Spanish headers, variations without a name",
        "woo-es.csv",
        """ID,Tipo,SKU,Nombre,Publicado,Visibilidad en el catálogo,¿Existencias?,Precio rebajado,Precio normal,Categorías,Superior,Nombre del atributo 1,Valor(es) del atributo 1,Nombre del atributo 2,Valor(es) del atributo 2
1,variable,ks,Mira Kurta,1,visible,1,,,Ropa > Kurtas,,Color,"Red, Blue",Talla,"S, L"
2,variation,ks-1,,1,visible,1,,1100,,ks,Color,Red,Talla,S
3,variation,ks-2,,1,visible,1,,1000,,ks,Color,Blue,Talla,L
4,simple,bj,Jute Bag,1,visible,1,,350,Bolsos > Bags,,,,,
""",
        {"Mira Kurta": Want(1000, "S L", "red, blue"), "Jute Bag": Want(350, noun="bag")},
    ),
    Case(
        "woo: the record kind under another name, children before their parent",
        "products-by-type.csv",
        """post_id,product_type,sku,post_title,post_status,regular_price,sale_price,product_cat,parent_sku,pa_color,pa_size
2,product_variation,jt-b,Denim Jacket Blue,publish,2200,,,jt,Blue,M
3,product_variation,jt-k,Denim Jacket Black,publish,2200,1900,,jt,Black,L
1,variable,jt,Denim Jacket,publish,,,Jackets,,,
4,simple,ct,Canvas Tote,publish,450,,Bags,,Green,
5,external,af,Partner Watch,publish,999,,Watches,,,
6,simple,dr,Draft Watch,draft,999,,Watches,,,
""",
        {
            "Denim Jacket": Want(1900, "M L", "blue, black", "jacket"),
            "Canvas Tote": Want(450, colours="green"),
            "Partner Watch": Want(999, noun="watch"),
        },
        left_out=1,
    ),
    Case(
        "woo: its API as JSON",
        "wc-products.json",
        """[{"id": 5, "name": "Mira Kurta", "type": "variable", "status": "publish", "catalog_visibility": "visible",
 "price": "950", "regular_price": "", "sale_price": "", "stock_status": "instock",
 "categories": [{"id": 3, "name": "Kurtas", "slug": "kurtas"}],
 "attributes": [{"id": 1, "name": "Color", "options": ["Blue", "Red"]}, {"id": 2, "name": "Size", "options": ["S", "M"]}],
 "variations": [51, 52], "images": [{"src": "https://x.invalid/a.jpg"}]},
 {"id": 6, "name": "Jute Bag", "type": "simple", "status": "publish", "catalog_visibility": "visible",
 "price": "349", "regular_price": "399", "sale_price": "349", "stock_status": "instock",
 "categories": [{"id": 4, "name": "Bags", "slug": "bags"}], "attributes": [], "variations": [], "images": []},
 {"id": 7, "name": "Tin Tray", "type": "simple", "status": "draft", "catalog_visibility": "hidden",
 "price": "149", "regular_price": "149", "sale_price": "", "stock_status": "outofstock",
 "categories": [{"id": 5, "name": "Trays", "slug": "trays"}], "attributes": [], "variations": [], "images": []}]""",
        {"Mira Kurta": Want(950, "S M", "blue, red", "kurta"), "Jute Bag": Want(349, noun="bag")},
        left_out=1,
    ),
)

STOCK_STATES = (
    Case(
        "stock state in a column called type",
        "stock.csv",
        """item,type,category,mrp
Oak Stool,Available,Stools,1299
Clay Lamp,Sold out,Lamps,349
Jute Bag,Available,Bags,249
""",
        {"Oak Stool": Want(1299, noun="stool"), "Clay Lamp": Want(noun="lamp"), "Jute Bag": Want(noun="bag")},
    ),
    Case(
        "stock state in a column called status, no other shelf",
        "stock2.csv",
        """name,product type,price
Oak Stool,in_stock,1299
Clay Lamp,out_of_stock,349
Linen Shirt,backorder,899
Jute Bag,preorder,249
""",
        {
            "Oak Stool": Want(1299, noun="stool"),
            "Clay Lamp": Want(noun="lamp"),
            "Linen Shirt": Want(noun="shirt"),
            "Jute Bag": Want(noun="bag"),
        },
    ),
    Case(
        "condition in a column called type",
        "condition.csv",
        """title,type,price
Oak Stool,New,1299
Clay Lamp,Refurbished,349
Jute Bag,Used,249
""",
        {"Oak Stool": Want(1299, noun="stool"), "Clay Lamp": Want(noun="lamp"), "Jute Bag": Want(noun="bag")},
    ),
    Case(
        "stock levels as the type, in words of the shelf",
        "level.csv",
        """Item Name,Item Type,Item Category,Selling Price
Oak Stool,Low stock,Stools,1299
Clay Lamp,In Stock,Lamps,349
Jute Bag,Discontinued,Bags,249
""",
        {"Oak Stool": Want(1299, noun="stool"), "Clay Lamp": Want(noun="lamp")},
        left_out=1,
    ),
    Case(
        "yes and no as the type",
        "yesno.csv",
        """name,type,category,price
Oak Stool,Yes,Stools,1299
Clay Lamp,No,Lamps,349
Jute Bag,Yes,Bags,249
""",
        {"Oak Stool": Want(1299, noun="stool"), "Clay Lamp": Want(noun="lamp"), "Jute Bag": Want(noun="bag")},
    ),
)
