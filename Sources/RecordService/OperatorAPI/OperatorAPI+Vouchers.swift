import Exchange
import HTTPServer
import Hummingbird
import Records
import Vaccination

extension OperatorAPI {
    func addVouchers(to router: Router<ServiceRequestContext>) {
        on(OperatorRoute.vouchers, of: router) { request, context in
            let municipality = try Self.municipality(context)
            let wanted = try await Self.body(VoucherQuestion.self, of: request)
            let found = try await store.vouchers(
                of: try Self.search(wanted.person), for: wanted.purpose, in: municipality, now: now())
            return try Self.json(found.map(VoucherReport.init))
        }
        on(OperatorRoute.issueVoucher, of: router) { request, context in
            let municipality = try Self.municipality(context)
            let wanted = try await Self.body(VoucherIssue.self, of: request)
            guard wanted.reason == nil else { throw ProblemCode.requestMalformed }
            let issued = try await store.issue(
                try Self.line(wanted.line), on: wanted.issuedOn, to: try Self.search(wanted.person), in: municipality,
                now: now())
            note("voucher issued", of: "\(municipality)", context)
            return try Self.json(VoucherReport(issued))
        }
        on(OperatorRoute.reissueVoucher, of: router) { request, context in
            let municipality = try Self.municipality(context)
            let wanted = try await Self.body(VoucherIssue.self, of: request)
            guard let reason = wanted.reason else { throw ProblemCode.requestMalformed }
            let issued = try await store.reissue(
                try Self.line(wanted.line), on: wanted.issuedOn, to: try Self.search(wanted.person), for: reason,
                in: municipality, now: now())
            note("voucher reissued", of: "\(municipality)", context)
            return try Self.json(VoucherReport(issued))
        }
        on(OperatorRoute.voidVoucher, of: router) { request, context in
            let municipality = try Self.municipality(context)
            let wanted = try await Self.body(VoucherVoid.self, of: request)
            let voided = try await store.void(
                try Self.line(wanted.line), for: wanted.reason, in: municipality, now: now())
            note("voucher voided", of: "\(municipality)", context)
            return try Self.json(VoucherReport(voided))
        }
        on(OperatorRoute.amendPassport, of: router) { request, context in
            let municipality = try Self.municipality(context)
            let wanted = try await Self.body(PassportAmendment.self, of: request)
            let passport = wanted.passport?.passport
            // None is known any more, and for no other reason there is none.
            guard (passport == nil) == (wanted.reason == .withdrawn), (passport == nil) == (wanted.passport == nil)
            else { throw ProblemCode.requestMalformed }
            let affected = try await store.amend(
                passport: passport, of: try Self.search(wanted.person), for: wanted.reason, in: municipality,
                now: now())
            note("passport corrected", of: "\(municipality)", context)
            return try Self.json(PassportReport(affected: affected))
        }
    }

    private static func search(_ person: PersonReference) throws(ProblemCode) -> PersonSearch {
        guard let search = person.search else { throw .requestMalformed }
        return search
    }

    private static func line(_ digits: String) throws(ProblemCode) -> VoucherLine {
        guard let line = VoucherLine(digits) else { throw .requestMalformed }
        return line
    }
}
