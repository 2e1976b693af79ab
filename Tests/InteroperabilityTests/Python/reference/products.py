"""What vaccines and makers are called where they are shown.

The codes are those of the EU's value lists (1.14, 2.3 and 2.4) and of the CDC (CVX); the names are trade names.
A code that is not here is shown as it was signed; a CVX or ICD-11 code with its list's name.
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
    "308": ("COMIRNATY 6M-4 (2023-)", "Pfizer"), "309": ("COMIRNATY (2023-)", "Pfizer"),
    "310": ("COMIRNATY 5-11 (2023-)", "Pfizer"), "311": ("SPIKEVAX 6M-11 (2023-)", "Moderna"),
    "312": ("SPIKEVAX (2023-)", "Moderna"), "519": ("SPIKEVAX bivalent BA.1", "Moderna"),
    "520": ("COMIRNATY bivalent BA.1", "Pfizer"),
}
# What a code of ICD-11's extension codes stands for: a kind of vaccine, of no maker, or a product and its maker.
ICD11 = {code: ("COVID-19 vaccine" + kind, None) for code, kind in {
    "XM68M6": "", "XM1NL1": ", inactivated virus", "XM5DF6": ", live attenuated virus",
    "XM9QW8": ", non-replicating viral vector", "XM0CX4": ", replicating viral vector",
    "XM5JC5": ", virus protein subunit", "XM1J92": ", virus like particle", "XM6AT1": ", DNA based",
    "XM0GQ8": ", RNA based"}.items()} | {
    "XM8NQ0": ("COMIRNATY", "Pfizer"), "XM3DT5": ("SPIKEVAX", "Moderna"), "XM4YL8": ("VAXZEVRIA", "AstraZeneca"),
    "XM6QV1": ("JCOVDEN", "Janssen"), "XM9T65": ("NUVAXOVID", "Novavax"),
    "XM97T2": ("COVISHIELD", "Serum Institute of India"), "XM7HT3": ("CORONAVAC", "Sinovac"),
    "XM8866": ("BBIBP-CORV", "Sinopharm"), "XM1G90": ("COVAXIN", "Bharat Biotech")}
