public import Vaccination

/// A certificate's format.
public enum Format: String, Sendable, Hashable, CaseIterable {
    /// SMART Health Card.
    case shc
    /// A proof of vaccination as ICAO's visible digital seal for non-constrained environments (VDS-NC).
    case vdsnc
    /// EU Digital COVID Certificate and the WHO's of the same container.
    case dcc
}

/// The outcome of checking one certificate. A bad certificate is a verdict with reasons, never a thrown error.
public struct Verdict: Hashable, Sendable {
    /// Whether the certificate is valid at the time asked for. Valid means that ``reasons`` is empty.
    @inlinable public var isValid: Bool { reasons.isEmpty }
    /// Whether it is valid, but what it was checked with is old: never to be shown as plainly valid.
    public var isCautioned: Bool { isValid && warnings.contains(where: \.isCaution) }
    /// Whether only the trust folder's test part vouches for it: never to be shown as plainly valid.
    public internal(set) var isTest = false
    /// The format, if it was recognised.
    public internal(set) var format: Format?
    /// Why it is not valid.
    public internal(set) var reasons: [Reason] = []
    /// What a person should know although the certificate may be valid.
    public internal(set) var warnings: [Reason] = []
    /// The issuer as the certificate names it; only present once its signature was found right.
    public internal(set) var issuer: String?
    /// The issuer's name as the trust folder has it.
    public internal(set) var issuerName: String?
    /// The certificate's identifier: `vc.rid`, `uvci`, or the UVCI.
    public internal(set) var certificateID: String?
    /// What it is about; only present once the signature was found right.
    public internal(set) var subject: Subject?
    /// The holder; only present once the signature was found right.
    public internal(set) var holder: VerifiedHolder?
    /// The doses in the order of the certificate; empty until the signature was found right.
    public internal(set) var doses: [VerifiedDose] = []

    init(format: Format?) { self.format = format }

    init(format: Format?, _ reason: Reason) {
        self.format = format
        reasons = [reason]
    }
}

/// What a certificate is about. Only a vaccination is a proof of one, whatever else is valid.
public enum Subject: String, Sendable, Hashable, CaseIterable {
    /// Doses that were given.
    case vaccination
    /// A test or its result.
    case test
    /// A recovery.
    case recovery
    /// None of these.
    case none
}

extension Verdict {
    /// Takes over what a verified certificate says, with what a person should know about it.
    mutating func show(_ subject: Subject, _ holder: VerifiedHolder?, _ doses: [VerifiedDose]) {
        self.subject = subject
        self.holder = holder
        self.doses = doses
        switch subject {
        case .vaccination: break
        case .test, .recovery: warnings.append(Reason(.contentNoVaccination))
        case .none: warnings.append(Reason(.contentIncomplete))
        }
        if let holder, holder.name.unicodeScalars.allSatisfy(Printable.isBlank) {
            warnings.append(Reason(.holderNameBlank))
        }
    }
}

/// The holder as a verified certificate names her.
public struct VerifiedHolder: Hashable, Sendable {
    /// The whole name, family name first.
    public let name: String
    /// Every name that the certificate says is the holder's now, ``name`` among them.
    public let names: [String]
    /// The family name, if the format tells the parts apart.
    public let family: String?
    /// The given names joined by spaces, if the format tells the parts apart.
    public let given: String?
    /// The birth date as the certificate writes it; some formats allow a year or a month alone.
    public let birthDate: String?
    /// The sex as the certificate writes it.
    public let sex: String?
    /// The travel document's number.
    public let documentNumber: String?

    init(
        name: String, names: [String]? = nil, family: String?, given: String?, birthDate: String?, sex: String?,
        documentNumber: String?
    ) {
        self.name = name
        self.names = names ?? [name]
        self.family = family
        self.given = given
        self.birthDate = birthDate
        self.sex = sex
        self.documentNumber = documentNumber
    }

    /// The birth date, if it is a whole one.
    public var birthDay: CalendarDate? { bornOn?.date }

