"""Towns that exist, with rough positions and scenery; everything in them is invented."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Town:
    name: str
    county: str
    area: str  # the outward half of a postcode, as listings show it
    latitude: float
    longitude: float
    scenery: str  # hills, coast, lake, mountains or moor


TABLE = """
Cirencester|Gloucestershire|GL7|51.72|-1.97|hills
Chipping Campden|Gloucestershire|GL55|52.05|-1.78|hills
Stow-on-the-Wold|Gloucestershire|GL54|51.93|-1.72|hills
Burford|Oxfordshire|OX18|51.81|-1.64|hills
Malmesbury|Wiltshire|SN16|51.58|-2.10|hills
Marlborough|Wiltshire|SN8|51.42|-1.73|hills
Ludlow|Shropshire|SY8|52.37|-2.72|hills
Bishop's Castle|Shropshire|SY9|52.49|-3.00|hills
Ledbury|Herefordshire|HR8|52.04|-2.43|hills
Ross-on-Wye|Herefordshire|HR9|51.91|-2.59|hills
Hay-on-Wye|Powys|HR3|52.07|-3.13|mountains
Crickhowell|Powys|NP8|51.86|-3.14|mountains
Brecon|Powys|LD3|51.95|-3.39|mountains
Aberdovey|Gwynedd|LL35|52.54|-4.04|coast
Betws-y-Coed|Conwy|LL24|53.09|-3.80|mountains
Tenby|Pembrokeshire|SA70|51.67|-4.70|coast
Keswick|Cumbria|CA12|54.60|-3.13|lake
Ambleside|Cumbria|LA22|54.43|-2.96|lake
Kirkby Lonsdale|Cumbria|LA6|54.20|-2.60|hills
Bakewell|Derbyshire|DE45|53.21|-1.68|moor
Ashbourne|Derbyshire|DE6|53.02|-1.73|hills
Matlock|Derbyshire|DE4|53.14|-1.55|hills
Helmsley|North Yorkshire|YO62|54.25|-1.06|moor
Whitby|North Yorkshire|YO21|54.49|-0.61|coast
Skipton|North Yorkshire|BD23|53.96|-2.02|moor
Leyburn|North Yorkshire|DL8|54.31|-1.83|moor
Southwold|Suffolk|IP18|52.33|1.68|coast
Lavenham|Suffolk|CO10|52.11|0.80|hills
Holt|Norfolk|NR25|52.91|1.09|coast
Burnham Market|Norfolk|PE31|52.94|0.73|coast
St Ives|Cornwall|TR26|50.21|-5.48|coast
Fowey|Cornwall|PL23|50.34|-4.64|coast
Padstow|Cornwall|PL28|50.54|-4.94|coast
Salcombe|Devon|TQ8|50.24|-3.77|coast
Totnes|Devon|TQ9|50.43|-3.68|hills
Chagford|Devon|TQ13|50.67|-3.84|moor
Lynton|Devon|EX35|51.23|-3.84|coast
Dulverton|Somerset|TA22|51.04|-3.55|moor
Bruton|Somerset|BA10|51.11|-2.45|hills
Bath|Somerset|BA1|51.39|-2.36|hills
Shaftesbury|Dorset|SP7|51.01|-2.20|hills
Lyme Regis|Dorset|DT7|50.73|-2.94|coast
Bridport|Dorset|DT6|50.73|-2.76|coast
Rye|East Sussex|TN31|50.95|0.73|coast
Lewes|East Sussex|BN7|50.87|0.01|hills
Midhurst|West Sussex|GU29|50.99|-0.74|hills
Tenterden|Kent|TN30|51.07|0.69|hills
Alnwick|Northumberland|NE66|55.41|-1.71|hills
Bamburgh|Northumberland|NE69|55.61|-1.72|coast
Hexham|Northumberland|NE46|54.97|-2.10|moor
Melrose|Scottish Borders|TD6|55.60|-2.72|hills
Kelso|Scottish Borders|TD5|55.60|-2.43|hills
Pitlochry|Perthshire|PH16|56.70|-3.73|mountains
Aberfeldy|Perthshire|PH15|56.62|-3.87|lake
Oban|Argyll|PA34|56.41|-5.47|coast
Fort William|Inverness-shire|PH33|56.82|-5.11|mountains
Stamford|Lincolnshire|PE9|52.65|-0.48|hills
Oakham|Rutland|LE15|52.67|-0.73|lake
"""


def _read(line: str) -> Town:
    name, county, area, latitude, longitude, scenery = line.split("|")
    return Town(name, county, area, float(latitude), float(longitude), scenery)


TOWNS = [_read(line) for line in TABLE.strip().splitlines()]
