# ruff: noqa: E501 -- rows stand as they do in their files
"""Feeds in XML, and files that are no table."""

from tests.unit.catalog.exports.case import Case, Want

FEEDS = (
    Case(
        "Atom feed with g:",
        "feed.xml",
        """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>Kiln</title>
<entry><g:id>a1</g:id><title>Oak Stool</title><link href="https://x.invalid/1"/><g:price>1299.00 INR</g:price><g:availability>in stock</g:availability><g:color>Brown</g:color></entry>
<entry><g:id>a2</g:id><title>Clay Lamp</title><link href="https://x.invalid/2"/><g:price>349.00 INR</g:price></entry>
</feed>""",
        {"Oak Stool": Want(1299, colours="brown"), "Clay Lamp": Want(349)},
        currency="INR",
    ),
    Case(
        "RSS feed with variants, CDATA, plain titles and a .csv name",
        "feed.csv",
        """<?xml version="1.0"?>
<!-- made by a plug-in -->
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Kiln</title><link>https://x.invalid</link>
<item><g:id>1</g:id><title><![CDATA[Linen Shirt]]></title><g:item_group_id>LS</g:item_group_id><g:size>S</g:size><g:price>899 INR</g:price></item>
<item><g:id>2</g:id><title><![CDATA[Linen Shirt]]></title><g:item_group_id>LS</g:item_group_id><g:size>M</g:size><g:price>849 INR</g:price></item>
<item><g:id>3</g:id><title>Salt &amp; Pepper Set</title><g:price>249 INR</g:price></item>
</channel></rss>""",
        {"Linen Shirt": Want(849, "S M"), "Salt & Pepper Set": Want(249)},
    ),
    Case(
        "YML offers",
        "yml.xml",
        """<?xml version="1.0" encoding="UTF-8"?><yml_catalog date="2026-11-01"><shop><name>Kiln</name>
<currencies><currency id="INR" rate="1"/></currencies>
<categories><category id="1">Stools</category><category id="2">Lamps</category></categories>
<offers><offer id="9" available="true"><name>Oak Stool</name><price>1299</price><currencyId>INR</currencyId><categoryId>1</categoryId><vendor>Kiln</vendor></offer>
<offer id="10" available="true"><name>Clay Lamp</name><price>349</price><currencyId>INR</currencyId><categoryId>2</categoryId></offer></offers></shop></yml_catalog>""",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
    ),
    Case(
        "a plain list of products in XML, UTF-16",
        "plain.xml",
        """<?xml version="1.0" encoding="UTF-16"?><products><product sku="os"><name>Oak Stool</name><price currency="INR">1299</price></product><product sku="cl"><name>मिट्टी Lamp</name><price currency="INR">349</price></product></products>""".encode(
            "utf-16"
        ),
        {"Oak Stool": Want(1299), "मिट्टी Lamp": Want(349)},
    ),
    Case(
        "SHOPITEM feed",
        "heureka.xml",
        """<SHOP><SHOPITEM><ITEM_ID>1</ITEM_ID><PRODUCTNAME>Oak Stool</PRODUCTNAME><PRICE_VAT>1299</PRICE_VAT><MANUFACTURER>Kiln</MANUFACTURER></SHOPITEM>
<SHOPITEM><ITEM_ID>2</ITEM_ID><PRODUCTNAME>Clay Lamp</PRODUCTNAME><PRICE_VAT>349</PRICE_VAT><MANUFACTURER>Kiln</MANUFACTURER></SHOPITEM></SHOP>""",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
    ),
)

NO_TABLES = (
    Case(
        "a page with a table",
        "page.csv",
        "\n\n<!doctype HTML>\n<html lang=en><table><tr><th>name<th>price<tr><td>Oak Stool<td>1299</table></html>",
        refused="HTML",
    ),
    Case(
        "a fragment of a page",
        "table.xls",
        "<table border=1><tr><td>name</td><td>price</td></tr><tr><td>Oak Stool</td><td>1299</td></tr></table>",
        refused="HTML",
    ),
    Case(
        "a sign-in page",
        "export.csv",
        "<html><head><title>Log in - Kiln</title></head><body><form><input name='email'><input type='password'></form></body></html>",
        refused="sign-in",
    ),
    Case(
        "a Cloudflare page",
        "export.json",
        "<!DOCTYPE html>\n<html><head><title>Attention Required!</title></head><body>Please enable cookies.</body></html>",
        refused="HTML",
    ),
    Case(
        "a warning of PHP",
        "php.csv",
        "<br />\n<b>Warning</b>:  Undefined variable $rows in <b>/var/www/export.php</b> on line <b>12</b><br />\n",
        refused="HTML",
    ),
    Case(
        "AccessDenied of a bucket",
        "catalog.csv",
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
        refused="error",
    ),
    Case(
        "a sitemap",
        "sitemap.xml",
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://x.invalid/a</loc></url><url><loc>https://x.invalid/b</loc></url></urlset>',
        refused="sitemap",
    ),
    Case(
        "spreadsheet XML",
        "sheet.xls",
        '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table><Row><Cell><Data>name</Data></Cell></Row></Table></Worksheet></Workbook>',
        refused="spreadsheet",
    ),
    Case(
        "API error with a list",
        "errors.json",
        '{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}',
        refused="Throttled",
    ),
    Case(
        "API error in words",
        "error2.json",
        '{"message": "Unauthorized", "statusCode": 401}',
        refused="Unauthorized",
    ),
    Case(
        "API error, success false",
        "error3.json",
        '{"success": false, "error": "Rate limit exceeded"}',
        refused="Rate limit",
    ),
    Case(
        "GraphQL without data",
        "gql.json",
        '{"data": null, "errors": [{"message": "Field nodez does not exist", "locations": [{"line": 1, "column": 2}]}]}',
        refused="nodez",
    ),
    Case("an error line", "error.csv", "Error: session expired, please sign in again\n", refused="error"),
    Case(
        "prose",
        "mail.txt",
        "Dear team,\n\nplease find attached the list of products for November.\nLet me know if anything is missing.\n\nRegards,\nAsha\n",
        refused="no table",
    ),
    Case(
        "a Git LFS pointer",
        "lfs.csv",
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n",
        refused="LFS",
    ),
    Case(
        "SQL",
        "dump.sql",
        "INSERT INTO products (name, price) VALUES ('Oak Stool', 1299), ('Clay Lamp', 349);\n",
        refused="SQL",
    ),
    Case(
        "PDF",
        "list.csv",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n",
        refused="PDF",
    ),
    Case(
        "a workbook",
        "book.csv",
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00[Content_Types].xml xl/workbook.xml",
        refused="CSV",
    ),
    Case("an old workbook", "book.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, refused="CSV"),
    Case("a picture", "shop.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 50, refused="picture"),
)
