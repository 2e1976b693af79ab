import Exchange
import HTTPServer
import Hummingbird
import Records
import Vaccination

extension OperatorAPI {
    func addImports(to router: Router<ServiceRequestContext>) {
        on(OperatorRoute.imports, of: router) { _, context in
            try Self.json(try await store.imports(in: try Self.municipality(context)).map(ImportAccount.init))
        }
        on(OperatorRoute.approveImport, of: router) { _, context in
            let report = try await decide("import approved", context) { number, name, municipality in
                try await store.approve(number, by: name, in: municipality, now: now())
            }
            imports.wake()
            return report
        }
        on(OperatorRoute.discardImport, of: router) { _, context in
            let report = try await decide("import discarded", context) { number, _, municipality in
                try await store.discard(number, in: municipality, now: now())
            }
            imports.wake()
            return report
        }
        on(OperatorRoute.importErased, of: router) { _, context in
            try await decide("import erased", context) { number, name, municipality in
                try await store.confirmErasure(of: number, by: name, in: municipality, now: now())
            }
        }
    }

    /// What the operator who asks decides of the import that the path names.
    private func decide(
        _ what: String, _ context: ServiceRequestContext,
        _ body: (Int64, String, MunicipalityCode) async throws -> RecordImport
    ) async throws -> Response {
        let municipality = try Self.municipality(context)
        let number = try Self.number(context)
        // The listener takes nobody whom the list of clients does not name.
        guard let name = operatorName(context) else { throw ProblemCode.notFound }
        let report = try await body(number, name, municipality)
        note(what, of: "\(municipality)/\(number)", context)
        return try Self.json(ImportAccount(report))
    }
}
