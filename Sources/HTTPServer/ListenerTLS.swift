package import Foundation
package import MutualTLS
import NIOCore
package import NIOSSL
import Synchronization

/// The certificate that a listener shows and the authorities whose clients it takes, which can be replaced while it runs:
/// connections that are open go on, new ones are made with what is here then.
///
/// A session of one context cannot be resumed in another one (RFC 8446 section 4.6.1: tickets are of the context that made
/// them), so that whoever comes after a replacement is looked at anew. An authority that ends is taken away by itself.
package final class ListenerTLS: Sendable {
    private struct State {
        var context: NIOSSLContext
        var identity: TLSIdentity?
        /// Those that have not ended.
        var authorities: CertificateAuthorities?
        /// When the next of them does.
        var nextEnd = Date.distantFuture
        /// Grows whenever an authority was taken away.
        var withdrawals = 0
        /// Since the last of those: the clients whom the remaining authorities vouch for, by their certificates' hashes.
        var vouchedFor: Set<[UInt8]> = []

        mutating func take(_ context: NIOSSLContext, _ identity: TLSIdentity, _ authorities: CertificateAuthorities) {
            if self.authorities?.areAll(in: authorities) == false {
                withdrawals += 1
                vouchedFor = []
            }
            (self.context, self.identity, self.authorities) = (context, identity, authorities)
            nextEnd = authorities.ends.min() ?? .distantFuture
        }
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> Date

    /// TLS without client certificates.
    package init(_ context: NIOSSLContext) {
        state = Mutex(State(context: context))
        now = { Date() }
    }

    /// TLS 1.3 with client certificates.
    /// - Parameter now: by what the ends of authorities are judged.
    package init(
        identity: TLSIdentity, authorities: CertificateAuthorities, now: @escaping @Sendable () -> Date = { Date() }
    ) throws {
        let valid = authorities.notEnded(at: now())
        var state = State(context: try Self.context(identity, valid))
        state.take(state.context, identity, valid)
        self.state = Mutex(state)
        self.now = now
    }

    /// TLS 1.3 without client certificates.
    package convenience init(identity: TLSIdentity) throws { self.init(try Self.context(identity, nil)) }

    /// Shows another certificate, without client certificates, from the next connection on.
    package func replace(identity: TLSIdentity) throws { replace(try Self.context(identity, nil)) }

    /// Shows another certificate from the next connection on.
    package func replace(_ context: NIOSSLContext) { state.withLock { $0.context = context } }

    /// Shows another certificate and takes the clients of other authorities from the next connection on. An open
    /// connection whose client only an authority vouched for that is gone is not admitted any more.
    package func replace(identity: TLSIdentity, authorities: CertificateAuthorities) throws {
        let valid = authorities.notEnded(at: now())
        let context = try Self.context(identity, valid)
        state.withLock { $0.take(context, identity, valid) }
    }

    /// What counts now: without the authorities that have ended meanwhile. A session that began under one of them is not
    /// resumed, since TLS would not look at its chain again.
    private func look<T>(_ body: (inout State) -> T) -> T {
        let now = now()
        return state.withLock { state in
            if now > state.nextEnd, let identity = state.identity, let left = state.authorities?.notEnded(at: now) {
                // TLS has taken all of it before.
                state.take((try? Self.context(identity, left)) ?? state.context, identity, left)
            }
            return body(&state)
        }
    }

    /// What a new connection is made with, and the number to give to ``vouch(for:since:)`` once its handshake is done.
    var handshake: (context: NIOSSLContext, number: Int) {
        look { ($0.context, $0.withdrawals) }
    }

    /// Notes that a handshake found a client to be vouched for, unless an authority has gone since it began.
    func vouch(for peer: PeerCertificate, since number: Int) {
        look { state in
            guard state.withdrawals > 0, state.withdrawals == number else { return }
            state.vouchedFor.insert(peer.hash)
        }
    }

    /// Whether the present authorities vouch for a client, as far as its handshake or its certificate alone tells.
    func isVouchedFor(_ peer: PeerCertificate) -> Bool {
        let (isKnown, number, authorities) = look { state in
            (state.withdrawals == 0 || state.vouchedFor.contains(peer.hash), state.withdrawals, state.authorities)
        }
        if isKnown { return true }
        guard let authorities, authorities.haveSigned(peer) else { return false }
        vouch(for: peer, since: number)
        return true
    }

    private static func context(
        _ identity: TLSIdentity, _ authorities: CertificateAuthorities?
    ) throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: identity.source, privateKey: identity.keySource)
        tls.minimumTLSVersion = .tlsv13
        if let authorities {
            tls.certificateVerification = .noHostnameVerification
            tls.trustRoots = .certificates(authorities.roots)
        }
        tls.shutdownTimeout = .seconds(1)
        return try NIOSSLContext(configuration: tls)
    }
}
