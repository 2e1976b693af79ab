import Credentials
import Vaccination

/// The payload of a vaccination card: minified, without `id`, `text` and `display` of codings, with short `resource`
/// references (SMART Health Cards 1.4.0, "Health Cards are Compact"; HL7 SMART Health Cards: Vaccination, AD profiles).
enum SmartHealthCardPayload {
    static func make(
        _ subject: SmartHealthCardSubject, issuer: String, notBefore: Double, expires: Double?, revocationID: String?
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("iss", issuer)
            $0.name("nbf")
            $0.number(notBefore)
            if let expires {
                $0.name("exp")
                $0.number(expires)
            }
            $0.name("vc")
            $0.object {
                $0.name("type")
                $0.array { $0.string("https://smarthealth.cards#health-card") }
                $0.name("credentialSubject")
                $0.object {
                    $0.member("fhirVersion", "4.0.1")
                    $0.name("fhirBundle")
                    bundle(subject, to: &$0)
                }
                $0.member("rid", revocationID)
            }
        }
        return writer.bytes
    }

    private static func bundle(_ subject: SmartHealthCardSubject, to writer: inout JSONWriter) {
        writer.object {
            $0.member("resourceType", "Bundle")
            $0.member("type", "collection")
            $0.name("entry")
            $0.array {
                entry(0, to: &$0) { patient(subject, to: &$0) }
                for (index, dose) in subject.doses.enumerated() {
                    entry(index + 1, to: &$0) { immunization(dose, performer: subject.performer, to: &$0) }
                }
            }
        }
    }

    private static func entry(_ number: Int, to writer: inout JSONWriter, _ resource: (inout JSONWriter) -> Void) {
        writer.object {
            $0.member("fullUrl", "resource:\(number)")
            $0.name("resource")
            $0.object(resource)
        }
    }

    private static func patient(_ subject: SmartHealthCardSubject, to writer: inout JSONWriter) {
        writer.member("resourceType", "Patient")
        writer.name("name")
        writer.array {
            $0.object {
                $0.member("use", "usual")
                $0.member("family", subject.family)
                let given = subject.given.split { $0.isWhitespace }
                // FHIR R4: an array that is present is not empty, nor is a string.
                if !given.isEmpty {
                    $0.name("given")
                    $0.array { for part in given { $0.string(String(part)) } }
                }
            }
        }
        writer.member("birthDate", subject.birthDate.description)
    }

    private static func immunization(_ dose: Dose, performer: String, to writer: inout JSONWriter) {
        writer.member("resourceType", "Immunization")
        writer.member("status", "completed")
        writer.name("vaccineCode")
        writer.object {
            $0.name("coding")
            $0.array {
                $0.object {
                    let product = dose.product
                    $0.member("system", (product.cvx == nil ? ICD11.system : CVX.system).description)
                    $0.member("code", product.cvx ?? product.kind.icd11)
                }
            }
        }
        writer.name("patient")
        writer.object { $0.member("reference", "resource:0") }
        writer.member("occurrenceDateTime", dose.date.description)
        writer.member("lotNumber", dose.lot)
        writer.name("performer")
        writer.array {
            $0.object {
                $0.name("actor")
                $0.object { $0.member("display", performer) }
            }
        }
    }
}
