/// The vaccine codes of the CDC (`http://hl7.org/fhir/sid/cvx`) that vaccination certificates for COVID-19 carry.
package enum CVX {
    /// The list's name as a FHIR code system.
    package static let system: StaticString = "http://hl7.org/fhir/sid/cvx"

    /// The product and maker that a code stands for; `nil` for a code not listed.
    static func entry(_ code: String) -> (product: String, maker: String)? {
        switch code {
        case "207": ("SPIKEVAX", "Moderna")
        case "208": ("COMIRNATY", "Pfizer")
        case "210": ("VAXZEVRIA", "AstraZeneca")
        case "211": ("NUVAXOVID", "Novavax")
        case "212": ("JCOVDEN", "Janssen")
        case "217": ("COMIRNATY (tris-sucrose)", "Pfizer")
        case "218": ("COMIRNATY 5-11", "Pfizer")
        case "219": ("COMIRNATY 6M-4", "Pfizer")
        case "229": ("SPIKEVAX bivalent", "Moderna")
        case "300": ("COMIRNATY bivalent", "Pfizer")
        case "301": ("COMIRNATY bivalent 5-11", "Pfizer")
        // From autumn 2023 a code names the amount and no strain.
        case "308": ("COMIRNATY 6M-4 (2023-)", "Pfizer")
        case "309": ("COMIRNATY (2023-)", "Pfizer")
        case "310": ("COMIRNATY 5-11 (2023-)", "Pfizer")
        case "311": ("SPIKEVAX 6M-11 (2023-)", "Moderna")
        case "312": ("SPIKEVAX (2023-)", "Moderna")
        case "519": ("SPIKEVAX bivalent BA.1", "Moderna")
        case "520": ("COMIRNATY bivalent BA.1", "Pfizer")
        default: nil
        }
    }
}

/// The WHO's codes of vaccines (ICD-11 for Mortality and Morbidity Statistics, extension codes under XM68M6), which a SMART
/// Health Card carries for a product that the CDC has no code for.
package enum ICD11 {
    /// The list's name as a FHIR code system.
    package static let system: StaticString = "http://id.who.int/icd/release/11/mms"

    /// The product and maker, or the kind of vaccine of no maker, that a code stands for; `nil` for a code not listed.
    static func entry(_ code: String) -> (name: String, maker: String?)? {
        switch code {
        case "XM68M6": ("COVID-19 vaccine", nil)
        case "XM1NL1": ("COVID-19 vaccine, inactivated virus", nil)
        case "XM5DF6": ("COVID-19 vaccine, live attenuated virus", nil)
        case "XM9QW8": ("COVID-19 vaccine, non-replicating viral vector", nil)
        case "XM0CX4": ("COVID-19 vaccine, replicating viral vector", nil)
        case "XM5JC5": ("COVID-19 vaccine, virus protein subunit", nil)
        case "XM1J92": ("COVID-19 vaccine, virus like particle", nil)
        case "XM6AT1": ("COVID-19 vaccine, DNA based", nil)
        case "XM0GQ8": ("COVID-19 vaccine, RNA based", nil)
        case "XM8NQ0": ("COMIRNATY", "Pfizer")
        case "XM3DT5": ("SPIKEVAX", "Moderna")
        case "XM4YL8": ("VAXZEVRIA", "AstraZeneca")
        case "XM6QV1": ("JCOVDEN", "Janssen")
        case "XM9T65": ("NUVAXOVID", "Novavax")
        case "XM97T2": ("COVISHIELD", "Serum Institute of India")
        case "XM7HT3": ("CORONAVAC", "Sinovac")
        case "XM8866": ("BBIBP-CORV", "Sinopharm")
        case "XM1G90": ("COVAXIN", "Bharat Biotech")
        default: nil
        }
    }
}
