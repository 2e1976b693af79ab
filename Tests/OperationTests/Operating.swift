import StackSupport
import Testing

/// What an operator meets: the started programs, their commands, their keys and their records, prepared by the same script
/// as `make demo`. These tests share one running stack; a test that stops a service starts it again before it ends.
@Suite(.serialized, .runningStack)
struct Operating {}
