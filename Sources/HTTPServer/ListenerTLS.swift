package import MutualTLS
import NIOCore
package import NIOSSL
import Synchronization

/// The certificate that a listener shows and the authorities whose clients it takes, which can be replaced while it runs:
/// connections that are open go on, new ones are made with what is here then.
///
/// A session of one context cannot be resumed in another one (RFC 8446 section 4.6.1: tickets are of the context that made
/// them), so that whoever comes after a replacement is looked at anew.
package final class ListenerTLS: Sendable {
    private struct State {
        var context: NIOSSLContext
        var authorities: CertificateAuthorities?
        /// Grows whenever an authority was taken away.
        var withdrawals = 0
        /// Since the last of those: the clients whom the remaining authorities vouch for, by their certificates' hashes.
        var vouchedFor: Set<[UInt8]> = []
    }

    private let state: Mutex<State>

    /// TLS without client certificates.
    package init(_ context: NIOSSLContext) { state = Mutex(State(context: context)) }

    /// TLS 1.3 with client certificates.
    package init(identity: TLSIdentity, authorities: CertificateAuthorities) throws {
        state = Mutex(State(context: try Self.context(identity, authorities), authorities: authorities))
    }

    /// Shows another certificate from the next connection on.
    package func replace(_ context: NIOSSLContext) { state.withLock { $0.context = context } }

    /// Shows another certificate and takes the clients of other authorities from the next connection on. An open
    /// connection whose client only an authority vouched for that is gone is not admitted any more.
    package func replace(identity: TLSIdentity, authorities: CertificateAuthorities) throws {
        let context = try Self.context(identity, authorities)
        state.withLock { state in
            state.context = context
            if state.authorities?.areAll(in: authorities) == false {
                state.withdrawals += 1
                state.vouchedFor = []
            }
            state.authorities = authorities
        }
    }

    /// What a new connection is made with, and the number to give to ``vouch(for:since:)`` once its handshake is done.
    var handshake: (context: NIOSSLContext, number: Int) {
        state.withLock { ($0.context, $0.withdrawals) }
    }

    /// Notes that a handshake found a client to be vouched for, unless an authority has gone since it began.
    func vouch(for peer: PeerCertificate, since number: Int) {
        state.withLock { state in
            guard state.withdrawals > 0, state.withdrawals == number else { return }
            state.vouchedFor.insert(peer.hash)
        }
    }

    /// Whether the present authorities vouch for a client, as far as its handshake or its certificate alone tells.
    func isVouchedFor(_ peer: PeerCertificate) -> Bool {
        let (isKnown, number, authorities) = state.withLock { state in
            (state.withdrawals == 0 || state.vouchedFor.contains(peer.hash), state.withdrawals, state.authorities)
        }
        if isKnown { return true }
        guard let authorities, authorities.haveSigned(peer) else { return false }
        vouch(for: peer, since: number)
        return true
    }

    private static func context(
        _ identity: TLSIdentity, _ authorities: CertificateAuthorities
    ) throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: identity.source, privateKey: identity.keySource)
        tls.minimumTLSVersion = .tlsv13
        tls.certificateVerification = .noHostnameVerification
        tls.trustRoots = .certificates(authorities.roots)
        tls.shutdownTimeout = .seconds(1)
        return try NIOSSLContext(configuration: tls)
    }
}
