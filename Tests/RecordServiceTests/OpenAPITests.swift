import Exchange
import Foundation
import ExchangeServer
import HTTPServer
import MutualTLS
import HTTPTypes
import Hummingbird
import NIOCore
import RecordService
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// The description of the operators' interface is true.
@Suite struct OpenAPITests {
    private static let description = "Sources/RecordService/OpenAPI/operators.json"

    @Test func `every route for operators is described and no other`() async throws {
        let stack = try await Stack()
        let routes = stack.system.operatorRouter().routes.map { route in
            "\(route.method.rawValue) "
                + "\(route.path)".split(separator: "/").map { part in
                    part.hasPrefix(":") ? "/{\(part.dropFirst())}" : "/\(part)"
                }.joined()
        }
        #expect(try InterfaceDescription(Self.description).operations == Set(routes))
    }

    @Test func `the description says of each thing that can be suspended how it is written`() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: Self.description))
        var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        for name in ["components", "schemas", "Scope"] { object = try #require(object[name] as? [String: Any]) }
        let pattern = try #require(object["pattern"] as? String)
        let regex = try Regex(pattern)
        let hash = String(repeating: "0a", count: 32)
        for text in [
            "everything", "municipality:990019", "kind:overseas", "terminal:T-1_b.c", "channel:app", "channel:counter",
            "device:\(hash)", "model:Google/Pixel 9", "model:A/B/C", "patches:201501", "patches:209912",
            "app:jp.example.app/12", "app:TEAM.a-b/0",
        ] {
            #expect(text.wholeMatch(of: regex) != nil && Suspension(text)?.text == text, "\(text)")
        }
        for text in [
            "", "everything:", "kind:other", "terminal:", "channel:shop", "device:\(hash.dropLast())",
            "device:\(hash.uppercased())", "model:a", "model:/a", "model:a/", "patches:202513", "patches:201412",
            "patches:210001", "app:a", "app:/1", "app:a/01", "app:a/-1",
        ] {
            #expect(text.wholeMatch(of: regex) == nil, "\(text)")
        }
    }

    @Test(.requires(.python(.interfaceDescription)))
    func `what operators are answered is as described`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let id = try await stack.issue(try stack.session(person)).manifest.certificateID
        let certificate = try String(
            contentsOfFile: stack.folder + "/keys/terminals/T0003/terminal.pem", encoding: .utf8)
        var rows = [ImportRow(line: 2, text: { "" }, person: .success(try TestPerson(2).record()))]
        _ = try await stack.store.stage(
            try #require(ImportOrigin(medium: "MADE-UP", purpose: "Tests")), as: .addition, in: Stack.mihon.code,
            maximumRefused: 0, now: Stack.start
        ) { rows.isEmpty ? nil : [rows.removeFirst()] }
        let imports = "/inner/v1/imports/\(Stack.mihon.code)"
        let certificates = "/inner/v1/certificates/\(Stack.mihon.code)"
        let suspension = try OperatorJSON.encode(SuspensionRequest(scope: "kind:overseas"))
        let restore = try OperatorJSON.encode(RestoreRequest(reason: "looked", asItIs: false))
        let stop = try OperatorJSON.encode(StopRequest(number: person.number, chipKeyHash: nil))
        var search = LogSearchRequest(purpose: "Tests")
        search.person = LogSearchRequest.Person(by: "number", value: person.number)
        search.from = Stack.start - 60
        let searching = try OperatorJSON.encode(search)
        search.person?.value = "1"
        let wrongSearch = try OperatorJSON.encode(search)
        let log = "/inner/v1/log/{municipality}/search"
        let enrolment = try OperatorJSON.encode(
            EnrolmentRequest(id: "T0003", shop: "見本店", csr: nil, certificate: certificate))
        let region = "/inner/v1/regions/\(Stack.mihon.code)"
        let proposal = try OperatorJSON.encode(
            DecisionRequest(
                RegionSettings(
                    state: .counterOnly, desk: BilingualText(japanese: "市民課", english: "City Office"),
                    issuer: BilingualText(japanese: "見本市長職務代理者", english: "Acting Mayor")),
                insteadOf: .initial, reason: "Tests"))
        let keeping = try OperatorJSON.encode(
            DecisionRequest(
                RegionSettings(
                    retention: try Sample.value(
                        RetentionRules(doses: .forever, provision: .years(10), deceasedNumbers: .years(0)))),
                insteadOf: .initial, reason: "Tests"))
        let retention = try OperatorJSON.encode(DecisionRequest(retentionFor: "Tests"))
        let vouchers = "/inner/v1/vouchers/\(Stack.mihon.code)"
        func voucher(_ number: Int) throws -> VoucherLine {
            try Sample.value(VoucherLine("21\(Stack.mihon.code)000000000\(number)"))
        }
        let day = try #require(CalendarDate(iso: "2021-05-10"))
        let who = PersonReference(by: .number, text: person.number)
        let nobody = PersonReference(by: .addressee, text: "0")
        let passport = try Sample.value(
            Passport(
                number: "TZ7", writtenName: "MIHON (REIJI), HANAKO", nationality: "JPN",
                expires: try Sample.value(CalendarDate(iso: "2035-01-01"))))
        let question = try OperatorJSON.encode(VoucherQuestion(person: who, purpose: "Tests"))
        let issue = try OperatorJSON.encode(VoucherIssue(person: who, line: try voucher(1), issuedOn: day))
        let reissue = try OperatorJSON.encode(
            VoucherIssue(person: who, line: try voucher(2), issuedOn: day, reason: .damaged))
        let void = try OperatorJSON.encode(VoucherVoid(line: try voucher(2), reason: .error))
        let amend = try OperatorJSON.encode(
            PassportAmendment(person: who, passport: passport, reason: .corrected))
        let wrong = try OperatorJSON.encode(PassportAmendment(person: who, passport: nil, reason: .corrected))
        let unknown = try OperatorJSON.encode(VoucherIssue(person: nobody, line: try voucher(3), issuedOn: day))
        let calls: [(String, HTTPRequest.Method, String, [UInt8]?)] = [
            ("/inner/v1/vouchers/{municipality}/issue", .post, vouchers + "/issue", issue),
            ("/inner/v1/vouchers/{municipality}/issue", .post, vouchers + "/issue", reissue),
            ("/inner/v1/vouchers/{municipality}/issue", .post, vouchers + "/issue", unknown),
            ("/inner/v1/vouchers/{municipality}/reissue", .post, vouchers + "/reissue", issue),
            ("/inner/v1/vouchers/{municipality}/reissue", .post, vouchers + "/reissue", reissue),
            ("/inner/v1/vouchers/{municipality}/issue", .post, vouchers + "/issue", issue),
            ("/inner/v1/vouchers/{municipality}/void", .post, vouchers + "/void", void),
            ("/inner/v1/vouchers/{municipality}/void", .post, vouchers + "/void", [0x7B]),
            ("/inner/v1/vouchers/{municipality}/list", .post, vouchers + "/list", question),
            ("/inner/v1/vouchers/{municipality}/list", .post, "/inner/v1/vouchers/131016/list", question),
            (
                "/inner/v1/passports/{municipality}/amend", .post,
                "/inner/v1/passports/\(Stack.mihon.code)/amend", amend
            ),
            (
                "/inner/v1/passports/{municipality}/amend", .post,
                "/inner/v1/passports/\(Stack.mihon.code)/amend", wrong
            ),
            ("/inner/v1/terminals", .get, "/inner/v1/terminals", nil),
            ("/inner/v1/terminals", .post, "/inner/v1/terminals", enrolment),
            ("/inner/v1/terminals", .post, "/inner/v1/terminals", enrolment),
            ("/inner/v1/terminals", .post, "/inner/v1/terminals", [0x7B]),
            ("/inner/v1/terminals", .post, "/inner/v1/terminals", [UInt8](repeating: 0x20, count: 65_537)),
            ("/inner/v1/terminals/{id}/renew", .post, "/inner/v1/terminals/T0003/renew", enrolment),
            ("/inner/v1/terminals/{id}/revoke", .post, "/inner/v1/terminals/T0003/revoke", nil),
            ("/inner/v1/terminals/{id}/revoke", .post, "/inner/v1/terminals/T0099/revoke", nil),
            ("/inner/v1/suspensions", .post, "/inner/v1/suspensions", suspension),
            ("/inner/v1/suspensions", .get, "/inner/v1/suspensions", nil),
            ("/inner/v1/suspensions", .delete, "/inner/v1/suspensions", suspension),
            ("/inner/v1/issuing/resume", .post, "/inner/v1/issuing/resume", nil),
            ("/inner/v1/stop-list", .post, "/inner/v1/stop-list", stop),
            ("/inner/v1/stop-list", .delete, "/inner/v1/stop-list", stop),
            ("/inner/v1/certificates/{municipality}", .get, certificates + "?state=signed", nil),
            ("/inner/v1/certificates/{municipality}", .get, certificates + "?state=lost", nil),
            ("/inner/v1/certificates/{municipality}/{id}/void", .post, certificates + "/\(id)/void", nil),
            ("/inner/v1/certificates/{municipality}/{id}/revoke", .post, certificates + "/\(id)/revoke", nil),
            ("/inner/v1/certificates/{municipality}/{id}/revoke", .post, certificates + "/000000000000/revoke", nil),
            ("/inner/v1/log/{municipality}", .get, "/inner/v1/log/\(Stack.mihon.code)", nil),
            ("/inner/v1/log/{municipality}", .get, "/inner/v1/log/control?limit=10", nil),
            (log, .post, "/inner/v1/log/\(Stack.mihon.code)/search", searching),
            (log, .post, "/inner/v1/log/\(Stack.mihon.code)/search", wrongSearch),
            (log, .post, "/inner/v1/log/control/search", searching),
            (log, .post, "/inner/v1/log/control/search", try OperatorJSON.encode(LogSearchRequest(purpose: "Tests"))),
            (log, .post, "/inner/v1/log/131016/search", searching),
            ("/inner/v1/imports/{municipality}/{id}/approve", .post, imports + "/1/approve", nil),
            ("/inner/v1/imports/{municipality}/{id}/approve", .post, imports + "/2/approve", nil),
            ("/inner/v1/imports/{municipality}/{id}/erased", .post, imports + "/1/erased", nil),
            ("/inner/v1/imports/{municipality}/{id}/discard", .post, imports + "/1/discard", nil),
            ("/inner/v1/imports/{municipality}/{id}/erased", .post, imports + "/1/erased", nil),
            ("/inner/v1/imports/{municipality}/{id}/discard", .post, imports + "/01/discard", nil),
            ("/inner/v1/imports/{municipality}", .get, imports, nil),
            ("/inner/v1/imports/{municipality}", .get, "/inner/v1/imports/131016", nil),
            ("/inner/v1/regions/{municipality}/decisions", .post, region + "/decisions", proposal),
            ("/inner/v1/regions/{municipality}/decisions", .post, region + "/decisions", proposal),
            ("/inner/v1/regions/{municipality}/decisions", .post, region + "/decisions", [0x7B]),
            ("/inner/v1/regions/{municipality}/decisions/{id}/approve", .post, region + "/decisions/1/approve", nil),
            ("/inner/v1/regions/{municipality}/decisions/{id}/withdraw", .post, region + "/decisions/1/withdraw", nil),
            ("/inner/v1/regions/{municipality}/decisions/{id}/withdraw", .post, region + "/decisions/7/withdraw", nil),
            ("/inner/v1/regions/{municipality}/decisions", .post, region + "/decisions", keeping),
            ("/inner/v1/regions/{municipality}/decisions", .post, region + "/decisions", retention),
            ("/inner/v1/regions/{municipality}", .get, region, nil),
            ("/inner/v1/regions/{municipality}", .get, "/inner/v1/regions/131016", nil),
            ("/inner/v1/root", .get, "/inner/v1/root", nil),
            ("/inner/v1/log/{municipality}/restored", .post, "/inner/v1/log/\(Stack.mihon.code)/restored", restore),
        ]
        try await Running.with(stack) { running in
            try await running.withClient("inner", as: "operator/operator") { client in
                var answers: [InterfaceDescription.Answer] = []
                for (path, method, target, body) in calls {
                    let response = try await client.send(
                        method, target, body: body.map { (ByteBuffer(bytes: $0), "application/json") },
                        timeout: .seconds(10))
                    #expect(response.status < 500)
                    answers.append(
                        .init(
                            "\(method.rawValue) \(path)", status: response.status, mediaType: response.mediaType,
                            body: Data(response.body.readableBytesView)))
                }
                try InterfaceDescription(Self.description).checkAll(answers)
            }
        }
    }
}
