package import Foundation
import HTTPServer
import Logging
import MutualTLS
import NIOCore
import NIOSSL
import TrustFolder
import Credentials

/// The files of the server's certificate, read at the start and again for each SIGHUP.
struct ServedCertificate: Sendable {
    let chain: String
    let key: String

    /// Reads and checks them; says in the log if the certificate ends soon.
    func context(now: Date, warn: (String) -> Void) throws(VerifierService.Failure) -> NIOSSLContext {
        let certificates: [NIOSSLCertificateSource]
        do { certificates = try NIOSSLCertificate.fromPEMFile(chain).map { .certificate($0) } } catch {
            throw .certificate(chain)
        }
        guard !certificates.isEmpty else { throw .certificate(chain) }
        try checkTime(now, warn)
        do {
            let privateKey = try NIOSSLPrivateKey(bytes: Array(KeyFile(reading: key).pem.utf8), format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: certificates, privateKey: .privateKey(privateKey))
            configuration.minimumTLSVersion = .tlsv12
            configuration.shutdownTimeout = .seconds(1)
            return try NIOSSLContext(configuration: configuration)
        } catch KeyFile.ReadError.permissions {
            throw .keyPermissions(key)
        } catch { throw .key(key) }
    }

    private func checkTime(_ now: Date, _ warn: (String) -> Void) throws(VerifierService.Failure) {
        do throws(ServerCertificateFlaw) {
            guard let end = try ServerCertificateFlaw.check(chain, now: now) else { return }
            warn(
                "--tls-certificate \(chain) ends in \(end.days) days, on \(end.until): renew it now / "
                    + "\(chain)はあと\(end.days)日、\(end.until)に期限切れになります。更新してください。")
        } catch {
            switch error {
            case .use:
                throw .time(
                    "tls.certificate_use", chain,
                    "it was not made for a server (extended key usage serverAuth); get a certificate with this use",
                    "サーバー証明書として使えません（拡張鍵用途 serverAuth）。この用途の証明書を取得してください。")
            case .notYetValid(let day):
                throw .time(
                    "tls.certificate_time", chain, "it is valid only from \(day); check the clock, or wait until then",
                    "有効期間は\(day)からです。時計を確認するか、それまで待ってください。")
            case .ended(let day):
                throw .time(
                    "tls.certificate_time", chain, "it ended on \(day); renew it", "\(day)に期限切れになりました。更新してください。")
            }
        }
    }
}

extension VerifierService {
    /// Checks what the service would be started with, an empty trust folder included, without listening.
    /// - Returns: what an operator should know although it is not wrong.
    package static func check(
        _ role: Role, certificate: (chain: String, key: String)?, now: Date
    ) throws(Failure) -> [String] {
        var warnings: [String] = []
        if let certificate {
            _ = try ServedCertificate(chain: certificate.chain, key: certificate.key).context(now: now) {
                warnings.append($0)
            }
        }
        switch role {
        case .check(let path, _, _, _):
            let files: [TrustFile]
            do { files = try TrustFolder.read(path) } catch { throw .trust(error.code, path) }
            let store = TrustStore(files: files)
            guard !store.isEmpty else { throw .emptyTrust(path) }
            warnings += store.refused.map { "--trust \(path)/\($0.path): not used (\($0.code)) / 使いません" }
        case .publish(let path, let maximumAge):
            guard PublicFolder(path: path, maximumAge: maximumAge) != nil else { throw .publicFolder(path) }
        }
        return warnings
    }
}
