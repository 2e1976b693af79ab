import Credentials
import Vaccination

/// The `data` of a VDS-NC (`icao.vacc` version 1).
enum VDSNCPayload {
    /// ICD-11 extension code for COVID-19 vaccines.
    private static let vaccine = "XM68M6"

    static func make(_ subject: VDSNCSubject, name: String, state: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.name("hdr")
            $0.object {
                $0.member("t", "icao.vacc")
                $0.name("v")
                $0.number(1)
                $0.member("is", state)
            }
            $0.name("msg")
            $0.object {
                $0.member("uvci", subject.certificateID)
                $0.name("pid")
                $0.object {
                    $0.member("n", name)
                    $0.member("dob", subject.birthDate.date?.description)
                    $0.member("sex", sex(subject.sex))
                    $0.member("i", subject.documentNumber)
                }
                $0.name("ve")
                $0.array { for event in events(subject.doses) { write(event, subject.administrator, to: &$0) } }
            }
        }
        return writer.bytes
    }

    // Doses of one product share an entry, which keeps five doses within a smaller code.
    private static func events(_ doses: [Dose]) -> [[Dose]] {
        var result: [[Dose]] = []
        for dose in doses {
            if let index = result.firstIndex(where: { $0.first?.product == dose.product }) {
                result[index].append(dose)
            } else {
                result.append([dose])
            }
        }
        return result
    }

    private static func write(_ doses: [Dose], _ administrator: String, to writer: inout JSONWriter) {
        writer.object {
            $0.member("des", vaccine)
            $0.member("nam", doses.first?.product.nameEnglish)
            $0.name("vd")
            $0.array {
                for dose in doses {
                    $0.object {
                        $0.member("dvc", dose.date.description)
                        $0.name("seq")
                        $0.number(Double(dose.number))
                        $0.member("ctr", dose.country)
                        $0.member("adm", administrator)
                        $0.member("lot", dose.lot)
                    }
                }
            }
        }
    }

    private static func sex(_ sex: Sex) -> String? {
        switch sex {
        case .male: "M"
        case .female: "F"
        case .unspecified: nil
        }
    }
}