    /// The birth date as far as the certificate says it: a day, a month or a year; `nil` if it says none.
    public var bornOn: BirthDate? { birthDate.flatMap { BirthDate(iso: $0) } }
}

/// One dose as a verified certificate names it. What a format does not carry is `nil`.
public struct VerifiedDose: Hashable, Sendable {
    /// The date as the certificate writes it.
    public let date: String?
    /// The product's name; for a SMART Health Card the name that belongs to the CVX code, or without one to that of ICD-11, which
    /// may name but the kind of vaccine.
    public let product: String?
    /// The maker's name; for a SMART Health Card the maker that belongs to the same code; none for a kind.
    public let maker: String?
    /// The lot number.
    public let lot: String?
    /// The dose's number in its series.
    public let number: Int?
    /// The country, as the certificate writes it.
    public let country: String?
    /// The product's code in the format's own list, such as `208` in CVX; in a SMART Health Card without one, its kind's in
    /// ICD-11.
    public let productCode: String?
    /// Who gave or certified the dose.
    public let performer: String?

    init(
        date: String? = nil, product: String? = nil, maker: String? = nil, lot: String? = nil, number: Int? = nil,
        country: String? = nil, productCode: String? = nil, performer: String? = nil
    ) {
        self.date = date
        self.product = product
        self.maker = maker
        self.lot = lot
        self.number = number
        self.country = country
        self.productCode = productCode
        self.performer = performer
    }
}

extension Verdict {
    /// One JSON object, minified: the interface of `verifier check --json`. Absent fields are absent.
    public func json() -> String { String(decoding: jsonBytes(), as: UTF8.self) }

    /// - Parameter line: the number of the line that the certificate stood in, from 1, where many are checked.
    package func jsonBytes(line: Int? = nil) -> [UInt8] {
        var writer = JSONWriter(escapesLineEnds: true)
        writer.object {
            if let line {
                $0.name("line")
                $0.number(line)
            }
            $0.member("verdict", isValid ? "valid" : "invalid")
            $0.name("test")
            $0.bool(isTest)
            if isCautioned {
                $0.name("caution")
                $0.bool(true)
            }
            $0.member("format", format?.rawValue)
            Self.write(reasons, as: "reasons", to: &$0)
            Self.write(warnings, as: "warnings", to: &$0)
            $0.member("subject", subject?.rawValue)
            $0.member("issuer", issuer)
            $0.member("certificateId", certificateID)
            if let holder { Self.write(holder, to: &$0) }
            if holder != nil || !doses.isEmpty { write(doses, to: &$0) }
        }
        return writer.bytes
    }

    private static func write(_ reasons: [Reason], as name: String, to writer: inout JSONWriter) {
        writer.name(name)
        writer.array {
            for reason in reasons {
                $0.object {
                    $0.member("code", reason.code)
                    $0.member("message", reason.message)
                    if let offset = reason.offset {
                        $0.name("offset")
                        $0.number(offset)
                    }
                }
            }
        }
    }

    private static func write(_ holder: VerifiedHolder, to writer: inout JSONWriter) {
        writer.name("holder")
        writer.object {
            $0.member("name", holder.name)
            if holder.names.count > 1 {
                $0.name("names")
                $0.array { list in for name in holder.names { list.string(name) } }
            }
            $0.member("birthDate", holder.birthDate)
            $0.member("sex", holder.sex)
            $0.member("documentNumber", holder.documentNumber)
        }
    }

    private func write(_ doses: [VerifiedDose], to writer: inout JSONWriter) {
        writer.name("doses")
        writer.array {
            for dose in doses {
                $0.object {
                    $0.member("date", dose.date)
                    $0.member("product", dose.product)
                    $0.member("maker", dose.maker)
                    $0.member("lot", dose.lot)
                    if let number = dose.number {
                        $0.name("number")
                        $0.number(number)
                    }
                    $0.member("country", dose.country)
                    $0.member("performer", dose.performer)
                }
            }
        }
    }
}
