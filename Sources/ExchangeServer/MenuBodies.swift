package import Exchange
import Foundation
package import NIOCore
import Synchronization

/// Menus as JSON: the same bytes for all to whom the same applies, made once for each revision.
package final class MenuBodies: Sendable {
    private let made = Mutex<(revision: Int64, bodies: [ProblemCode?: ByteBuffer])>((0, [:]))

    package init() {}

    /// The menu of a revision for those to whom it is closed for this reason, or open.
    package func body(_ revision: Int64, _ closed: ProblemCode?, _ make: () throws -> Menu) throws -> ByteBuffer {
        if let body = made.withLock({ $0.revision == revision ? $0.bodies[closed] : nil }) { return body }
        let body = ByteBuffer(bytes: try JSONEncoder().encode(try make()))
        made.withLock { made in
            if made.revision != revision { made = (revision, [:]) }
            made.bodies[closed] = body
        }
        return body
    }
}
