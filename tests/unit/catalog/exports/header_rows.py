# ruff: noqa: E501 -- rows stand as they do in their files
"""Files whose header is not their first row, and rows that are no products: hints, units, totals."""

from tests.unit.catalog.exports.case import Case, Want

HEADER_ROWS = (
    Case(
        "the company and the period above a stock summary, a total below",
        "tally.csv",
        """Kiln Traders,,,
Stock Summary,,,
1-Apr-2026 to 30-Sep-2026,,,
Particulars,Quantity,Rate,Value
Oak Stool,12 pcs,1299.00,15588.00
Clay Lamp,40 pcs,349.00,13960.00
Total,52 pcs,,29548.00
""",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
        left_out=1,
    ),
    Case(
        "group row above, required row and a unit row below",
        "units.csv",
        """General,,Price,,Size,
Product,Brand,MRP,Selling price,Height,Weight
Required,Required,Required,Required,Optional,Optional
,,INR,INR,cm,kg
Oak Stool,Kiln,1599,1299,45,6
Clay Lamp,Kiln,449,349,20,1
""",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
        left_out=2,
    ),
    Case(
        "a sentence, an empty line and a semicolon header",
        "note.csv",
        """Please do not change the order of the columns

Name;Farbe;Preis
Oak Stool;Brown;129,90
Clay Lamp;Red;34,90
""",
        {"Oak Stool": Want(129.9), "Clay Lamp": Want(34.9)},
    ),
    Case(
        "a hint and an example row below the header",
        "hints.csv",
        """SKU Code*,Item Title*,Sale Price*,Color
Unique id of the item,Title as shown on the site (up to 100 characters),"Numbers only, no currency sign",Choose one of the list
e.g. ABC-123,e.g. Cotton Shirt,e.g. 499,e.g. Red
os,Oak Stool,1299,Brown
cl,Clay Lamp,349,Red
""",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
        left_out=2,
    ),
    Case(
        "report title, filters, then Hindi headers",
        "hindi.csv",
        """बिक्री सूची,,
दिनांक: 12-11-2026,,
उत्पाद का नाम,मूल्य,रंग
लाल साड़ी,1299,लाल
नीला कुर्ता,899,नीला
कुल,2198,
""",
        {"लाल साड़ी": Want(1299), "नीला कुर्ता": Want(899)},
        left_out=1,
    ),
    Case(
        "subtotals between shelves and a count at the end",
        "subtotals.csv",
        """Item,Shelf,Rate
Oak Stool,Stools,1299
Fir Stool,Stools,999
Sub Total,,2298
Clay Lamp,Lamps,349
Sub-total,,349
Grand Total (INR),,2647
Total items: 3,,
""",
        {"Oak Stool": Want(1299), "Fir Stool": Want(999), "Clay Lamp": Want(349)},
        left_out=4,
    ),
    Case(
        "sep= of a spreadsheet, comment lines",
        "sep.csv",
        """sep=;
# exported 2026-11-12 by the shop
Name;Price
Oak Stool;1299
Clay Lamp;349
""",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349)},
    ),
    Case(
        "three header rows of a marketplace in German, parent and child",
        "vorlage.txt",
        "TemplateType=custom\tVersion=2026.2\tNicht bearbeiten\t\t\t\t\n"
        "Verkäufer-SKU\tProduktname\tMarke\tPreis\tFarbe\tGröße\tÜbergeordnete SKU\n"
        "item_sku\titem_name\tbrand_name\tstandard_price\tcolor_name\tsize_name\tparent_sku\n"
        "LS\tLinen Shirt\tKiln\t\t\t\t\n"
        "LS-S\tLinen Shirt White S\tKiln\t899\tWhite\tS\tLS\n"
        "LS-M\tLinen Shirt Green M\tKiln\t849\tGreen\tM\tLS\n"
        "OS\tOak Stool\tKiln\t1299\tBrown\t\t\n",
        {"Linen Shirt": Want(849, "S M", "white, green"), "Oak Stool": Want(1299)},
    ),
    Case(
        "the header repeated on every page",
        "pages.csv",
        """Name,Price,Colour
Oak Stool,1299,Brown
Clay Lamp,349,Red
Name,Price,Colour
Jute Bag,249,Green
Page 2 of 2,,
""",
        {"Oak Stool": Want(1299), "Clay Lamp": Want(349), "Jute Bag": Want(249)},
        left_out=1,  # the page line; a repeated header is no row, and is noted
        noted="header again",
    ),
)

NOT_HINTS = (
    Case(
        "a first product that is sold out and reads like a hint",
        "books.csv",
        "title,price,format\nThe Name of the Rose,Out of stock,Paper\nThe Code of the Night,349,Paper\nRed Lamp,249,Metal\n",
        {"The Name of the Rose": Want(0), "The Code of the Night": Want(349), "Red Lamp": Want(249)},
    ),
    Case(
        "a first product of which nothing is known",
        "gaps.csv",
        "title,price,size,brand,colour\nOak Stool,NA,NA,NA,NA\nClay Lamp,349,S,Kiln,Red\nJute Bag,249,M,Kiln,Blue\n",
        {"Oak Stool": Want(0), "Clay Lamp": Want(349), "Jute Bag": Want(249)},
    ),
    Case(
        "titles that begin like totals",
        "totals.csv",
        "title,price\nTotal Care Kit,1299\nTotal War Game,349\nPage Turner Lamp,249\nNotebook Set,99\n",
        {
            "Total Care Kit": Want(1299),
            "Total War Game": Want(349),
            "Page Turner Lamp": Want(249),
            "Notebook Set": Want(99),
        },
    ),
)
