import Credentials
import Vaccination

/// The certificate inside the claims (schema 1.3.3).
enum DCCPayload {
    static func certificate(
        _ subject: DCCSubject, codes: EUVaccineCodes, latin: (family: String, given: String), country: String,
        identifier: String
    ) -> CBORWriter.Item {
        let entry: [(String, CBORWriter.Item)] = [
            ("tg", .text("840539006")), ("vp", .text(codes.prophylaxis)), ("mp", .text(codes.product)),
            ("ma", .text(codes.maker)), ("dn", .integer(subject.dose.number)), ("sd", .integer(subject.seriesDoses)),
            ("dt", .text(subject.dose.date.description)), ("co", .text(country)), ("is", .text(subject.issuer)),
            ("ci", .text(identifier)),
        ]
        var name: [(String, CBORWriter.Item)] = [("fn", .text(subject.family)), ("fnt", .text(latin.family))]
        if !subject.given.isEmpty { name.append(("gn", .text(subject.given))) }
        if !latin.given.isEmpty { name.append(("gnt", .text(latin.given))) }
        return map([
            ("ver", .text("1.3.3")), ("nam", map(name)), ("dob", .text(subject.birthDate.description)),
            ("v", .array([map(entry)])),
        ])
    }

    private static func map(_ members: [(String, CBORWriter.Item)]) -> CBORWriter.Item {
        .map(members.map { (.text($0.0), $0.1) })
    }
}
