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
        default: nil
        }
    }
}
