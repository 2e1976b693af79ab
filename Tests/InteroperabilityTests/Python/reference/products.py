"""What vaccines and makers are called where they are shown.

The codes are those of the EU's value lists (1.14, 2.3 and 2.4) and of the CDC (CVX); the names are trade names.
A code that is not here is shown as it was signed; a CVX code, which is a bare number, with its list's name.
"""

EU_PRODUCTS = {
    "EU/1/20/1528": "COMIRNATY", "EU/1/20/1507": "SPIKEVAX", "EU/1/21/1529": "VAXZEVRIA", "EU/1/20/1525": "JCOVDEN",
    "EU/1/21/1618": "NUVAXOVID",
}
EU_MAKERS = {
    "ORG-100001699": "AstraZeneca", "ORG-100030215": "BioNTech", "ORG-100001417": "Janssen", "ORG-100031184": "Moderna",
    "ORG-100032020": "Novavax",
}
# What a CVX code stands for: the product and its maker.
CVX = {
    "207": ("SPIKEVAX", "Moderna"), "208": ("COMIRNATY", "Pfizer"), "210": ("VAXZEVRIA", "AstraZeneca"),
    "211": ("NUVAXOVID", "Novavax"), "212": ("JCOVDEN", "Janssen"), "217": ("COMIRNATY (tris-sucrose)", "Pfizer"),
    "218": ("COMIRNATY 5-11", "Pfizer"), "219": ("COMIRNATY 6M-4", "Pfizer"), "229": ("SPIKEVAX bivalent", "Moderna"),
    "300": ("COMIRNATY bivalent", "Pfizer"), "301": ("COMIRNATY bivalent 5-11", "Pfizer"),
}
