# ruff: noqa: E501 -- rows stand as they do in their files
"""Magento and what is like it: configurable and simple, store views, root categories."""

from tests.unit.catalog.exports.case import Case, Want

MAGENTO = (
    Case(
        "magento: two store views, colours and sizes of the children",
        "magento.csv",
        """sku,store_view_code,product_type,categories,name,price,special_price,visibility,product_online,additional_attributes,configurable_variations
js-r,,simple,Default Category/Men/Jackets,Denim Jacket-Red,2499.0000,,Not Visible Individually,1,"color=Red,size=L",
js-g,,simple,Default Category/Men/Jackets,Denim Jacket-Green,2299.0000,1999.0000,Not Visible Individually,1,"color=Green,size=XL",
js,,configurable,Default Category/Men/Jackets,Denim Jacket,,,"Catalog, Search",1,,"sku=js-r,color=Red,size=L|sku=js-g,color=Green,size=XL"
js,hi_IN,configurable,,डेनिम जैकेट,,,,,,
cl,,simple,Default Category/Home/Lamps,Clay Lamp,349.0000,,"Catalog, Search",1,color=Brown,
cl,hi_IN,simple,,मिट्टी का दीपक,,,,,,
cl,fr,simple,,Lampe,,,,,,
off,,simple,Default Category/Home/Lamps,Old Lamp,99.0000,,"Catalog, Search",2,,
""",
        {
            "Denim Jacket": Want(1999, "L XL", "red, green", "jacket", "डेनिम जैकेट"),
            "Clay Lamp": Want(349, colours="brown", noun="lamp", hindi="मिट्टी का दीपक"),
        },
        left_out=1,
    ),
    Case(
        "magento 1: _type and _super_products_sku, continuation rows without a sku",
        "magento1.csv",
        """sku,_store,_type,_category,name,price,status,visibility,_super_products_sku,_super_attribute_code,_super_attribute_option,color,size
js-r,,simple,Jackets,Denim Jacket Red,2499,1,1,,,,Red,L
js-g,,simple,Jackets,Denim Jacket Green,2299,1,1,,,,Green,XL
js,,configurable,Jackets,Denim Jacket,2299,1,4,js-r,color,Red,,
,,,,,,,,js-g,color,Green,,
cl,,simple,Lamps,Clay Lamp,349,1,4,,,,Brown,
""",
        {"Denim Jacket": Want(2299, "L XL", "red, green", "jacket"), "Clay Lamp": Want(349, noun="lamp")},
    ),
    Case(
        "magento: its API as JSON",
        "magento.json",
        """{"items": [
 {"id": 1, "sku": "cl", "name": "Clay Lamp", "attribute_set_id": 4, "price": 349, "status": 1, "visibility": 4,
  "type_id": "simple", "custom_attributes": [{"attribute_code": "color", "value": "Brown"}]},
 {"id": 2, "sku": "os", "name": "Oak Stool", "attribute_set_id": 4, "price": 1299, "status": 1, "visibility": 4,
  "type_id": "simple", "custom_attributes": []},
 {"id": 3, "sku": "ol", "name": "Old Lamp", "attribute_set_id": 4, "price": 99, "status": 2, "visibility": 4,
  "type_id": "simple", "custom_attributes": []}],
 "search_criteria": {"filter_groups": [], "page_size": 3}, "total_count": 3}""",
        {"Clay Lamp": Want(349, noun="lamp"), "Oak Stool": Want(1299, noun="stool")},
        left_out=1,
    ),
    Case(
        "magento: a store that is all default category",
        "magento-default.csv",
        """sku,attribute_set_code,product_type,categories,name,price,product_online
cl,Default,simple,Default Category,Clay Lamp,349,1
os,Default,simple,Default Category,Oak Stool,1299,1
gc,Default,giftcard,Default Category,Gift Card,500,1
""",
        {
            "Clay Lamp": Want(349, noun="lamp"),
            "Oak Stool": Want(1299, noun="stool"),
            "Gift Card": Want(500),
        },
    ),
    Case(
        "opencart: names of two languages side by side, status",
        "opencart.csv",
        """product_id,name(en-gb),name(hi-in),categories,model,manufacturer,price,status
31,Clay Lamp,मिट्टी का दीपक,Lamps,CL1,Kiln,349.0000,true
32,Oak Stool,ओक स्टूल,Stools,OS1,Kiln,1299.0000,true
33,Old Tray,पुरानी ट्रे,Trays,OT1,Kiln,99.0000,false
""",
        {
            "Clay Lamp": Want(349, noun="lamp", hindi="मिट्टी का दीपक"),
            "Oak Stool": Want(1299, noun="stool", hindi="ओक स्टूल"),
        },
        left_out=1,
    ),
    Case(
        "store views by a language column",
        "langs.csv",
        """product_code,language,product,price,category
CL,en,Clay Lamp,349,Lamps
CL,hi,मिट्टी का दीपक,349,Lamps
OS,en,Oak Stool,1299,Stools
OS,hi,ओक स्टूल,1299,Stools
""",
        {
            "Clay Lamp": Want(349, noun="lamp", hindi="मिट्टी का दीपक"),
            "Oak Stool": Want(1299, noun="stool", hindi="ओक स्टूल"),
        },
    ),
)
