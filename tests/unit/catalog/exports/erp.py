# ruff: noqa: E501 -- rows stand as they do in their files
"""ERP and accounting exports: kinds of item, services, variants of a template, disabled items."""

from tests.unit.catalog.exports.case import Case, Want

ERP = (
    Case(
        "odoo: goods, service, combo; a line for each further value",
        "odoo.csv",
        """Name,Internal Reference,Product Type,Sales Price,Cost,Product Category,Product Attributes/Attribute,Product Attributes/Values
Linen Shirt,LS,Goods,899,410,All / Saleable / Shirts,Color,"White,Blue"
,,,,,,Size,"S,M,L"
Oak Stool,OS,Goods,1299,600,All / Saleable / Stools,,
Assembly at home,AS,Service,199,0,All / Services,,
Tea Hamper,TH,Combo,999,0,All / Saleable / Hampers,,
""",
        {
            "Linen Shirt": Want(899, "S M L", "white, blue", "shirt"),
            "Oak Stool": Want(1299, noun="stool"),
            "Tea Hamper": Want(999, noun="hamper"),
        },
        left_out=1,
    ),
    Case(
        "erpnext: template and variants, a disabled item, a fixed asset",
        "erpnext.csv",
        """Item Code,Item Name,Item Group,Has Variants,Variant Of,Standard Selling Rate,Valuation Rate,Disabled,Size
SHIRT,Linen Shirt,Shirts,1,,0,0,0,
SHIRT-S,Linen Shirt-S,Shirts,0,SHIRT,899,410,0,S
SHIRT-M,Linen Shirt-M,Shirts,0,SHIRT,949,410,0,M
STOOL,Oak Stool,Stools,0,,1299,600,0,
OLD,Old Lamp,Lamps,0,,349,120,1,
""",
        {"Linen Shirt": Want(899, "S M", noun="shirt"), "Oak Stool": Want(1299, noun="stool")},
        left_out=1,
    ),
    Case(
        "zoho: rates with a code, goods and service, inactive",
        "zoho.csv",
        """Item ID,Item Name,SKU,Rate,Purchase Rate,Product Type,Status,Item Type,Category Name
460001,Linen Shirt,LS,INR 899.00,INR 410.00,goods,Active,Inventory,Shirts
460002,Oak Stool,OS,INR 1299.00,INR 600.00,goods,Active,Inventory,Stools
460003,Installation charges,IC,INR 199.00,,service,Active,Sales,Services
460004,Old Lamp,OL,INR 349.00,INR 120.00,goods,Inactive,Inventory,Lamps
""",
        {"Linen Shirt": Want(899, noun="shirt"), "Oak Stool": Want(1299, noun="stool")},
        left_out=2,
        currency="INR",
    ),
    Case(
        "stock and non-stock items, delivery named in the title only",
        "dynamics.csv",
        """No.,Description,Type,Unit Price,Unit Cost,Item Category Code,Blocked
1000,Linen Shirt,Inventory,899,410,SHIRTS,No
1001,Oak Stool,Inventory,1299,600,STOOLS,No
1002,Delivery charges,Service,49,0,MISC,No
1003,Clay Lamp,Non-Inventory,349,120,LAMPS,No
1004,Tin Tray,Inventory,149,60,TRAYS,Yes
""",
        {
            "Linen Shirt": Want(899, noun="shirt"),
            "Oak Stool": Want(1299, noun="stool"),
            "Clay Lamp": Want(349, noun="lamp"),
        },
        left_out=2,
    ),
    Case(
        "shipping fees among products, no column of kinds",
        "fees.csv",
        """Item,Category,Price
Linen Shirt,Shirts,899
Oak Stool,Stools,1299
Shipping Charges,Charges,49
COD Fee,Charges,30
Clay Lamp,Lamps,349
""",
        {"Linen Shirt": Want(899), "Oak Stool": Want(1299), "Clay Lamp": Want(349)},
        left_out=2,
    ),
    Case(
        "odoo: German headers and kinds",
        "odoo-de.csv",
        """Interne Referenz,Name,Produktart,Verkaufspreis,Kosten,Produktkategorie
LS,Linen Shirt,Lagerfähiges Produkt,"89,90","41,00",Alle / Shirts
OS,Oak Stool,Verbrauchsmaterial,"129,00","60,00",Alle / Stools
MT,Montage,Dienstleistung,"19,00","0,00",Alle
""",
        {"Linen Shirt": Want(89.9, noun="shirt"), "Oak Stool": Want(129, noun="stool")},
        left_out=1,
    ),
    Case(
        "square: one row a variation, the item's name repeated",
        "square.csv",
        """Token,Item Name,Variation Name,SKU,Category,Price,Sellable,Stockable
A1,Linen Shirt,S,LS1,Shirts,899,Y,Y
A2,Linen Shirt,M,LS2,Shirts,949,Y,Y
B1,Oak Stool,Regular,OS,Stools,1299,Y,Y
""",
        {"Linen Shirt": Want(899, "S M", noun="shirt"), "Oak Stool": Want(1299, "", noun="stool")},
    ),
)
