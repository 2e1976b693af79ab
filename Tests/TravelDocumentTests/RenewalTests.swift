import Credentials
import SimulatedPassport
import Testing
import TravelDocument

/// A country that has renewed its authority's key: passports of the earlier key, and lists of both.
@Suite struct RenewalTests {
    /// A passport of the earlier key; its list, and what the folder has besides.
    private struct Renewed {
        var issued: Issued
        var others: [TrustFile] = []

        init() throws { issued = try Issued() }

        /// Adds an authority with its lists.
        mutating func add(_ country: SimulatedCountry, in folder: String = "passport", _ lists: [[UInt8]]) {
            others.append(TrustFile(path: "\(folder)/new.cer", bytes: country.certificate))
            others += lists.enumerated().map { TrustFile(path: "\(folder)/new\($0.offset).crl", bytes: $0.element) }
        }

        func code() -> String? {
            let checker = TravelDocumentChecker(trust: TravelDocumentTrust(files: issued.files + others))
            do {
                _ = try checker.check(issued.chip, at: now)
                return nil
            } catch { return error.code }
        }
    }

    /// The same name as before, and another one.
    private static let names = ["MIHON", "MIHON 2"]

    private func stale(_ country: SimulatedCountry, revoking serials: [[UInt8]] = []) -> [UInt8] {
        country.revocationList(from: now - 9 * day, until: now - day, revoking: serials)
    }

    private func fresh(
        _ country: SimulatedCountry, revoking serials: [[UInt8]] = [], isDelta: Bool = false
    ) -> [UInt8] {
        country.revocationList(from: now - 3600, until: now + 30 * day, revoking: serials, isDelta: isDelta)
    }

    @Test(arguments: names)
    func `passports of the earlier key are judged by the renewed one's list, when its own has ended or is not there`(
        name: String
    ) throws {
        var renewed = try Renewed()
        let country = SimulatedCountry(country: "UT", now: now, mark: name)
        renewed.issued.lists = [stale(renewed.issued.country)]
        #expect(renewed.code() == "passport.revocation_stale")
        renewed.add(country, [fresh(country)])
        #expect(renewed.code() == nil)
        renewed.issued.lists = []
        #expect(renewed.code() == nil)
    }

    @Test(arguments: names)
    func `a signer that the renewed key's list alone revokes is refused while the earlier list holds`(name: String)
        throws
    {
        var renewed = try Renewed()
        let country = SimulatedCountry(country: "UT", now: now, mark: name)
        #expect(renewed.code() == nil)
        renewed.add(country, [fresh(country, revoking: [renewed.issued.signer.serial])])
        #expect(renewed.code() == "passport.signer_revoked")
    }

    @Test(arguments: names)
    func `a signer that the earlier list revokes stays revoked`(name: String) throws {
        var renewed = try Renewed()
        let country = SimulatedCountry(country: "UT", now: now, mark: name)
        renewed.issued.lists = [stale(renewed.issued.country, revoking: [renewed.issued.signer.serial])]
        renewed.add(country, [fresh(country)])
        #expect(renewed.code() == "passport.signer_revoked")
    }

    @Test func `lists of another country, of the part for tests, and of a key whose time has ended say nothing`() throws
    {
        var base = try Renewed()
        base.issued.lists = [stale(base.issued.country)]
        let other = SimulatedCountry(country: "DE", now: now, mark: "MIHON")
        var foreign = base
        foreign.add(other, [fresh(other)])
        #expect(foreign.code() == "passport.revocation_stale")
        let made = SimulatedCountry(country: "UT", now: now, mark: "MIHON 2")
        var test = base
        test.add(made, in: "test/passport", [fresh(made)])
        #expect(test.code() == "passport.revocation_stale")
        let ended = SimulatedCountry(country: "UT", now: now - 10 * day, mark: "MIHON 2", until: now - day)
        var old = base
        old.add(ended, [fresh(ended)])
        #expect(old.code() == "passport.revocation_stale")
    }

    @Test func `a newer list of changes alone, and a list that is not the authority's, leave unknown what is revoked`()
        throws
    {
        let country = SimulatedCountry(country: "UT", now: now, mark: "MIHON 2")
        var partial = try Renewed()
        partial.add(country, [fresh(country, isDelta: true)])
        #expect(partial.code() == "passport.revocation_unknown")
        var strange = try Renewed()
        strange.add(country, [fresh(SimulatedCountry(country: "UT", now: now, mark: "MIHON 2"))])
        #expect(strange.code() == "passport.revocation_unknown")
    }
}
