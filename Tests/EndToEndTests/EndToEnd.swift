import StackSupport
import Testing

/// The started programs, from a card to a verified certificate. All tests share one running stack, prepared by the same
/// script as `make demo`; a test that stops a service starts it again before it ends.
@Suite(.serialized, .runningStack)
struct EndToEnd {}
