import Records
package import Vaccination

extension OperatorClient {
    /// A person's vouchers.
    package func vouchers(
        _ question: VoucherQuestion, in municipality: MunicipalityCode
    ) async throws -> [VoucherReport] {
        try await ask(OperatorRoute.vouchers, [OperatorRoute.municipality: municipality.digits], body: question)
    }

    /// Issues a voucher; in the place of others if there is a reason.
    package func issue(_ wanted: VoucherIssue, in municipality: MunicipalityCode) async throws -> VoucherReport {
        try await ask(
            wanted.reason == nil ? OperatorRoute.issueVoucher : OperatorRoute.reissueVoucher,
            [OperatorRoute.municipality: municipality.digits], body: wanted)
    }

    /// Makes a voucher void.
    package func void(_ wanted: VoucherVoid, in municipality: MunicipalityCode) async throws -> VoucherReport {
        try await ask(OperatorRoute.voidVoucher, [OperatorRoute.municipality: municipality.digits], body: wanted)
    }

    /// Says which passport a person has.
    package func amend(_ wanted: PassportAmendment, in municipality: MunicipalityCode) async throws -> PassportReport {
        try await ask(OperatorRoute.amendPassport, [OperatorRoute.municipality: municipality.digits], body: wanted)
    }
}
